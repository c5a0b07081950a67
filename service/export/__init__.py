"""Exports of published textbooks, pure: the same version gives the same bytes."""
