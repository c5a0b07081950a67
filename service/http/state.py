"""Where a process stands between its start and its end."""

from typing import Literal

from msgspec import Struct


class State(Struct):
    """The phase of the process, and a sentence that says why it is in it."""

    phase: Literal["starting", "ready", "draining"] = "starting"
    reason: str = "The service is starting."

    def ready(self) -> None:
        """Take requests from now on."""
        self.phase, self.reason = "ready", "The service is ready."

    def draining(self) -> None:
        """Take no new requests from now on."""
        self.phase, self.reason = "draining", "The service is going down."
