"""The ledger: what calls of language models took and cost."""
