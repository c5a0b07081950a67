import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import service
from service.http.problem import status_for
from service.refusal import STATUS, Refusal

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "service").rglob("*.py"))
DECIDERS = sorted((ROOT / "service").glob("*/decider.py"))
SLICES = sorted(path.parent.name for path in DECIDERS if path.parent.name != "log")
STATEMENTS = sorted((ROOT / "sql").rglob("*.sql"))

LINES, FUNCTION_LINES = 400, 40
DRAWERS = {
    "base",
    "common",
    "core",
    "helper",
    "helpers",
    "impl",
    "manager",
    "misc",
    "util",
    "utils",
}
QUERY = re.compile(
    r"^\s*(--.*\n\s*)*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|MERGE INTO|CREATE|DROP|ALTER|SET"
    r"|LISTEN|NOTIFY|TRUNCATE|GRANT|REVOKE|LOCK|EXPLAIN|COPY|CALL|DO)\s+\S"
)
PURE = {
    "__future__", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "hashlib", "itertools", "json", "math", "msgspec", "msgspec.structs",
    "operator", "re", "statistics", "string", "types", "typing", "unicodedata", "uuid",
}  # fmt: skip
IMPURE_NAMES = {"now", "today", "utcnow", "uuid1", "uuid4", "uuid7", "open", "print", "input"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that is no docstring: its line and its constant parts."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in alone:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every imported module, with the name taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from refusals(child)


@pytest.fixture(scope="module")
def every_module() -> None:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_function_fits_on_the_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_called_by_a_noun_of_its_own(path: Path) -> None:
    assert not DRAWERS & set(path.with_suffix("").relative_to(ROOT).parts)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_sql_stands_in_files(path: Path) -> None:
    queries = [line for line, text in texts(ast.parse(path.read_text())) if QUERY.match(text)]

    assert queries == []


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_pool_acquires_connections(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr, ast.unparse(node.func.value)) in CALLS_OF_THE_POOL
    ]

    assert calls == [] or path.name == "pool.py"


CALLS_OF_THE_POOL = {
    ("acquire", "pool"),
    ("acquire", "self._pool"),
    ("create_pool", "asyncpg"),
    ("connect", "asyncpg"),
}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_wait_with_a_deadline_never_swallows_a_cancellation(path: Path) -> None:
    # Cancelled in the moment in which what it waits for comes, wait_for of 3.11 goes on (gh-86296).
    assert "asyncio.wait_for(" not in path.read_text()


@pytest.mark.parametrize("path", DECIDERS, ids=relative)
def test_a_decider_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for module, name in imports(tree):
        assert pure(module, name), f"imports {module} {name}"
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & IMPURE_NAMES


@cache
def pure(module: str, name: str) -> bool:
    """Whether a decider may import it; of the product, only what is pure itself."""
    if module in PURE:
        return name not in IMPURE_NAMES
    if module in {"service.refusal", "service.log.codec", "service.log.decider"}:
        return True
    whole = ROOT / module.replace(".", "/")
    path = whole / f"{name}.py" if whole.is_dir() else whole.with_suffix(".py")
    if not module.startswith("service.") or not path.exists():
        return False
    return all(pure(*imported) for imported in imports(ast.parse(path.read_text())))


def test_every_refusal_says_something_and_has_a_status(every_module: None) -> None:
    for kind in refusals():
        if kind.__module__.startswith("service."):
            assert (kind.__dict__.get("__doc__") or "").strip(), kind
            assert status_for(kind) >= 400
    assert set(STATUS) <= set(refusals())


def test_statuses_stand_in_one_table() -> None:
    for path in MODULES:
        if path.parent.name != "http" and path.name not in {"http.py", "refusal.py"}:
            assert not re.search(r"HTTPStatus\.|web\.HTTP[A-Z]", path.read_text()), relative(path)


@pytest.mark.parametrize("path", STATEMENTS, ids=relative)
def test_an_sql_file_opens_with_a_sentence(path: Path) -> None:
    assert re.match(r"-- [A-Z`a-z].+", path.read_text())


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_has_one_name_in_every_tree(name: str) -> None:
    assert (ROOT / "sql" / name).is_dir()
    assert (ROOT / "tests" / name).is_dir()


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=relative)
def test_the_documents_name_real_files(path: Path) -> None:
    named = re.findall(
        r"`((?:service|sql|migrations|tests|bench|docs)/[\w./-]+\.\w+)`", path.read_text()
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_journey_goes_from_bytes_to_rows() -> None:
    text = (ROOT / "docs" / "journey.md").read_text()

    for station in ("service/app.py", "service/log/handle.py", "sql/log/append.sql"):
        assert station in text


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    for path in [*MODULES, *STATEMENTS]:
        assert not marks.search(path.read_text()), relative(path)


def test_the_locks_name_no_host_and_check_everything_by_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert not re.search(
            r"https?://|--(?:extra-)?index-url|--find-links", text.split("\n\n")[0]
        )
        pins = re.findall(r"^[A-Za-z0-9][\w.-]*==\S+(?:\s*;[^\\\n]*)? ?(\\?)$", text, re.MULTILINE)
        assert pins
        assert all(pins)
