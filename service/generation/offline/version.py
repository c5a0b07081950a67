"""What the offline generator is called, and which of its versions this is."""

from typing import Final

NAME: Final = "offline"
VERSION: Final = "2"
"""Changes when equal material becomes another course or textbook."""
