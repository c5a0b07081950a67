"""Jobs: pieces of generation and the worker that does them."""
