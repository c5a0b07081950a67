"""The library: source documents, the chunks they fall into, and finding them again."""
