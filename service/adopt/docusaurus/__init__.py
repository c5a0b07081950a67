"""Moving in from a Docusaurus docs folder: its documents become sources and a textbook."""
