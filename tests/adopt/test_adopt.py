"""Moving in for real: an old database and an old folder, and what the old queries then find."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import psycopg
import pytest
from typer.testing import CliRunner, Result

from service.adopt.adopt import Adoption, in_tables
from service.cli import app
from service.course import views
from service.database import Database
from service.gateway.files import read
from service.http.token import tenant
from service.job.decider import JOB, Ended, Retry
from service.log.append import GroupAppender
from service.log.decider import Decider
from service.log.handle import Loaded, Log
from tests.analyst.logins import login, session
from tests.conftest import clone, drop, on
from tests.projection.histories import context

Project = Callable[[], Awaitable[None]]

TABLES: Final = (Path(__file__).parent / "old.sql").read_text()
WHOLE = UUID("c0000000-0000-4000-8000-000000000001")
HALF = UUID("c0000000-0000-4000-8000-000000000002")
NONE = UUID("c0000000-0000-4000-8000-000000000003")
LESSONS = [UUID(f"d0000000-0000-4000-8000-00000000000{n}") for n in (1, 2)]
DEFAULT = tenant("default")


@pytest.fixture
def old(server: str) -> Iterator[str]:
    """The URL of an old generator's database."""
    name = f"old_{uuid4().hex}"
    clone(server, name, "template1")
    with psycopg.connect(on(server, name), autocommit=True) as connection:
        connection.execute(TABLES)
    yield on(server, name)
    drop(server, name)


@pytest.fixture
def named(
    database_url: str, projected: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_URL names a database that has its projections; no .env is near."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["adopt", "courses", *arguments])


async def rows(*arguments: str) -> list[dict[str, Any]]:
    result = await run(*arguments, "--json")
    return [json.loads(line) for line in result.stdout.splitlines()]


async def head(database: Database) -> int:
    return int(await database.fetchval("SELECT position FROM log.head"))


async def test_tables_are_taken_over_with_ids_slugs_and_times(
    old: str, named: None, database: Database
) -> None:
    result = await run("--database", old)

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "adopted cell-biology-course: 2 of 2 lessons",
        "adopted cell-biology-course-2: 1 of 3 lessons",
        f"adopted {NONE}: 0 of 4 lessons",
        "3 adopted",
    ]
    course = await views.course(database, DEFAULT, "cell-biology-course")
    assert course is not None
    assert (course.id, course.status, course.user_id) == (
        WHOLE,
        "READY",
        "a0000000-0000-4000-8000-000000000001",
    )
    assert course.created_at == datetime(2025, 11, 3, 9, tzinfo=UTC)
    assert course.generated_at == datetime(2025, 11, 3, 9, 5, tzinfo=UTC)
    lessons = await views.lessons(database, DEFAULT, WHOLE)
    assert [lesson.id for lesson in lessons] == LESSONS
    first = await views.lesson(database, DEFAULT, WHOLE, 1)
    assert first is not None
    assert first.content_md.startswith("# The cell\n\nThe cell is")
    assert [one["question"] for one in json.loads(bytes(first.checks))] == [
        "What is a cell?",
        "Has it parts?",
    ]
    assert json.loads(bytes(first.sections))[0]["heading"] == "Introduction"
    came = await database.fetchrow(
        "SELECT metadata -> 'provenance' ->> 'provider' AS provider,"
        " metadata ->> 'correlation_id' AS because FROM log.events"
        " WHERE stream_id = $1 AND type = 'lesson.generated' LIMIT 1",
        WHOLE,
    )
    assert came["provider"] == "imported"
    assert came["because"] == str(course.job_id)


async def test_what_was_not_finished_can_be_finished_here(
    old: str, named: None, database: Database, log: Log, projected: Project
) -> None:
    await run("--database", old)

    for course_id, says in ((HALF, "1 of 3 lessons"), (NONE, "OpenAI timed out")):
        course = await views.course(database, DEFAULT, course_id)
        assert course is not None
        assert course.status == "FAILED"
        assert says in str(course.error_message)
        loaded = await log.load(JOB, course.job_id, DEFAULT)
        assert isinstance(loaded.state, Ended)
        job_id = course.job_id
        assert await database.fetchval("SELECT count(*) FROM job.queue") == 0
    await log.handle(JOB, job_id, Retry(), context(DEFAULT))
    assert await database.fetchval("SELECT count(*) FROM job.queue") == 1


async def test_twice_brings_nothing_new_and_later_what_was_made_meanwhile(
    old: str, named: None, database: Database
) -> None:
    await run("--database", old)
    before = await head(database)

    again = await run("--database", old)

    assert again.stdout.splitlines()[-1] == "3 unchanged"
    assert await head(database) == before
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute(
            "WITH made AS (INSERT INTO lessons (course_id, lesson_number, title)"
            " SELECT %s, n, 'More' FROM generate_series(2, 3) AS n RETURNING id)"
            " INSERT INTO lesson_bodies (lesson_id, content_md) SELECT id, 'Text.' FROM made",
            (HALF,),
        )
        connection.execute("UPDATE courses SET status = 'READY' WHERE id = %s", (HALF,))
    later = await run("--database", old)
    assert "completed cell-biology-course-2: 2 of 3 lessons" in later.stdout
    course = await views.course(database, DEFAULT, HALF)
    assert course is not None
    assert (course.status, course.lessons_ready) == ("READY", 3)


async def test_several_at_once_bring_everything_once(
    old: str, named: None, database: Database, appender: GroupAppender
) -> None:
    async def adopted() -> list[str]:
        adoption = Adoption(Log(database, appender), database, context(DEFAULT))
        return [
            (await adoption.take(known_as, course)).outcome
            async for known_as, _, course in in_tables(old)
        ]

    results = await asyncio.gather(*(adopted() for _ in range(4)))

    assert [sorted(each) for each in zip(*results, strict=True)] == [
        ["adopted", "unchanged", "unchanged", "unchanged"]
    ] * 3
    events = await database.fetchval(
        "SELECT count(*) FROM log.events WHERE category = 'course' AND stream_id = $1", WHOLE
    )
    assert events == 5


class Overtaken(Log):
    """A log whose reader is overtaken by somebody else between its first read and its second."""

    meanwhile: Callable[[], Awaitable[object]] | None = None
    reads = 0

    async def load(
        self,
        decider: Decider[Any, Any, Any],
        stream_id: UUID,
        tenant_id: UUID | None,
        *,
        fresh: bool = True,
    ) -> Loaded:
        self.reads += 1
        if self.reads > 1 and self.meanwhile is not None:
            overtaking, self.meanwhile = self.meanwhile, None
            await overtaking()
        return await super().load(decider, stream_id, tenant_id, fresh=fresh)


async def test_whoever_is_overtaken_between_two_reads_finds_it_done(
    old: str, named: None, database: Database, appender: GroupAppender
) -> None:
    (known_as, _, course), *_ = [found async for found in in_tables(old)]
    log = Overtaken(database, appender)
    other = Adoption(Log(database, appender), database, context(DEFAULT))
    log.meanwhile = partial(other.take, known_as, course)

    row = await Adoption(log, database, context(DEFAULT)).take(known_as, course)

    assert row.outcome == "unchanged"
    assert log.meanwhile is None


async def test_only_to_say_changes_nothing(old: str, named: None, database: Database) -> None:
    before = await head(database)

    result = await run("--database", old, "--dry-run")

    assert result.stdout.splitlines()[-1] == "3 adopted (nothing was changed)"
    assert await head(database) == before


async def test_another_tenant_does_not_get_what_one_has(
    old: str, named: None, database: Database
) -> None:
    await run("--database", old)

    again = await run("--database", old, "--tenant", "school")

    assert again.exit_code == 1
    assert again.stdout.splitlines()[-1] == "3 refused"
    assert "taken here" in again.stderr
    assert await views.course(database, tenant("school"), WHOLE) is None


async def test_a_slug_that_is_taken_is_told_of(old: str, named: None, database: Database) -> None:
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute("UPDATE courses SET slug = upper(slug) WHERE id = %s", (WHOLE,))

    result = await run("--database", old)

    assert "CELL-BIOLOGY-COURSE is called cell-biology-course here." in result.stderr


async def test_a_database_that_is_none_is_told_in_a_sentence(
    named: None, database_url: str
) -> None:
    nowhere = await run("--database", "postgresql://u:s3cret@127.0.0.1:1/x")
    other = await run("--database", database_url)
    neither = await run()

    assert "127.0.0.1:1/x cannot be reached" in nowhere.stderr
    assert "s3cret" not in nowhere.output
    assert "no table courses" in other.stderr
    assert "Name the old courses folder" in neither.stderr
    assert {result.exit_code for result in (nowhere, other, neither)} == {1}


async def test_a_folder_is_taken_over(named: None, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "courses"
    data = {
        "course_title": "Cell Biology Course",
        "topic": "Cell Biology",
        "lessons": [{"lesson_number": 1, "title": "The cell", "content": "# The cell\n\nSmall."}],
    }
    for name, text in (("cell-biology", json.dumps(data)), ("broken", "{"), ("odd", "[]")):
        (folder / name).mkdir(parents=True)
        (folder / name / "course.json").write_text(text)

    unowned = await rows(str(folder))
    owned = await run(str(folder), "--user", "ann")
    again = await run(str(folder), "--user", "ann")

    assert [(row["known_as"], row["outcome"]) for row in unowned] == [
        ("broken/course.json", "refused"),
        ("cell-biology/course.json", "refused"),
        ("odd/course.json", "skipped"),
    ]
    assert "--user" in unowned[1]["reason"]
    assert "adopted cell-biology: 1 of 1 lessons" in owned.stdout
    assert "unchanged cell-biology" in again.stdout
    course = await views.course(database, DEFAULT, "cell-biology")
    assert course is not None
    assert (course.status, course.user_id) == ("READY", "ann")


async def test_no_two_courses_have_a_lesson_of_one_id(
    named: None, database: Database, tmp_path: Path
) -> None:
    lesson = {"id": str(LESSONS[0]), "lesson_number": 1, "title": "One", "content": "Text."}
    for folder, name in (("first", "light"), ("first", "leaf"), ("second", "dark")):
        place = tmp_path / folder / name / "course.json"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps({"title": name, "user_id": "ann", "lessons": [lesson]}))

    await run(str(tmp_path / "first"))
    await run(str(tmp_path / "second"))

    made = await database.fetch("SELECT id FROM read.lessons")
    assert len({row["id"] for row in made}) == 3
    assert LESSONS[0] in {row["id"] for row in made}
    assert await database.fetchval("SELECT count(*) FROM read.courses WHERE status = 'READY'") == 3


async def test_a_folder_that_this_service_kept_comes_back_as_it_was(
    old: str, named: None, database: Database, database_url: str, tmp_path: Path,
    prepared: str, server: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await run("--database", old)
    kept = tmp_path / "kept"
    await asyncio.to_thread(CliRunner().invoke, app, ["export", "courses", "--out", str(kept)])
    before = {path.name: path for path in kept.iterdir()}
    name = f"daybook_{uuid4().hex}"
    clone(server, name, prepared)
    try:
        monkeypatch.setenv("DATABASE_URL", on(server, name))
        result = await run(str(kept))
        assert result.exit_code == 0, result.output
        elsewhere = Database(on(server, name))
        await elsewhere.open()
        found = await read(elsewhere, DEFAULT, WHOLE)
        await elsewhere.close()
    finally:
        drop(server, name)

    assert found is not None
    assert found.name in before
    for file, data in found.files.items():
        assert data == (kept / found.name / file).read_bytes()
    shutil.rmtree(kept)


QUERIES: Final = (
    """SELECT id, title, status, generated_at
FROM courses
WHERE user_id = 'user-uuid'
ORDER BY created_at DESC;""",
    """SELECT c.title, l.lesson_number, l.title as lesson_title
FROM courses c
JOIN lessons l ON c.id = l.course_id
WHERE c.id = 'course-uuid'
ORDER BY l.lesson_number;""",
    """SELECT status, COUNT(*)
FROM courses
WHERE created_at > NOW() - INTERVAL '24 hours'
GROUP BY status;""",
    """SELECT title, error_message, created_at
FROM courses
WHERE status = 'FAILED'
ORDER BY created_at DESC;""",
    """SELECT * FROM v_course_summary
WHERE created_at > NOW() - INTERVAL '7 days';""",
    """SELECT * FROM v_course_lessons
WHERE course_id = 'course-uuid';""",
    """SELECT * FROM v_lessons_full
WHERE course_id = 'course-uuid'
ORDER BY lesson_number;""",
    "SELECT * FROM courses ORDER BY created_at DESC LIMIT 1;",
    "SELECT * FROM lessons WHERE course_id = 'course-uuid';",
    "SELECT * FROM v_lessons_full WHERE course_id = 'course-uuid';",
)
"""What the old service's own documents tell people to ask, word for word."""
OTHERWISE: Final = {
    "user_id", "sources", "content_json", "error_message", "outline_json", "updated_at",
}  # fmt: skip
"""Columns that say the same in another shape, or say more."""


def asked(query: str) -> str:
    user = "a0000000-0000-4000-8000-000000000001"
    return query.replace("user-uuid", user).replace("course-uuid", str(WHOLE))


def seen(rows: list[Any], columns: list[str]) -> list[str]:
    return sorted(repr([row[column] for column in columns]) for row in rows)


async def test_the_old_queries_find_the_same_here(
    old: str, named: None, database: Database, database_url: str
) -> None:
    with psycopg.connect(old, autocommit=True) as connection:
        connection.execute("DELETE FROM courses WHERE id = %s", (HALF,))
        connection.execute(
            "UPDATE courses SET grade_level = 'Grade 8', generated_at = NULL,"
            " created_at = now() - interval '1 hour' WHERE id = %s",
            (NONE,),
        )
        connection.execute("UPDATE lessons SET generated_at = now() WHERE generated_at IS NULL")
    assert (await run("--database", old)).exit_code == 0
    before = await asyncpg.connect(old)

    async with login(database, database_url, DEFAULT) as ann, session(ann) as after:
        for query in QUERIES:
            theirs, ours = await before.fetch(asked(query)), await after.fetch(asked(query))
            assert theirs, query
            columns = [name for name in theirs[0].keys() if name not in OTHERWISE]  # noqa: SIM118 - a record's
            assert seen(ours, columns) == seen(theirs, columns), query
    await before.close()
