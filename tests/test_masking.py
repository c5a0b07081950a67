import base64
import copy
import importlib
import io
import json
import logging
import pickle
import pkgutil
import secrets
import sys
import traceback
from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest

import service
from service.masking import Masking, excepthook, masked
from service.settings import Secret

MARK = "c4n4ryMark"
REFRESH = base64.urlsafe_b64encode(uuid4().bytes + secrets.token_bytes(32)).decode()
LEAKS = (
    f"cannot connect to postgresql://daybook:{MARK}@db.example:5432/d?sslmode=require",
    f"amqp://u:p{MARK}/@%40@mq:5672/%2F refused",
    f"{{'Authorization': 'Bearer {MARK}', 'Host': 'x'}}",
    f"authorization: basic {MARK}",
    f"Proxy-Authorization: {MARK}",
    f"Set-Cookie: __Host-session={MARK}; Secure; HttpOnly",
    f"Cookie: __Host-session={MARK}",
    f"host=db user=daybook password={MARK} dbname=d",
    f"password='a {MARK}'",
    f'{{"password": "a {MARK}", "username": "ada"}}',
    f"CREATE ROLE ann PASSWORD '{MARK}'; db_password = {MARK}",
    f"client_secret={MARK}&grant_type=password&password={MARK}",
    f"OPENAI_API_KEY={MARK}",
    f'"refresh_token":"{MARK}"',
    f"eyJhbGciOiJIUzI1NiJ9.{MARK}.{MARK}",
    f"token dbk_{MARK}_x is void",
    f"ring: {MARK + secrets.token_urlsafe(64)}",
)
HARMLESS = (
    "the database at db.example:5432/daybook cannot be used: password authentication failed",
    "GET /api/v1/courses/01a1fc3c-2a45-7040-aec5-aae71e2b2464 200 512 bytes 1.2 ms",
    "listening on http://127.0.0.1:8080 as api, projector, worker",
    "POST /api/v1/courses/how-plants-make-their-own-food-out-of-nothing-but-light-and-air-in-9",
    "checksum 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "course_258de32a7199 is served; migration 0011.keep-tenants waits for a lock (attempt 2)",
)


def fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("text", LEAKS)
def test_what_is_shaped_like_a_secret_is_masked(text: str) -> None:
    assert MARK not in masked(text)
    assert "***" in masked(text)


def test_a_refresh_token_is_masked() -> None:
    assert masked(f"reused {REFRESH}.") == "reused ***."


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_a_line_is_masked_with_its_arguments_and_its_traceback() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Masking("%(message)s"))
    logger = logging.getLogger("masked")
    logger.addHandler(handler)
    logger.propagate = False

    try:
        fail(ConnectionError(LEAKS[0]))
    except ConnectionError:
        logger.exception("%s and %r", LEAKS[1], [LEAKS[2]])

    assert MARK not in stream.getvalue()
    assert "ConnectionError" in stream.getvalue()
    assert "db.example:5432" in stream.getvalue()


def test_what_ends_the_process_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        fail(ValueError(LEAKS[0]))
    except ValueError as error:
        excepthook(ValueError, error, error.__traceback__)

    said = capsys.readouterr().err
    assert MARK not in said
    assert said.startswith("Traceback")
    assert "ValueError: cannot connect to postgresql://daybook:***@db.example" in said


class Holder(msgspec.Struct, frozen=True):
    name: str
    secret: Secret


def test_a_secret_shows_in_no_text_that_is_made_of_it() -> None:
    secret = Secret(MARK)
    held = Holder("ada", secret)

    texts = [
        f"{secret} {secret!r} {secret!s} {secret!a} {secret:>40} {[secret]} { ({'k': secret}) }",
        "{0} {0!r}".format(secret),  # noqa: UP032 - each way of making a text
        "%s %r" % (secret, held),  # noqa: UP031
        json.dumps({"k": secret}, default=str),
        msgspec.json.encode(held, enc_hook=str).decode(),
        repr(held),
        repr(vars(type(secret)).get("_text")),
    ]
    try:
        fail(RuntimeError(secret))
    except RuntimeError:
        kind, error, trace = sys.exc_info()
        assert kind is not None
        assert error is not None
        found = traceback.TracebackException(kind, error, trace, capture_locals=True)
        texts.append("".join(line for line in found.format() if "MARK" not in line))

    assert MARK not in "".join(texts)


TELLING = {"password", "current_password", "new_password", "password_hash", "secret"} | {
    "access_token",
    "refresh_token",
}


def test_no_struct_that_holds_a_secret_as_a_text_prints_it() -> None:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    loud = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in kinds(msgspec.Struct)
        if any(
            field.name in TELLING and field.type not in (Secret, bool)
            for field in msgspec.structs.fields(kind)
        )
        and kind.__repr__ is msgspec.Struct.__repr__
    ]

    assert loud == []


def kinds(of: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in of.__subclasses__():
        yield from kinds(kind)
        if kind.__module__.startswith("service."):
            yield kind


def test_a_secret_is_neither_stored_nor_sent() -> None:
    secret = Secret(MARK)
    for store in (
        pickle.dumps,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
    ):
        with pytest.raises(TypeError) as refused:
            store(secret)
        assert MARK not in str(refused.value)


def test_a_copy_of_a_secret_is_itself() -> None:
    secret = Secret(MARK)

    assert copy.copy(secret) is secret
    assert copy.deepcopy(Holder("ada", secret)).secret is secret
    assert secret == Secret(MARK)
    assert secret != Secret(MARK[:-1])
    assert secret != MARK
    assert Secret("é") == Secret("é")
    assert {secret: 1}[Secret(MARK)] == 1
