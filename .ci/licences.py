"""Is every installed package under a licence that may be used here? The list is licences.toml."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = {"build", "pip", "pip-tools", "pyproject-hooks", "setuptools", "wheel"}
"""What came with the environment; nothing of it is in a lock file, or shipped."""


def named(text: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", text).lower()


def locked(name: str) -> set[str]:
    """Return the names that a lock file pins."""
    text = (HERE.parent / name).read_text(encoding="utf-8")
    return {named(found) for found in re.findall(r"^([A-Za-z0-9][\w.-]*)==", text, re.MULTILINE)}


def fine(expression: str, allowed: set[str]) -> bool:
    """Tell whether all parts of a licence expression are allowed; of alternatives, one."""
    parts = re.split(r"\s+AND\s+|;\s*", expression)
    return all(set(re.split(r"\s+OR\s+", part.strip())) & allowed for part in parts)


def main() -> int:
    """Print what is not allowed; return 1 if there is anything, or anything is not installed."""
    rules = tomllib.loads((HERE / "licences.toml").read_text(encoding="utf-8"))
    told = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--with-system"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = {named(row["Name"]): row["License"] for row in json.loads(told.stdout)}
    runtime = locked("requirements.lock")
    everything = runtime | locked("requirements-dev.lock")
    faults = []
    for name in sorted(found.keys() - TOOLS):
        allowed = {*rules["runtime"], *([] if name in runtime else rules["development"])}
        if not fine(found[name], allowed | {rules["exceptions"].get(name, "")}):
            faults.append(f"{name}: {found[name]}")
    if missing := sorted(everything - found.keys() - TOOLS):
        faults.append(f"not installed, so not looked at: {', '.join(missing)}")
    print("\n".join(faults) or f"The licences of {len(found)} packages are all allowed.")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
