"""Prices: what the tokens of each language model cost."""
