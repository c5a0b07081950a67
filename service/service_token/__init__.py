"""Service tokens: what machines call with, kept to scopes, listed and revocable."""
