"""Daybook: the book of record for AI-generated learning content."""
