"""Embeddings: what the library's chunks mean, as vectors, so that search finds what is meant."""
