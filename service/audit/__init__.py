"""The audit: who did what, from where, to which stream, and what was refused."""
