"""Courses: requested, outlined, generated lesson by lesson, read."""
