"""Accounts: who people are, how they show it, and what is theirs alone."""
