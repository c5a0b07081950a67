"""The event log: what happened, in the order it happened."""
