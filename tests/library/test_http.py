"""The library over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from service.http.form import Upload
from service.library import http as library
from tests.library.pdfs import pdf

Client = TestClient[Any, Any]
Bearer = Callable[..., dict[str, str]]
FIRST = {"If-Match": '"1"'}
CELL = {"path": "biology/cell.md", "text": "# Cell\n\nThe cell is the smallest unit of life."}


async def added(api: Client, **fields: str) -> dict[str, Any]:
    response = await api.post("/api/v1/sources", json=CELL | fields)
    assert response.status in (200, 201), await response.text()
    return dict(await response.json())


def form(
    data: bytes, filename: str, media_type: str = "application/octet-stream", **fields: str
) -> FormData:
    made = FormData()
    made.add_field("file", data, filename=filename, content_type=media_type)
    for name, value in fields.items():
        made.add_field(name, value)
    return made


async def shown(api: Client, done: dict[str, Any]) -> dict[str, Any]:
    at = f"/api/v1/sources/{done['id']}?min_position={done['position']}"
    return dict(await (await api.get(at)).json())


async def test_a_source_is_added_read_found_and_removed(api: Client) -> None:
    response = await api.post("/api/v1/sources", json=CELL)
    done = await response.json()
    location = response.headers["Location"]
    shown = await api.get(f"{location}?min_position={done['position']}")
    found = await (await api.get("/api/v1/search?q=units&source_filter=biology/")).json()
    removed = await (await api.delete(location)).json()
    gone = await api.get(f"{location}?min_position={removed['position']}")

    assert (response.status, done["version"], shown.headers["ETag"]) == (201, 1, '"1"')
    assert (await shown.json())["text"] == CELL["text"]
    assert found["items"][0]["snippet"].endswith("smallest **unit** of life")
    assert gone.status == 404


async def test_adding_again_changes_nothing_and_another_text_replaces(api: Client) -> None:
    first = await added(api)
    again = await api.post("/api/v1/sources", json=CELL)
    changed = await added(api, text="# Cell\n\nIt has a wall.")

    assert (again.status, (await again.json())["version"]) == (200, 1)
    assert (changed["id"], changed["version"]) == (first["id"], 2)
    assert (await shown(api, changed))["text"] == "# Cell\n\nIt has a wall."


async def test_a_pdf_is_uploaded_under_its_name_in_a_folder(api: Client) -> None:
    made = form(pdf(["Cells live."], title="All cells"), "cells.pdf", path="biology/")

    done = await (await api.post("/api/v1/sources", data=made)).json()

    source = await shown(api, done)
    assert (source["path"], source["title"]) == ("biology/cells.pdf", "All cells")
    assert (source["media_type"], source["text"]) == ("application/pdf", "Cells live.")


async def test_json_takes_html_by_its_path(api: Client) -> None:
    done = await added(api, path="a.html", text="<nav>Menu</nav><h1>Cell</h1><p>It lives.")

    assert (await shown(api, done))["text"] == "# Cell\n\nIt lives."


async def test_a_source_is_replaced_in_its_place(api: Client) -> None:
    done = await added(api)
    at = f"/api/v1/sources/{done['id']}"

    text = {"text": "# Cells\n\nThey grow."}
    replaced = await api.put(at, json=text, headers=FIRST)
    late = await api.put(at, json={"text": "# No\n\nLate."}, headers=FIRST)

    source = await shown(api, await replaced.json())
    assert (source["path"], source["title"], source["version"]) == (CELL["path"], "Cells", 2)
    assert late.status == 412


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"path": "../a.md"}, 422, "no part of it may be empty, . or .."),
        ({"path": "a.docx", "media_type": "application/msword"}, 415, "Send Markdown"),
        ({"text": " "}, 422, "biology/cell.md holds no text"),
        ({"text": "# Only\n"}, 422, "headings but no text"),
        ({"language": "klingonian language"}, 422, "is not a language"),
        ({"media_type": "application/pdf"}, 422, "cannot be read as a PDF"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_a_sentence(
    api: Client, fields: dict[str, str], status: int, said: str
) -> None:
    response = await api.post("/api/v1/sources", json=CELL | fields)

    problem = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert said in problem["detail"]


async def test_an_upload_that_is_no_text_is_refused_with_the_byte(api: Client) -> None:
    response = await api.post("/api/v1/sources", data=form(b"caf\xe9", "a.txt"))

    assert response.status == 422
    assert "the byte at offset 3 (0xE9)" in (await response.json())["detail"]


async def test_an_upload_over_the_limit_is_refused(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.library.extract.LIMIT", 10)

    response = await api.post("/api/v1/sources", data=form(b"0123456789a", "a.txt"))

    assert response.status == 413
    assert "a source may have 10" in (await response.json())["detail"]


async def test_a_file_that_takes_too_long_ends_in_a_sentence(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "SECONDS", 0.01)

    response = await api.post("/api/v1/sources", data=form(pdf(["Cells live."]), "a.pdf"))

    assert response.status == 422
    assert "took longer than 0.01 seconds" in (await response.json())["detail"]


async def test_a_repeated_key_answers_the_same_and_adds_once(api: Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await api.post("/api/v1/sources", json=CELL, headers=headers)
    second = await api.post("/api/v1/sources", json=CELL, headers=headers)
    other = await api.post("/api/v1/sources", json=CELL | {"path": "b.md"}, headers=headers)

    assert await first.json() == await second.json()
    assert (second.headers["Idempotency-Replayed"], other.status) == ("true", 422)


async def test_sources_are_listed_by_prefix_in_pages(api: Client) -> None:
    for path in ("b/2.md", "a.md", "b/1.md", "b/3.md", "b%/4.md"):
        done = await added(api, path=path)
    at = f"/api/v1/sources?prefix=b/&limit=2&min_position={done['position']}"

    first = await (await api.get(at)).json()
    second = await (await api.get(first["next"])).json()

    assert [source["path"] for source in first["items"]] == ["b/1.md", "b/2.md"]
    assert [source["path"] for source in second["items"]] == ["b/3.md"]
    assert second["next"] is None


async def test_another_tenant_sees_and_changes_nothing(api: Client, bearer: Bearer) -> None:
    done = await added(api)
    await shown(api, done)
    at, foreign = f"/api/v1/sources/{done['id']}", bearer(tenant="other")
    found = await api.get("/api/v1/search?q=cell", headers=foreign)

    assert (await api.get(at, headers=foreign)).status == 404
    assert (await api.put(at, json={"text": "# A\n\nB."}, headers=foreign)).status == 404
    assert (await api.delete(at, headers=foreign)).status == 404
    assert (await found.json())["items"] == []


@pytest.mark.parametrize(
    ("filename", "given", "path"),
    [
        ("cell.md", "", "cell.md"),
        ("C:\\docs\\cell.md", "", "cell.md"),
        ("../../cell.md", "biology/", "biology/cell.md"),
        ("cell.md", "biology/unit.md", "biology/unit.md"),
    ],
)
def test_an_upload_gets_the_path_that_is_given_or_its_own_name(
    filename: str, given: str, path: str
) -> None:
    uploaded = library.SourceFile(Upload(filename, "text/markdown", b""), path=given)

    assert library.path_of(uploaded) == path
