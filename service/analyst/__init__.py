"""Analysts: logins that read the views of one tenant in SQL."""
