"""Projections: folds that keep read tables at the log's heels."""
