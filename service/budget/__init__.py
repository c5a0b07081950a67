"""Budgets: what may be spent, what is set aside for calls under way, and what calls cost."""
