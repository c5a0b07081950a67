"""``run.py prices``, as those who run the service use it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.commands.reach import on_database
from service.price import listing
from service.price.decider import Publish
from service.price.listing import BadList
from tests.price.published import publish

Project = Callable[[], Awaitable[None]]
CSV = "model,input_price,output_price\ngpt-4o-mini,0.15,0.60\nqwen3:8b,0,0\n"
MINI = Publish("gpt-4o-mini", Decimal("0.15"), Decimal("0.60"))
LITELLM = {
    "sample_spec": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "gpt-4o-mini": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07},
    "dall-e-3": {"mode": "image_generation", "output_cost_per_image": 0.04},
    "o1": {"input_cost_per_token": 0.000015, "output_cost_per_token": 6e-05},
}


@pytest.fixture
def named(database_url: str, projected: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names a database that has its projections; no .env is near."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")
    return database_url


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("prices", *arguments))


def published() -> list[tuple[str, str, str, str]]:
    """Return model, prices and actor of every publication there was."""
    query = (
        "SELECT data ->> 'model' AS model, data ->> 'input_price' AS input,"
        " data ->> 'output_price' AS output, metadata ->> 'actor' AS actor"
        " FROM log.events WHERE type = 'price.published' ORDER BY position"
    )
    rows = on_database(lambda database: database.fetch(query))
    return [tuple(row.values()) for row in rows]


def test_a_price_is_published_once_and_by_somebody(named: str) -> None:
    first = run("publish", "gpt-4o-mini", "0.15", "$0.60", "--actor", "ann")
    again = run("publish", "gpt-4o-mini", "0.150", "0.6")

    assert "gpt-4o-mini costs $0.15" in first.stdout
    assert "already costs" in again.stdout
    assert published() == [("gpt-4o-mini", "0.15", "0.60", "ann")]


@pytest.mark.parametrize("wrong", ["cheap", "NaN", "0.0000001", "100000"])
def test_what_is_no_price_is_refused_in_a_sentence(named: str, wrong: str) -> None:
    result = run("publish", "gpt-4o-mini", wrong, "1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1


def test_a_list_is_published_at_once_and_again_only_what_has_changed(
    named: str, tmp_path: Path
) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(CSV)
    assert run("import", str(file)).stdout.startswith("2 of 2 prices")
    file.write_text(CSV.replace("0.60", "0.70"))
    assert run("import", str(file)).stdout.startswith("1 of 2 prices")

    assert [row[:3] for row in published()] == [
        ("gpt-4o-mini", "0.15", "0.60"),
        ("qwen3:8b", "0", "0"),
        ("gpt-4o-mini", "0.15", "0.70"),
    ]


def test_a_list_with_a_bad_row_is_not_published_at_all(named: str, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(CSV + "bad,-1,0\n")

    result = run("import", str(file))
    assert result.exit_code == 1
    assert "Row 3" in result.stderr
    assert published() == []


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        "\ufeff" + CSV.replace("\n", "\r\n"),
        json.dumps([{"model": "gpt-4o-mini", "input_price": 0.15, "output_price": "0.60"}]),
        json.dumps(LITELLM),
    ],
    ids=["csv", "excel", "json", "litellm"],
)
def test_lists_of_every_form_are_read_exactly(text: str, tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(text, encoding="utf-8", newline="")

    found = {price.model: price for price in listing.read(file)}
    assert found["gpt-4o-mini"] == MINI
    assert "dall-e-3" not in found
    assert "sample_spec" not in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no list"),
        ("model,price\na,1\n", "Row 1"),
        ("model,input_price,output_price\n,1,1\n", "Row 1"),
        ("model,input_price,output_price\na,1,1\nb,1\n", "Row 2"),
        ("[1]", "no list"),
        ("{", "no list"),
        ('{"m": 1}', "no list"),
        ("{}", "no list"),
    ],
)
def test_what_is_no_list_is_refused_by_its_row(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(text)

    with pytest.raises(BadList, match=says):
        listing.read(file)


async def test_the_list_says_what_holds(
    database_url: str, projected: Project, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    await listing_of(log)
    await projected()
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DAYBOOK_SECRET_KEY", "a key for tests that opens nothing")

    rows = json.loads((await in_thread("list", "--json")).stdout)
    assert [(row["model"], row["input_price"]) for row in rows] == [("a", "2"), ("b", "1")]
    assert "published_at" in (await in_thread("list")).stdout


async def listing_of(log: Any) -> None:
    for model, price in (("b", "1"), ("a", "1"), ("a", "2")):
        await publish(log, model, price, "0")


async def in_thread(*arguments: str) -> Result:
    return await asyncio.to_thread(run, *arguments)
