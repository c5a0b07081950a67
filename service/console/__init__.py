"""The console: pages for readers and operators, which work without JavaScript."""
