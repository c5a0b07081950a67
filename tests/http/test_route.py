"""What a handler is given, and what its answer becomes."""

from collections.abc import Callable

import pytest
from aiohttp import FormData

from service.http import header
from service.refusal import Malformed, Refusal, Stale
from tests.http.conftest import Client

Bearer = Callable[..., dict[str, str]]
JOB = "0190a6f0-8f7e-7c3e-9d53-0f9a6f4b7a10"
LOAN = {"copy": "moby dick"}


async def test_a_body_is_decoded_with_its_defaults(client: Client) -> None:
    response = await client.post("/api/v1/loans", json=LOAN)

    assert response.status == 201
    assert (await response.json())["what"] == {"copy": "moby dick", "days": 14}


async def test_a_command_answers_with_version_location_and_position(client: Client) -> None:
    response = await client.post(f"/api/v1/loans/{JOB}/return")

    assert response.status == 200
    assert await response.json() == {"id": JOB, "version": 3, "position": 7}
    assert response.headers["ETag"] == '"3"'
    assert response.headers["Location"] == f"/loans/{JOB}"
    assert "Idempotency-Replayed" not in response.headers


async def test_a_replayed_answer_says_so(client: Client) -> None:
    response = await client.post(f"/api/v1/loans/{JOB}/return", headers={"If-Match": '"2"'})

    assert response.headers["Idempotency-Replayed"] == "true"


async def test_an_idempotency_key_is_scoped_to_its_caller(client: Client, bearer: Bearer) -> None:
    async def key(headers: dict[str, str]) -> str | None:
        headers = {"Idempotency-Key": "k", **headers}
        response = await client.post("/api/v1/loans", json=LOAN, headers=headers)
        return str((await response.json())["key"])

    first = await key({})
    assert first == await key({}) == await key({"Idempotency-Key": '"k"'})
    assert first != await key(bearer(tenant="another"))
    assert first != await key({"Idempotency-Key": "l"})


async def test_the_fingerprint_tells_requests_apart_by_what_they_mean(client: Client) -> None:
    async def fingerprint(text: str) -> str:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        response = await client.post("/api/v1/loans", data=text, headers=headers)
        return str((await response.json())["fingerprint"])

    first = await fingerprint('{"copy": "a", "days": 14}')
    assert (
        first
        == await fingerprint('{"days":14,"copy":"\\u0061"}')
        == await fingerprint('{"copy": "a"}')
    )
    assert first != await fingerprint('{"copy": "b"}')
    assert len(first) == 64


async def test_without_a_key_there_is_none(client: Client) -> None:
    response = await client.post("/api/v1/loans", json=LOAN)

    assert (await response.json())["key"] is None


@pytest.mark.parametrize("key", ["", '""', "a" * 256, "é", "a\tb"])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    headers = {"Idempotency-Key": key}
    response = await client.post("/api/v1/loans", json=LOAN, headers=headers)

    assert response.status == 400


@pytest.mark.parametrize(("text", "version"), [(None, None), ("*", None), ('"7"', 7), (' "0" ', 0)])
def test_if_match_names_a_version(text: str | None, version: int | None) -> None:
    assert header.if_match(text) == version


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("7", Malformed),
        ('"7', Malformed),
        ('"7", "8"', Malformed),
        ("", Malformed),
        ('W/"7"', Stale),
        ('"seven"', Stale),
        ('"²"', Malformed),
        ('"2147483648"', Stale),
        ('"' + "9" * 5000 + '"', Stale),
    ],
)
def test_if_match_refuses_what_was_never_given(text: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        header.if_match(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 0),
        ("wait=5", 5),
        ("respond-async, wait=10", 10),
        ('wait="7"; x', 7),
        ("wait=9999", 10),
        ("await=5", 0),
        ("wait=-1", 0),
    ],
)
def test_prefer_names_seconds(text: str | None, seconds: int) -> None:
    assert header.prefer_wait(text) == seconds


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z"]
)
async def test_a_caller_without_a_good_token_is_asked_for_one(
    client: Client, authorization: str | None
) -> None:
    headers = {"Authorization": authorization or ""}
    response = await client.post("/api/v1/loans", json=LOAN, headers=headers)

    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_an_expired_token_is_asked_to_be_renewed(client: Client, bearer: Bearer) -> None:
    response = await client.get("/api/v1/shelf", headers=bearer(ttl=-3600))

    assert response.status == 401
    assert "expired" in (await response.json())["detail"]


@pytest.mark.parametrize(("role", "status"), [("analyst", 403), ("operator", 200), ("admin", 200)])
async def test_a_route_asks_for_its_role(
    client: Client, bearer: Bearer, role: str, status: int
) -> None:
    assert (await client.get("/api/v1/operators", headers=bearer(role))).status == status


async def test_an_open_route_asks_for_nothing(client: Client) -> None:
    assert (await client.get("/api/v1/open", headers={"Authorization": ""})).status == 200


async def test_a_given_trace_goes_on_in_a_new_span(client: Client) -> None:
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{span_id}-01"}
    response = await client.post("/api/v1/loans", json=LOAN, headers=headers)
    parent = (await response.json())["traceparent"]

    assert parent.startswith(f"00-{trace_id}-")
    assert parent.endswith("-01")
    assert span_id not in parent


@pytest.mark.parametrize("given", ["", "x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "é" * 999])
async def test_a_bad_trace_is_a_new_trace(client: Client, given: str) -> None:
    response = await client.post("/api/v1/loans", json=LOAN, headers={"traceparent": given})

    assert response.status == 201
    assert len((await response.json())["traceparent"]) == 55


async def test_a_form_gives_its_file_and_fields(client: Client) -> None:
    form = FormData({"title": "Page one"})
    form.add_field("file", b"call me", filename="page.txt", content_type="text/plain")
    response = await client.post("/api/v1/scans", data=form)
    what = (await response.json())["what"]

    assert what["title"] == "Page one"
    assert what["file"] == {
        "filename": "page.txt",
        "media_type": "text/plain",
        "data": "Y2FsbCBtZQ==",
    }


async def test_a_read_says_what_it_has_seen(client: Client) -> None:
    response = await client.get("/api/v1/fresh?min_position=5")

    assert response.headers["X-Projection-Position"] == "5"


async def test_every_answer_carries_the_careful_headers(client: Client) -> None:
    for path in ("/api/v1/shelf", "/nothing", "/docs"):
        headers = (await client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Server" not in headers


async def test_head_answers_as_get_without_a_body(client: Client) -> None:
    response = await client.head("/api/v1/shelf")

    assert (response.status, await response.read()) == (200, b"")
