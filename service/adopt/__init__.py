"""Moving in: what other systems had made becomes events of this log."""
