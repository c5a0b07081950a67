"""Content: what lessons are made of, how two texts differ, and why a text says what it says."""
