"""A chapter's versions over HTTP: listed, read, compared."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from service.http.call import Resources
from service.http.token import tenant
from service.textbook.chapter import Version
from service.textbook.commands import (
    PublishChapter,
    RecordBoosters,
    RecordChapter,
    RecordPlan,
    RecordQuiz,
    RecordSummary,
    Validate,
)
from service.textbook.comparison import compared
from service.textbook.content import Booster, Boosters, KnownQuestion, Parts, Summary
from service.textbook.identity import chapter_id
from tests.http.conftest import Client
from tests.textbook.pieces import ANEW, BOOSTERS, JOB, PLAN, QUESTIONS, SUMMARY, TEXT, draft, made
from tests.textbook.shelf import Json, asked, posted, read, recorded

MINE = "## Push\n\nWhat is pushed or pulled moves away."


@pytest.fixture
async def kept(api: Client, live: Resources) -> Json:
    """A chapter that was generated and published, edited, made anew too short, rolled back."""
    done = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1), PublishChapter(1))
    done = await posted(api, done, "/revise", markdown=MINE, title="My push")
    short = RecordChapter(draft(1, markdown="Too short"), ANEW, "Shorter.")
    done = await recorded(live, done, short, Validate(1, 3))
    return await posted(api, done, "/rollback", version=1)


async def listed(api: Client, done: Json) -> list[Json]:
    lines: list[Json] = (await read(api, done, "/chapters/1/versions"))["items"]
    return lines


async def test_versions_are_listed_with_who_made_them_and_what_became_of_them(
    api: Client, kept: Json
) -> None:
    lines = await listed(api, kept)

    names = ("version", "origin", "base", "title", "actor", "standing", "published", "latest")
    assert [tuple(line[name] for name in names) for line in lines] == [
        (1, "generated", 0, "Push and pull", "worker", "validated", True, False),
        (2, "revised", 1, "My push", "ada", "validated", False, False),
        (3, "generated", 0, "Push and pull", "worker", "rejected", False, False),
        (4, "rolled-back", 1, "Push and pull", "ada", "validated", False, True),
    ]
    assert [line["word_count"] for line in lines] == [6, 8, 2, 6]
    assert [bool(line["errors"]) for line in lines] == [False, False, True, False]
    assert [line["instructions"] for line in lines] == ["", "", "Shorter.", ""]
    assert [line["job_id"] for line in lines] == [str(JOB), None, str(ANEW), None]
    assert [line["published_at"] is None for line in lines] == [False, True, True, True]
    places = [line["textbook_version"] for line in lines]
    assert places == sorted(places)


async def test_versions_are_listed_in_pages(api: Client, kept: Json) -> None:
    first = await read(api, kept, "/chapters/1/versions", limit=3)
    following = await api.get(first["next"])

    of = await api.get(f"/api/v1/textbooks/{kept['id']}")
    assert following.headers["ETag"] == of.headers["ETag"]
    rest = await following.json()
    assert [line["version"] for line in first["items"]] == [1, 2, 3]
    assert ([line["version"] for line in rest["items"]], rest["next"]) == ([4], None)


async def test_the_list_is_that_of_the_analysts(api: Client, kept: Json, live: Resources) -> None:
    lines = await listed(api, kept)
    rows = await live.database.fetch(
        "SELECT version, origin, base, title, instructions, status AS standing, errors, word_count,"
        " reading_time_minutes, job_id, created_at, published_at, published, latest"
        " FROM read.v_content_versions WHERE textbook_id = $1 ORDER BY version",
        UUID(kept["id"]),
    )

    assert len(rows) == len(lines) == 4
    for row, line in zip(rows, lines, strict=True):
        plain: Json = {
            key: str(value) if isinstance(value, UUID) else value for key, value in row.items()
        }
        for key in ("created_at", "published_at"):
            plain[key] = plain[key] and plain[key].isoformat().replace("+00:00", "Z")
        assert {key: line[key] for key in plain} == plain


async def test_each_version_is_read_whole(api: Client, kept: Json) -> None:
    first, mine, short, back = [
        await read(api, kept, f"/chapters/1/versions/{number}") for number in (1, 2, 3, 4)
    ]

    assert [one["markdown"] for one in (first, mine, short, back)] == [
        TEXT,
        MINE,
        "Too short",
        TEXT,
    ]
    assert mine["content_hash"] == sha256(MINE.encode()).hexdigest()
    for part in ("takeaways", "questions", "boosters", "refused_boosters", "slug", "key_points"):
        assert first[part] == mine[part] == back[part]
    assert first["takeaways"] == list(SUMMARY.takeaways)
    assert [one["text"] for one in first["questions"]] == [QUESTIONS[0].text]
    assert [one["content"] for one in first["boosters"]] == [one.content for one in BOOSTERS.made]
    assert (short["takeaways"], short["questions"], short["boosters"]) == ([], [], [])
    assert first["id"] == str(chapter_id(UUID(kept["id"]), 1))
    assert mine["version"]["origin"] == "revised"
    assert [TEXT[one["start"] : one["end"]] for one in first["blocks"]] == [
        "## Push", "What is pushed moves away.",
    ]  # fmt: skip
    assert mine["blocks"][0] == first["blocks"][0]


async def test_what_readers_have_is_compared_with_the_latest(api: Client, kept: Json) -> None:
    told = await read(api, kept, "/chapters/1/diff")

    assert (told["before"]["version"], told["after"]["version"]) == (1, 4)
    assert told["counts"] == {"same": 2}
    assert told["changes"] == []


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({"from": 1, "to": 2}, (1, 2)),
        ({"from": 3, "to": 1}, (3, 1)),
        ({"to": 2}, (1, 2)),
        ({"to": 1}, (1, 1)),
        ({"from": 2}, (2, 4)),
        ({"from": 2, "to": 2}, (2, 2)),
    ],
)
async def test_any_two_versions_are_compared(
    api: Client, kept: Json, query: Json, versions: tuple[int, int]
) -> None:
    told = await read(api, kept, "/chapters/1/diff", **query)

    assert (told["before"]["version"], told["after"]["version"]) == versions


async def test_where_nothing_is_out_the_one_before_is_compared(
    api: Client, live: Resources
) -> None:
    done = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1), *made(1, 2, ANEW))

    told = await read(api, done, "/chapters/1/diff")

    assert (told["before"]["version"], told["after"]["version"]) == (1, 2)


async def test_a_text_is_compared_word_by_word(api: Client, kept: Json) -> None:
    told = await read(api, kept, "/chapters/1/diff", **{"from": 1, "to": 2})

    assert told["changes"] == [{"path": "/title", "before": "Push and pull", "after": "My push"}]
    assert told["counts"] == {"same": 1, "changed": 1}
    (changed,) = [block for block in told["blocks"] if block["change"] == "changed"]
    assert changed["words"] == [
        {"change": "same", "text": "What is pushed "},
        {"change": "added", "text": "or pulled "},
        {"change": "same", "text": "moves away."},
    ]
    assert {one["change"] for one in told["questions"]} == {"same"}


async def test_the_other_parts_are_compared_one_by_one(api: Client, live: Resources) -> None:
    done = await recorded(live, await asked(api), RecordPlan(PLAN), *made(1))
    asking = replace(QUESTIONS[0], options=(*QUESTIONS[0].options[:3], "It sinks down"))
    other = replace(QUESTIONS[0], text="Where does a magnet point to at night?", topic="Magnets")
    told = Boosters((Booster("example", "A lid opens.", "Push", 1),))
    done = await recorded(
        live,
        done,
        RecordChapter(draft(1), ANEW),
        RecordSummary(1, 2, Summary(("A force has a direction.", *SUMMARY.takeaways))),
        RecordQuiz(1, 2, (other, asking)),
        RecordBoosters(1, 2, told),
        Validate(1, 2),
    )

    found = await read(api, done, "/chapters/1/diff")

    assert [one["change"] for one in found["takeaways"]] == ["added", "same"]
    assert [(one["change"], one["before"]["kind"]) for one in found["boosters"]] == [
        ("changed", "example"), ("removed", "explanation"),
    ]  # fmt: skip
    assert {"change": "added", "text": "lid"} in found["boosters"][0]["words"]
    by_change = {one["change"]: one for one in found["questions"]}
    assert by_change.keys() == {"added", "changed"}
    assert by_change["added"]["after"]["topic"] == "Magnets"
    assert by_change["changed"]["before"]["id"] == by_change["changed"]["after"]["id"]
    assert by_change["changed"]["words"] == []


def version(*questions: KnownQuestion) -> Version:
    return Version(1, "Push", "push", (), (), Parts(TEXT, questions=questions))


def test_questions_are_told_apart_by_their_ids() -> None:
    fields = {name: getattr(QUESTIONS[0], name) for name in QUESTIONS[0].__struct_fields__}
    one, two, three = (
        KnownQuestion(**fields | {"text": text}, id=UUID(int=n))
        for n, text in enumerate(("What is a push?", "What is a pull?", "Who pulls?"), 1)
    )
    again = replace(one, id=UUID(int=9))
    reworded = replace(one, text="What is a hard push?")

    def changes(before: Version, after: Version) -> list[Any]:
        found = compared(UUID(int=5), before, after).questions
        return [
            (each.change, each.before and each.before.id.int, each.after and each.after.id.int)
            for each in found
        ]

    assert changes(version(one, two), version(one, two)) == [("same", 1, 1), ("same", 2, 2)]
    moved = changes(version(one, two, three), version(three, one))
    assert sorted(moved, key=str) == [("moved", 3, 3), ("removed", 2, None), ("same", 1, 1)]
    assert sorted(changes(version(one), version(again)), key=str) == [
        ("added", None, 9), ("removed", 1, None),
    ]  # fmt: skip
    (change,) = compared(UUID(int=5), version(one), version(reworded)).questions
    assert (change.change, [piece.text for piece in change.words if piece.change == "added"]) == (
        "changed", ["hard "],
    )  # fmt: skip
    assert changes(version(), version(one)) == [("added", None, 1)]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/chapters/1/versions/9", "no-such-version"),
        ("/chapters/1/diff?from=9", "no-such-version"),
        ("/chapters/1/diff?to=9", "no-such-version"),
        ("/chapters/2/versions", "no-such-chapter"),
        ("/chapters/2/versions/1", "no-such-chapter"),
        ("/chapters/3/diff", "no-such-chapter"),
    ],
)
async def test_what_is_not_there_is_said(api: Client, kept: Json, path: str, code: str) -> None:
    found = await api.get(f"/api/v1/textbooks/{kept['id']}{path}")

    assert (found.status, (await found.json())["code"]) == (404, code)


async def test_another_tenants_versions_are_not_there(api: Client, kept: Json, bearer: Any) -> None:
    assert tenant("elsewhere") != tenant("school")
    for path in ("/versions", "/versions/1", "/diff"):
        found = await api.get(
            f"/api/v1/textbooks/{kept['id']}/chapters/1{path}", headers=bearer(tenant="elsewhere")
        )
        assert found.status == 404
