"""Tenants: those whose things are kept apart, and whether they may use the service now."""
