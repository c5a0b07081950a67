"""Generation by a language model behind any OpenAI-compatible server."""
