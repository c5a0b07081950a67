"""Is it alive, is it ready, and how does it do."""

from typing import Literal

from msgspec import Struct

Phase = Literal["starting", "ready", "draining"]


class State(Struct):
    """Where the process stands between its start and its end, and a sentence that says why."""

    phase: Phase = "starting"
    reason: str = "The service is starting."
