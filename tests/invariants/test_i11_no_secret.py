"""I11: no secret leaves by any door, whatever fails."""

import asyncio
import base64
import json
import os
import resource
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import psycopg
import pytest
from msgspec import Struct

from service import embedded
from service.analyst.login import verifier
from service.cluster import BIN
from tests.conftest import hurry
from tests.invariants.canary import Cage
from tests.log.test_faults import kill_for_good, postmaster
from tests.test_process import ROOT, until_ready

AWKWARD: Final = "/@:%?#&='\" \\"
OWNERS: Final = ("keys.json", "secret-key")
LOUD: Final = """
    ALTER SYSTEM SET log_statement = 'all';
    ALTER SYSTEM SET log_connections = 'on';
    ALTER SYSTEM SET log_min_error_statement = 'debug5';
    ALTER SYSTEM SET log_parameter_max_length_on_error = -1;
"""
SECONDS: Final = 120


class World(Struct):
    """A server that asks for passwords and writes down all it hears, and the service's settings."""

    cage: Cage
    server: embedded.Server
    home: Path
    environ: dict[str, str]
    folder: str

    def url(self, user: str, password: str, database: str = "daybook") -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={self.folder}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    cage, home = Cage(), tmp_path / "home"
    home.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(prefix="daybook-tests-") as place:
        server = embedded.start(Path(place))
        hurry(server.dsn)
        folder = parse_qs(urlsplit(server.dsn).query)["host"][0]
        found = World(cage, server, home, {}, folder)
        owner, direct = guarded(cage, server)
        found.environ = settings(cage, found, owner, direct)
        yield found
        server.stop()


def guarded(cage: Cage, server: embedded.Server) -> tuple[str, str]:
    """Let two roles in by a password alone; return their passwords, which the server never sees."""
    passwords = (cage.secret("DATABASE_URL", AWKWARD), cage.secret("DATABASE_DIRECT_URL", AWKWARD))
    rules = server.home / "postgres" / "pg_hba.conf"
    rules.write_text(f"local all owner,direct scram-sha-256\n{rules.read_text()}")
    with psycopg.connect(server.dsn, autocommit=True) as session:
        for statement in LOUD.strip().splitlines():
            session.execute(statement.encode())
        for role, password in zip(("owner", "direct"), passwords, strict=True):
            stored = verifier(password, secrets.token_bytes(16))
            session.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{stored}'".encode())
        session.execute("CREATE DATABASE half")
        session.execute("SELECT pg_reload_conf()")
    return passwords


def settings(cage: Cage, world: World, owner: str, direct: str) -> dict[str, str]:
    """Return an environment in which every secret is a marked one, and everything is loud."""
    ring = [
        {"id": name, "secret": cage.secret(f"keys.json {name}", "x" * 32)} for name in ("a", "b")
    ]
    (world.home / "keys.json").write_text(json.dumps({"keys": ring}))
    (world.home / "keys.json").chmod(0o600)
    return {
        **{name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ},
        "DAYBOOK_HOME": str(world.home),
        "DATABASE_URL": world.url("owner", owner),
        "DATABASE_DIRECT_URL": world.url("direct", direct),
        "DAYBOOK_SECRET_KEY": cage.secret("DAYBOOK_SECRET_KEY", "x" * 32),
        "OPENAI_API_KEY": cage.secret("OPENAI_API_KEY"),
        "AMQP_URL": f"amqp://u:{cage.secret('AMQP_URL')}@127.0.0.1:1/v",
        "RABBITMQ_PASSWORD": cage.secret("RABBITMQ_PASSWORD"),
        "DB_PASSWORD": cage.secret("DB_PASSWORD"),
        "POSTGRES_PASSWORD": cage.secret("POSTGRES_PASSWORD"),
        "DAYBOOK_ADMIN_PASSWORD": cage.secret("DAYBOOK_ADMIN_PASSWORD"),
        "LOG_LEVEL": "debug",
        "SQL_ECHO": "true",
        "PYTHONFAULTHANDLER": "1",
    }


async def told(world: World, *arguments: str, **changes: str) -> str:
    """Run a command to its end; return its stdout, which is kept unless it is to be a token."""
    process = await started(world, *arguments, **changes)
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    place = " ".join(arguments)
    world.cage.heard(f"stderr of {place} {changes.keys()}", err)
    if arguments != ("token",):
        world.cage.heard(f"stdout of {place} {changes.keys()}", out)
    return out.decode().strip()


async def started(world: World, *arguments: str, **changes: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "run.py", *arguments,
        cwd=ROOT, env=world.environ | changes, stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe, stderr=pipe,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
    )  # fmt: skip


@asynccontextmanager
async def serving(world: World, *options: str) -> AsyncIterator[tuple[Any, str]]:
    """Start the service; all it writes is kept in the end, however it ends."""
    process = await started(world, "serve", "--port", "0", *options)
    assert process.stdout is not None
    lines: list[bytes] = []
    draining = asyncio.create_task(process.stderr.read())  # type: ignore[union-attr]
    try:
        async with asyncio.timeout(SECONDS):
            while not lines or b"listens on" not in lines[-1]:
                lines.append(await process.stdout.readline())
                assert lines[-1] or process.returncode is None, await draining
        yield process, lines[-1].split()[3].rstrip(b",").decode()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        world.cage.heard("stdout of the service", b"".join(lines) + await process.stdout.read())
        world.cage.heard("stderr of the service", await draining)
        await process.wait()


class Caller:
    """Somebody at the API; all answers are kept, but for the tokens given on purpose."""

    def __init__(self, cage: Cage, session: aiohttp.ClientSession) -> None:
        self.cage, self.session, self.given = cage, session, [""]

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        try:
            async with self.session.request(method, path, **options) as answer:
                raw = await answer.read()
                head = f"{answer.status} {answer.headers}"
        except (aiohttp.ClientError, TimeoutError):
            return 0, None
        with suppress(ValueError):
            found = json.loads(raw)
            self.learn(found)
            shown = raw
            for token in self.given[1:]:
                shown = shown.replace(token.encode(), b"")
            self.cage.heard(f"{method} {path}", head.encode() + shown)
            return answer.status, found
        self.cage.heard(f"{method} {path}", head.encode() + raw)
        return answer.status, None

    def learn(self, found: object) -> None:
        for name in ("access_token", "refresh_token", "token"):
            if isinstance(found, dict) and isinstance(text := found.get(name), str):
                self.given.append(self.cage.caught(f"{name} {len(self.given)}", text))


async def test_no_secret_leaves_by_any_door_whatever_fails(world: World) -> None:
    await asyncio.gather(*commands(world))
    async with serving(world) as (process, address):
        await until_ready(address)
        patience = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(address, timeout=patience) as session:
            caller = Caller(world.cage, session)
            admin = world.cage.caught("token", await told(world, "token"))
            caller.given.append(admin)
            await accounts(world, caller)
            await rubbish(world, caller, admin)
            await broken(world, caller, admin)
            await keys(world, caller, admin)
            await machines(world, caller, admin)
            await outage(world, caller, admin)
            await until_ready(address)
            await accounts(world, caller)
            world.cage.heard("titles", titles(process.pid))
        process.send_signal(signal.SIGABRT)
        await process.wait()
    await stored(world)
    await asyncio.to_thread(world.server.stop)
    world.cage.files(world.home, but=OWNERS)
    world.cage.files(world.server.home / "postgres" / "log")
    world.cage.heard("start.log", (world.server.home / "postgres" / "start.log").read_bytes())

    assert world.cage.leaks() == []
    assert sum(len(text) for _, text in world.cage.seen) > 1_000_000
    assert len(world.cage.seen) > 100


def commands(world: World) -> Iterator[Any]:
    """Start what cannot start, in every way people get it wrong, and what lists."""
    cage, name = world.cage, "DATABASE_URL"
    wrong = world.url("owner", cage.secret("wrong password", AWKWARD))
    secret = quote(cage.secret("password elsewhere", AWKWARD), safe="")
    broken = world.home.parent / "broken.json"
    broken.write_text(json.dumps({"keys": [{"id": "a", "secret": [cage.secret("broken ring")]}]}))
    broken.chmod(0o600)
    with psycopg.connect(world.server.dsn.replace("/daybook?", "/half?")) as session:
        session.execute("CREATE SCHEMA log CREATE TABLE events (position text)")
    for url in (
        wrong,
        f"postgresql://owner:{secret}@nowhere.invalid/d",
        f"postgresql://owner:{secret}@127.0.0.1:1/d",
    ):
        yield told(world, "migrate", "status", **{name: url, "DATABASE_DIRECT_URL": ""})
    half = world.environ[name].replace("/daybook?", "/half?")
    yield told(world, "migrate", "up", **{name: half, "DATABASE_DIRECT_URL": ""})
    faults = {name: f"postgresql://owner:{cage.secret('raw password', AWKWARD)}@127.0.0.1/d"}
    faults |= {"AMQP_URL": f"http://u:{secret}@h", "DAYBOOK_PORT": secret, "LOG_LEVEL": secret}
    yield told(world, "serve", DAYBOOK_SECRET_KEY=cage.secret("short key")[:20], **faults)
    yield told(world, "serve", DAYBOOK_KEYS=str(broken))
    yield told(world, "settings")
    yield told(world, "account", "create-admin", "--email", "eve@example.org")


async def accounts(world: World, caller: Caller) -> None:
    """Come and go as people do, also with passwords that are mistyped, weak or another's."""
    cage, mail = world.cage, f"ann-{len(caller.given)}@example.org"
    password, other = (cage.secret(f"a password {mail} {n}", " of ours") for n in range(2))
    mistyped = cage.secret(f"mistyped {mail}", " of ours")
    status, _ = await caller.ask(
        "POST", "/api/v1/auth/register", json={"email": mail, "password": password}
    )
    assert status == 201
    await caller.ask("POST", "/api/v1/auth/register", json={"email": mail, "password": mistyped})
    await caller.ask(
        "POST", "/api/v1/auth/register", json={"email": mistyped, "password": [mistyped]}
    )
    for identifier, word in ((mail, mistyped), (f"not-{mail}", mistyped)):
        login = {"identifier": identifier, "password": word}
        assert (await caller.ask("POST", "/api/v1/auth/login", json=login))[0] == 401
    form = {"grant_type": "password", "username": mail, "password": mistyped}
    await caller.ask("POST", "/api/v1/auth/token", data=form)
    await caller.ask("POST", "/api/v1/auth/token", data=form | {"grant_type": mistyped})
    login = {"identifier": mail, "password": password}
    status, tokens = await caller.ask("POST", "/api/v1/auth/login", json=login)
    assert status == 200
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    again = {"refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        await caller.ask("POST", "/api/v1/auth/refresh", json=again)
    await caller.ask("POST", "/api/v1/auth/refresh", json={"refresh_token": mistyped})
    await caller.ask("GET", "/api/v1/me", headers=bearer)
    for change in ({"current": mistyped, "new": other}, {"current": password, "new": other}):
        named = {"current_password": change["current"], "new_password": change["new"]}
        for body in (change, named):
            await caller.ask("POST", "/api/v1/me/password", headers=bearer, json=body)
    await caller.ask("POST", "/api/v1/auth/logout", headers=bearer, json={"everywhere": True})
    await caller.ask("GET", "/api/v1/me", headers=bearer)


async def rubbish(world: World, caller: Caller, admin: str) -> None:
    """Ask every route for what it cannot give, with secrets in every place they do not belong."""
    secret = world.cage.secret("a secret out of place")
    _, document = await caller.ask("GET", "/openapi.json")
    forged = (f"Bearer {admin[:-8]}{secret}", f"Basic {secret}", f"Bearer dbk_{secret}", secret)
    bodies = (
        [secret],
        {"password": {"a": secret}},
        {"email": secret, "password": secret, secret: 1},
    )
    for number, (path, methods) in enumerate(document["paths"].items()):
        for method in methods:
            where = path.replace("{", "").replace("}", "")
            headers = {
                "Authorization": forged[number % 4] if number % 2 else f"Bearer {admin}",
                "Cookie": f"__Host-session={secret}; session={secret}",
                "Accept": "application/json",
            }
            # A view's query is its filter: it goes to the database as what it looks for.
            query = {} if "/views" in path else {"password": secret, "access_token": secret}
            body = bodies[number % 3]
            await caller.ask(method.upper(), where, headers=headers, params=query, json=body)
    for path in ("/livez", "/readyz", "/metrics", "/docs", "/docs/problems", "/nowhere"):
        await caller.ask("GET", path)


HIDDEN: Final = (("SCHEMA", "read", "hidden"), ("TABLE", "log.private", "hidden"))


async def broken(world: World, caller: Caller, admin: str) -> None:
    """Let handlers crash on a schema that is not theirs."""
    bearer = {"Authorization": f"Bearer {admin}"}
    with psycopg.connect(world.server.dsn, autocommit=True) as session:
        for kind, name, hidden in HIDDEN:
            session.execute(f"ALTER {kind} {name} RENAME TO {hidden}".encode())
        mail, password = "bob@example.org", world.cage.secret("password of bob", " of ours")
        body = {"email": mail, "password": password}
        login = {"identifier": mail, "password": password}
        status, _ = await caller.ask("POST", "/api/v1/auth/register", json=body)
        assert status == 500
        await caller.ask("POST", "/api/v1/auth/login", json=login)
        found = {
            (await caller.ask("GET", f"/api/v1/{path}", headers=bearer))[0]
            for path in ("courses", "jobs/x", "views", "accounts", "projections")
        }
        assert 500 in found
        for kind, name, hidden in HIDDEN:
            back = name.rpartition(".")[2]
            session.execute(f"ALTER {kind} {name.replace(back, hidden)} RENAME TO {back}".encode())


async def keys(world: World, caller: Caller, admin: str) -> None:
    """Rotate the keys of a running service, and spoil their file."""
    ring = world.home / "keys.json"
    await told(world, "keys", "rotate")
    good = ring.read_text()
    for entry in json.loads(good)["keys"]:
        world.cage.caught(f"key {entry['id']}", entry["secret"])
    for mode, text in ((0o600, f"{{{world.cage.secret('spoilt ring')}"), (0o644, good)):
        ring.write_text(text)
        ring.chmod(mode)
        forged = {"Authorization": f"Bearer {unknown(admin)}"}
        assert (await caller.ask("GET", "/api/v1/me", headers=forged))[0] == 401
    await told(world, "token")
    ring.chmod(0o600)


async def machines(world: World, caller: Caller, admin: str) -> None:
    """Let a machine have a token, call with it, and again when it is revoked."""
    bearer = {"Authorization": f"Bearer {admin}"}
    wanted = {"name": "a site", "scopes": ["courses:read"]}
    path = "/api/v1/service-tokens"
    status, found = await caller.ask("POST", path, headers=bearer, json=wanted)
    assert status == 201
    own = {"Authorization": f"Bearer {found['token']}"}
    for where in ("/api/v1/courses", path):
        await caller.ask("GET", where, headers=own)
    await caller.ask("DELETE", f"{path}/{found['id']}", headers=bearer)
    await caller.ask("GET", "/api/v1/courses", headers=own)


def unknown(token: str) -> str:
    """Return a token as ours are, of a key that nobody has: it makes the service look again."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"z"}').rstrip(b"=").decode()
    return ".".join((head, *token.split(".")[1:]))


async def outage(world: World, caller: Caller, admin: str) -> None:
    """Kill the database amid work; ask on while it is away."""
    bearer, secret = {"Authorization": f"Bearer {admin}"}, world.cage.secret("password in the dark")
    login = {"identifier": "ann@example.org", "password": secret}
    course = {"topic": "Light", "num_lessons": 1}
    asked = [
        asyncio.create_task(caller.ask("POST", path, headers=bearer, json=body))
        for path, body in (("/api/v1/auth/login", login), ("/api/v1/courses", course)) * 5
    ]
    psql = await started(world, "db", "psql", "-c", "SELECT pg_sleep(60)")
    while not (shown := titles(None, "pg_sleep(60)")):  # noqa: ASYNC110 - no other sign
        await asyncio.sleep(0.02)
    world.cage.heard("titles of psql", shown)
    await asyncio.to_thread(kill_for_good, postmaster(world.server))
    await asyncio.gather(*asked)
    for what in await psql.communicate():
        world.cage.heard("db psql", what)
    for method, path, body in (
        ("POST", "/api/v1/auth/login", login),
        ("POST", "/api/v1/courses", course),
        ("GET", "/api/v1/courses", None),
        ("GET", "/readyz", None),
        ("GET", "/metrics", None),
    ):
        await caller.ask(method, path, headers=bearer, json=body)
    await told(world, "projections", "list")
    await asyncio.to_thread(embedded.start, world.server.home)


def titles(pid: int | None, holding: str = "") -> bytes:
    """Return the arguments of every process of which anybody may read them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            text = place.read_bytes()
            if holding.encode() in text and b"run.py" not in text * bool(holding):
                found.append(text)
    return b"\n".join(found)


async def stored(world: World) -> None:
    """Keep all that the server stores, roles and every table of every database."""
    dump = await asyncio.create_subprocess_exec(
        str(BIN / "pg_dumpall"), "-h", world.folder, "-U", "daybook",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await dump.communicate()
    assert dump.returncode == 0
    assert b"account.registered" in out
    world.cage.heard("the dump", out)
