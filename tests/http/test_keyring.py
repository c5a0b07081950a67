import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pytest_aiohttp.plugin import AiohttpClient
from typer.testing import CliRunner, Result

from service.app import make_app
from service.cli import app
from service.http import keyring, token
from service.http.call import Resources
from service.http.keyfile import KeyFile, KeyFileError, fresh_key, ring
from service.http.keyring import FIRST, LEAD, LOOK_SECONDS, UNTOLD, Key, KeyRing, noted, rotated
from service.http.metrics import Metrics
from service.settings import Secret, Settings, load
from tests.http.conftest import ADA

SECRET = Secret("a key for tests that opens nothing")
START = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
CANARY = "Canary-" + "x" * 40


def key(name: str) -> Key:
    return Key(name, Secret(name * 40))


# The property: a token minted by whoever has read the ring in the last LEAD verifies at every such.

Histories = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 40), st.integers(0, 5000)),  # seconds until a rotation
        st.one_of(st.none(), st.integers(60, 300)),  # its overlap in minutes
        st.one_of(st.none(), st.integers(1, 30)),  # days of a token signed just before it
    ),
    max_size=4,
)


@settings(max_examples=60)
@given(Histories)
def test_a_token_of_any_process_verifies_at_every_other_until_it_ends(
    history: list[tuple[int, int | None, int | None]],
) -> None:
    now = START
    rings: list[tuple[datetime, tuple[Key, ...]]] = [(START, (Key(FIRST, SECRET),))]
    tokens: list[tuple[str, datetime, datetime]] = []
    for wait, overlap, days in history:
        now += wait * SECOND
        keys = rings[-1][1]
        if days is not None:
            signer, until = KeyRing(keys).signing(now).id, now + timedelta(days=days)
            keys = noted(keys, signer, until)
            rings.append((now, keys))
            tokens.append((signer, now, until))
        try:
            fresh = key(f"k{len(rings)}")
            spans = None if overlap is None else timedelta(minutes=overlap)
            rings.append((now, rotated(keys, fresh, now, spans)))
        except ValueError:  # the overlap is too short for a token that is noted
            assert days is not None or any(k.tokens_until for k in keys)

    def read(moment: datetime, behind: int) -> KeyRing:
        seen = moment - behind * SECOND
        return KeyRing(next((keys for at, keys in reversed(rings) if at <= seen), rings[0][1]))

    lead = int(LEAD.total_seconds())
    moments = [at + shift * SECOND for at, _ in rings for shift in (-1, 0, 1, lead - 1, lead, 3600)]
    for minted in moments:
        for behind in (0, lead // 2, lead):
            signer = read(minted, behind).signing(minted).id
            tokens.append((signer, minted, minted + UNTOLD))
    for signer, minted, until in set(tokens):
        for moment in (minted, *(m for m in moments if minted < m < until), until + token.LEEWAY):
            for behind in (0, lead):
                assert read(moment, behind).verifying(signer, moment), (signer, minted, moment)


def test_a_key_that_has_retired_verifies_nothing_and_is_dropped_by_the_next_rotation() -> None:
    keys = rotated((Key(FIRST, SECRET),), key("a"), START)
    end = keys[0].retire_at
    assert end is not None

    assert KeyRing(keys).verifying(FIRST, end - SECOND)
    assert KeyRing(keys).verifying(FIRST, end) is None
    assert [each.id for each in rotated(keys, key("b"), end)] == ["a", "b"]


def test_an_overlap_never_ends_a_token_before_its_time() -> None:
    keys = noted((Key(FIRST, SECRET),), FIRST, START + timedelta(days=7))

    with pytest.raises(ValueError, match="at least 10080m"):
        rotated(keys, key("a"), START + LEAD * -1, timedelta(days=6))
    with pytest.raises(ValueError, match="at least 60m"):
        rotated((Key(FIRST, SECRET),), key("a"), START, timedelta(minutes=59))


# Following: a look is cheap, and rare.


class Source:
    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.looks = 0

    def changed(self) -> tuple[Key, ...]:
        self.looks += 1
        return self.keys


def test_a_ring_is_looked_at_every_few_seconds_and_at_an_unknown_key() -> None:
    seconds = [0.0]
    source = Source(Key(FIRST, SECRET), key("a"))
    held = KeyRing((Key(FIRST, SECRET),), source, clock=lambda: seconds[0])

    for _ in range(1000):
        assert held.verifying(FIRST, START)
        assert held.verifying(["a"], START) is None
    assert source.looks == 0
    assert held.verifying("b", START) is None
    seconds[0] = keyring.AGAIN_SECONDS
    for _ in range(1000):
        assert held.verifying("a", START)
        assert held.verifying("b", START) is None
    assert source.looks == 1
    seconds[0] += LOOK_SECONDS
    assert held.signing(START).id == "a"
    assert source.looks == 2


# The file.


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", SECRET)


def test_without_a_file_the_secret_key_signs_as_key_1(file: KeyFile) -> None:
    assert file.read() == (Key(FIRST, SECRET),)


def test_what_is_written_is_read_and_only_its_owner_may(file: KeyFile) -> None:
    keys = rotated(file.read(), fresh_key(START), START)

    file.write(keys)

    assert file.read() == keys
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [path.name for path in file.path.parent.iterdir()] == ["keys.json"]
    assert SECRET.reveal() not in file.path.read_text()
    assert len(keys[-1].secret.reveal()) >= 64


def test_a_group_that_may_read_the_file_may_go_on_reading_it(file: KeyFile) -> None:
    file.write(file.read())
    file.path.chmod(0o640)

    file.write(file.read())

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640


GOOD = {"id": "a", "secret": CANARY}
BROKEN = {
    "empty": "",
    "cut": '{"keys": [{"id": "a", "secret": "' + CANARY,
    "no keys": {"keys": []},
    "short": {"keys": [{"id": "a", "secret": "Canary-x"}]},
    "not text": {"keys": [{"id": "a", "secret": [CANARY]}]},
    "path": {"keys": [{"id": "../" + CANARY, "secret": CANARY}]},
    "secret missing": {"keys": [{"id": "a"}]},
    "twice": {"keys": [GOOD, GOOD]},
    "none to sign": {"keys": [GOOD | {"retire_at": "2026-06-30T12:00:00Z"}]},
    "no zone": {"keys": [GOOD | {"not_before": "2026-06-30T12:00:00"}]},
    "unknown": {"keys": [GOOD], CANARY: 1},
    "deep": "[" * 50_000,
    "large": {"keys": [GOOD | {"secret": CANARY * 2000}]},
}


@pytest.mark.parametrize("written", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_by_a_sentence_without_a_key(
    file: KeyFile, written: object
) -> None:
    file.path.write_text(written if isinstance(written, str) else json.dumps(written))
    file.path.chmod(0o600)

    with pytest.raises(KeyFileError, match=r"cannot be used: .* Restore") as refused:
        file.read()

    assert "anary" not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o602])
def test_a_file_that_others_can_read_or_change_is_refused(file: KeyFile, mode: int) -> None:
    file.write(file.read())
    file.path.chmod(mode)

    with pytest.raises(KeyFileError, match=f"mode {mode:o}.*chmod 600"):
        file.read()


def test_rotations_at_the_same_moment_lose_no_key(file: KeyFile) -> None:
    def rotate() -> None:
        with KeyFile(file.path, SECRET).locked():
            file.write(rotated(file.read(), fresh_key(START), START))

    threads = [Thread(target=rotate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(file.read()) == 9


@pytest.mark.parametrize("harm", ["broken", "open to all", "gone"])
def test_a_running_process_keeps_the_last_good_ring_and_says_so_once(
    file: KeyFile, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    file.write(file.read())
    file.read()

    if harm == "gone":
        file.path.unlink()
    else:
        file.path.write_text(CANARY if harm == "broken" else file.path.read_text())
        file.path.chmod(0o600 if harm == "broken" else 0o644)

    assert [file.changed() for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1
    assert "Those read before stay in use" in caplog.text
    assert CANARY not in caplog.text
    file.path.unlink(missing_ok=True)
    file.write((key("a"),))
    assert file.changed() == (key("a"),)


# All of it.


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAYBOOK_HOME", str(tmp_path))
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", SECRET.reveal())
    monkeypatch.delenv("DAYBOOK_KEYS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def listed() -> dict[str, str]:
    return {row["key"]: row["state"] for row in json.loads(run("keys", "list", "--json").stdout)}


def test_the_commands_rotate_and_list_and_print_no_key(home: Path) -> None:
    before = listed()
    long = run("token", "--ttl", "7d").stdout.strip()
    refused, done = run("keys", "rotate", "--overlap", "2h"), run("keys", "rotate")
    after = listed()

    assert before == {FIRST: "signs"}
    assert (refused.exit_code, "at least 10080m" in refused.stderr) == (1, True)
    assert list(after.values()) == ["signs", "waits"]
    assert all(name in done.stdout for name in after)
    late = datetime.now(UTC) + timedelta(days=6, hours=23)
    assert token.verify(ring(load()), long, late).role == "admin"
    assert run("keys", "rotate", "--now").exit_code == 0
    assert list(listed().values()) == ["signs"]
    (secret,) = [entry["secret"] for entry in json.loads((home / "keys.json").read_text())["keys"]]
    assert secret not in run("keys", "list", "--json").output + run("settings").output


def test_a_named_file_must_be_there_and_the_first_rotation_makes_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = home / "mounted" / "ring.json"
    monkeypatch.setenv("DAYBOOK_KEYS", str(named))

    assert "which is not there" in run("token").stderr
    assert run("keys", "rotate").exit_code == 0
    assert run("token").exit_code == 0
    assert stat.S_IMODE(named.stat().st_mode) == 0o600


def test_a_link_that_is_pointed_anew_is_followed(home: Path) -> None:
    for name in ("old", "new"):
        KeyFile(home / name, SECRET).write((key(name),))
    link = home / "keys.json"
    link.symlink_to("old")
    held = KeyFile(link, SECRET)
    assert held.read() == (key("old"),)

    (home / "next").symlink_to("new")
    os.replace(home / "next", link)  # noqa: PTH105 - as a mounted secret is changed

    assert held.changed() == (key("new"),)


async def test_a_running_service_takes_up_new_keys_and_lets_go_of_void_ones(
    aiohttp_client: AiohttpClient,
    resources: Resources,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    bearer: Callable[..., dict[str, str]],
) -> None:
    monkeypatch.setattr(keyring, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(keyring, "AGAIN_SECONDS", 0.0)
    told = Settings(home=home, secret_key=SECRET)
    held = replace(resources, settings=told, keys=ring(told), now=lambda: datetime.now(UTC))
    client = await aiohttp_client(make_app(held, Metrics(), ["api"]))

    async def status(minted: str) -> int:
        # A path parameter that is no id is refused only after the token has been found good.
        answer = await client.get("/api/v1/jobs/x", headers={"Authorization": f"Bearer {minted}"})
        return answer.status

    old = token.mint(held.keys, ADA, HOUR, datetime.now(UTC))
    assert await status(old) == 404
    assert run("keys", "rotate").exit_code == 0
    assert await status(old) == 404
    assert run("keys", "rotate", "--now").exit_code == 0
    new = run("token").stdout.strip()

    assert [await status(old), await status(new)] == [401, 404]
