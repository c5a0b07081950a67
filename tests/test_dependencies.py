import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCKS = ("requirements.lock", "requirements-dev.lock")
ASKED = re.compile(
    r'^    "([A-Za-z0-9-]+)(?:\[\w+\])?([^";]*)(?:;[^"]*)?",(?: +# (.+))?$', re.MULTILINE
)
FOUND = re.compile(r"^([A-Za-z0-9][\w.-]*)==([\w.]+)", re.MULTILINE)
ADVISORY = re.compile(r"\b(?:CVE|PYSEC|RUSTSEC)-\d{4}-\d+|\bGHSA(?:-\w{4}){3}")
GUARDED = ("aiohttp", "jinja2", "multidict", "nh3", "pyjwt", "python-dotenv", "sqlparse", "urllib3")
"""What has had advisories that an older version would bring back."""


def asked() -> dict[str, tuple[str, str]]:
    """Each requirement of pyproject, with its floor and what stands beside it."""
    start = PROJECT.index("dependencies = [")
    return {
        name.lower(): (floor.strip(), why)
        for name, floor, why in ASKED.findall(PROJECT, start)
        if not name.startswith(".")
    }


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def pins(lock: str) -> dict[str, str]:
    return {name.lower(): found for name, found in FOUND.findall((ROOT / lock).read_text())}


def test_every_dependency_has_a_floor_that_its_pin_satisfies() -> None:
    project = tomllib.loads(PROJECT)["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    runtime, every = (pins(lock) for lock in LOCKS)

    assert {re.split(r"[\[>=; ]", text)[0].lower() for text in named} <= asked().keys()
    for text in named:
        found = re.match(r"([A-Za-z0-9-]+)(?:\[\w+\])?>=([\d.]+)(?:;|$)", text)
        assert found, text
        assert version(every[found[1].lower()]) >= version(found[2]), text
        if text in project["dependencies"]:
            assert runtime[found[1].lower()] == every[found[1].lower()], text


@pytest.mark.parametrize("name", GUARDED)
def test_a_floor_of_security_names_its_advisory(name: str) -> None:
    assert ADVISORY.search(asked()[name][1])


def test_what_the_service_imports_is_asked_for_by_name() -> None:
    project = tomllib.loads(PROJECT)["project"]
    extras = project["optional-dependencies"]
    named = (*project["dependencies"], *extras["openai"], *extras["amqp"])
    runtime = {re.split(r"[\[>=; ]", text)[0] for text in named}
    places = packages_distributions()
    for path in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            for top in {module.partition(".")[0] for module in modules}:
                if top in sys.stdlib_module_names or top in {"service", "bench"}:
                    continue
                names = {re.sub(r"[-_.]+", "-", name).lower() for name in places[top]}
                assert names & runtime, f"{path.name} imports {top}"


def script(name: str) -> Any:
    """One of the scripts that integration runs."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("MIT AND BSD", True),
        ("MIT; BSD", True),
        ("GPL OR MIT", True),
        ("GPL", False),
        ("MIT AND GPL", False),
        ("MIT; GPL", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_a_licence_is_allowed_in_all_its_parts(expression: str, *, fine: bool) -> None:
    assert script("licences").fine(expression, {"MIT", "BSD"}) is fine


SOUND = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
UNKNOWN = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
HURT = {
    "dependencies": [
        {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},
        {"name": "b", "skip_reason": "not found"},
    ]
}


@pytest.mark.parametrize(
    ("report", "told", "status", "says"),
    [
        (SOUND, [], 0, "No known vulnerability."),
        (HURT, ["--unasked-is-fine"], 1, "a 1: CVE-1, mended by 2"),
        (UNKNOWN, [], 2, "NOT AUDITED"),
        (None, [], 2, "NOT AUDITED"),
        (None, ["--unasked-is-fine"], 0, "NOT AUDITED"),
    ],
)
def test_an_audit_that_could_not_ask_is_no_good_news(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    report: object,
    told: list[str],
    status: int,
    says: str,
) -> None:
    audit = script("audit")
    monkeypatch.setattr(audit, "report", lambda _: report)
    monkeypatch.setattr(sys, "argv", ["audit", *told])

    assert audit.main() == status
    assert says in capsys.readouterr().out
