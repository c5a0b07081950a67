"""Making a course of what was read: what to teach when, in which words, and how to check it."""
