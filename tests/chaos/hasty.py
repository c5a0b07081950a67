"""``run.py`` with leases of a second: for tests of workers that are killed, who need not wait."""

from service.cli import app
from service.generation.worker import Worker

LEASE_SECONDS = 1.0

if __name__ == "__main__":
    defaults = Worker.__init__.__kwdefaults__
    assert defaults is not None
    defaults["lease_seconds"] = LEASE_SECONDS
    app(prog_name="run.py")
