"""Understanding a source: its blocks, its sentences, how hard it is to read."""
