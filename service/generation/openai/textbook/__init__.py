"""Textbooks as a model is asked for them, piece by piece, and how its answers are read."""
