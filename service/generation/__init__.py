"""Generation: what turns source material into learning content."""
