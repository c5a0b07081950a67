import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import FormData

from service.http import bind, problem
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]
JOB = "0190a6f0-8f7e-7c3e-9d53-0f9a6f4b7a10"


async def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status == status, await response.text()
    assert response.content_type == problem.MEDIA_TYPE
    document: dict[str, Any] = await response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == f"/docs/problems#{code}"
    assert re.fullmatch("[0-9a-f]{32}", document["trace_id"])
    return document


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/api/v1/loans/x/return/y", 404, "not-found"),
        ("DELETE", "/api/v1/loans", 405, "method-not-allowed"),
        ("POST", f"/api/v1/loans/{JOB[:-1]}/return", 404, "not-found"),
        ("POST", f"/api/v1/loans/{JOB.replace('-', '')}/return", 404, "not-found"),
        ("GET", "/api/v1/shelf/0", 404, "not-found"),
        ("GET", "/api/v1/shelf/99999999999999999999", 404, "not-found"),
        ("GET", "/api/v1/shelf/%00", 404, "not-found"),
        ("GET", "/api/v1/shelf/%ff", 404, "not-found"),
        ("GET", "/api/v1/operators", 403, "forbidden"),
        ("POST", f"/api/v1/loans/{JOB}/renew", 409, "not-on-loan"),
    ],
)
async def test_each_fault_has_its_problem(
    client: Client, method: str, path: str, status: int, code: str
) -> None:
    await problem_of(await client.request(method, path), status, code)


async def test_a_method_that_is_not_allowed_names_those_that_are(client: Client) -> None:
    response = await client.delete("/api/v1/loans")

    assert response.headers["Allow"] == "POST"


async def test_the_facts_of_a_refusal_stand_beside_its_sentence(client: Client) -> None:
    response = await client.post(f"/api/v1/loans/{JOB}/renew")
    document = await problem_of(response, 409, "not-on-loan")

    assert document["detail"] == "This copy is not on loan."
    assert document["title"] == "Not on loan"
    assert document["copy"] == "moby dick"
    assert document["instance"] == f"/api/v1/loans/{JOB}/renew"
    assert document["retryable"] is False


@pytest.mark.parametrize(
    ("data", "status", "code", "pointer"),
    [
        (b"{", 400, "malformed", None),
        (b'{"copy": "\xff"}', 400, "malformed", None),
        (b'{"copy": "a\x00"}', 400, "malformed", None),
        (b"[" * 1500, 422, "invalid", ""),
        (b'{"copy": 1}', 422, "invalid", "/copy"),
        (b'{"copy": "a", "days": 0}', 422, "invalid", "/days"),
        (b'{"copy": "a", "days": 1' + b"0" * 30 + b"}", 422, "invalid", "/days"),
        (b'{"copy": "a", "size": 1}', 422, "invalid", "/size"),
        (b"{}", 422, "invalid", "/copy"),
        (b"", 422, "invalid", "/copy"),
        (b'{"copy": "\\u0000"}', 422, "invalid", "/copy"),
        (b'{"copy": "' + b"a" * 2000 + b'"}', 413, "too-large", None),
    ],
)
async def test_a_body_that_does_not_fit_is_pointed_at(
    client: Client, data: bytes, status: int, code: str, pointer: str | None
) -> None:
    response = await client.post(
        "/api/v1/loans", data=data, headers={"Content-Type": "application/json"}
    )
    document = await problem_of(response, status, code)
    assert [error["pointer"] for error in document.get("errors", [])] == (
        [] if pointer is None else [pointer]
    )


async def test_a_body_in_chunks_is_measured_too(client: Client) -> None:
    async def chunks() -> Any:
        for _ in range(30):
            yield b" " * 100

    headers = {"Content-Type": "application/json"}
    response = await client.post("/api/v1/loans", data=chunks(), headers=headers)
    await problem_of(response, 413, "too-large")


async def test_a_body_of_another_media_type_is_refused(client: Client) -> None:
    response = await client.post("/api/v1/loans", data=b"copy=a")
    await problem_of(response, 415, "unsupported")


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("limit=0", 422, "limit"),
        ("limit=1001", 422, "limit"),
        ("limit=x", 422, "limit"),
        ("limit=" + "9" * 400, 422, "limit"),
        ("limit=1&limit=2", 422, "limit"),
        ("limits=1", 422, "limits"),
        ("colour=a%00", 422, "colour"),
        ("min_position=-1", 422, "min_position"),
        ("min_position=9223372036854775808", 422, "min_position"),
        ("colour=%ff", 400, None),
        ("cursor=x", 400, None),
        ("cursor=é", 400, None),
    ],
)
async def test_a_query_that_does_not_fit_names_the_parameter(
    client: Client, query: str, status: int, parameter: str | None
) -> None:
    response = await client.get(f"/api/v1/shelf?{query}")
    code = {400: "malformed", 422: "invalid"}[status]
    document = await problem_of(response, status, code)
    assert [error["parameter"] for error in document.get("errors", [])] == (
        [] if parameter is None else [parameter]
    )


async def test_what_nobody_expected_gives_nothing_away(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = await client.get("/api/v1/broken")
    document = await problem_of(response, 500, "internal-error")

    assert "secret plan" not in await response.text()
    assert document["trace_id"] in caplog.text
    assert "secret plan" in caplog.text


async def test_a_request_ends_within_its_deadline(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bind, "DEADLINE", 0.05)
    response = await client.get("/api/v1/slow")

    document = await problem_of(response, 503, "deadline-passed")
    assert document["retryable"] is True
    assert int(response.headers["Retry-After"]) > 0


async def test_a_route_may_have_a_deadline_of_its_own(client: Client) -> None:
    slow = asyncio.ensure_future(client.get("/api/v1/slow"))
    await problem_of(await client.get("/api/v1/hasty"), 503, "deadline-passed")

    assert not slow.done()
    slow.cancel()


async def test_a_form_may_not_be_larger_than_its_route_takes(client: Client) -> None:
    form = FormData({"title": "Page one"})
    form.add_field("file", b"x" * 5000, filename="page.txt")
    await problem_of(await client.post("/api/v1/scans", data=form), 413, "too-large")


async def test_a_form_without_its_file_is_pointed_at(client: Client) -> None:
    form = FormData({"title": "Page one"}, default_to_multipart=True)
    document = await problem_of(await client.post("/api/v1/scans", data=form), 422, "invalid")

    assert document["errors"][0]["pointer"] == "/file"


@pytest.mark.parametrize("data", [b"", b"no form", b"--x\r\n\r\n--x--", b"--x\r\nA"])
async def test_what_is_no_form_is_malformed(client: Client, data: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post("/api/v1/scans", data=data, headers=headers)

    assert response.status in {400, 422}
    assert response.content_type == problem.MEDIA_TYPE


async def test_every_kind_of_problem_has_a_code_of_its_own() -> None:
    kinds = {kind for kind in problem.every_kind() if kind.__module__.startswith("service.")}
    codes = [problem.code_of(kind) for kind in kinds]

    assert len(set(codes)) == len(codes)
