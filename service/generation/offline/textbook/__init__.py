"""Making a textbook of what was read: chapters of a length that was asked for, and their parts."""
