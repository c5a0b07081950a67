"""The gateway: what comes from, and goes to, other systems than HTTP clients and PostgreSQL."""
