"""Where a process stands between its start and its end."""

from typing import Literal

from msgspec import Struct, field


class State(Struct):
    """The phase of the process, and a sentence that says why it is in it.

    `troubles` are what the process cannot do just now, by a word for each; it serves all the same.
    """

    phase: Literal["starting", "ready", "draining"] = "starting"
    reason: str = "The service is starting."
    troubles: dict[str, str] = field(default_factory=dict)

    def ready(self) -> None:
        """Take requests from now on."""
        self.phase, self.reason = "ready", "The service is ready."

    def draining(self) -> None:
        """Take no new requests from now on."""
        self.phase, self.reason = "draining", "The service is going down."
