"""Has anything we pin a known vulnerability? pip-audit asks the index; silence is a fault too."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
UNASKED = "--unasked-is-fine"
"""Said by whoever knows that this machine cannot ask; only then is silence no fault."""


def report(lock: str) -> dict[str, Any] | None:
    """Return what pip-audit says of a lock file, None where it could ask nobody."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    told = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, "-r", lock],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        found: dict[str, Any] = json.loads(told.stdout)
    except ValueError:
        print(told.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        return None
    return found


def judged(lock: str) -> tuple[bool, int]:
    """Print what is known of a lock file; return whether it is sound, and how much is unknown."""
    found = report(lock)
    if found is None:
        return True, -1
    packages = found["dependencies"]
    unknown = [row["name"] for row in packages if "skip_reason" in row]
    hurt = [(row, fault) for row in packages for fault in row.get("vulns", ())]
    for row, fault in hurt:
        mended = ", ".join(fault["fix_versions"]) or "nothing yet"
        print(f"{lock}: {row['name']} {row['version']}: {fault['id']}, mended by {mended}")
    print(f"{lock}: {len(packages) - len(unknown)} of {len(packages)} packages were looked up.")
    return not hurt, len(unknown)


def main() -> int:
    """Return 0 where all was looked up and is sound, 1 for a vulnerability, 2 for silence."""
    results = [judged(lock) for lock in LOCKS]
    if not all(sound for sound, _ in results):
        return 1
    if any(unknown for _, unknown in results):
        print("\nNOT AUDITED: the index could not be asked, or did not know what we pin.")
        print(f"This says nothing of our dependencies. Ask where there is a network; {UNASKED}")
        print("lets this pass.")
        return 0 if UNASKED in sys.argv[1:] else 2
    print("No known vulnerability.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
