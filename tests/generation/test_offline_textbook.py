import asyncio
import re
from functools import partial
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.generation.generator import NoSources, TooLittle, Unsupported
from service.generation.offline.author import OfflineAuthor
from service.generation.offline.reading.markup import plain, shown
from service.generation.offline.textbook import syllabus
from service.generation.offline.textbook.room import room
from service.textbook.content import Policy
from service.textbook.length import minutes, words
from service.textbook.policy import faults
from service.textbook.section import headings
from tests.generation.shelf import material, written
from tests.generation.textbooks import SMALL, brief, chapter, textbook

KINDS = [
    ("cells.md", "The living cell", 3, "en"),
    ("canal.md", "The canal at Brindle", 2, "en"),
    ("zelle.md", "Die Zelle", 2, "de"),
    ("queues.md", "Queues", 1, "en"),
    ("plain.txt", "Bees", 1, "en"),
]
every_kind = pytest.mark.parametrize(("name", "title", "count", "language"), KINDS)
IMPORTANT = [
    "The stone must be weighed before it is cut.",
    "A mason marks the side that faces the weather.",
]


def page(title: str, subject: str, paragraphs: int, more: str = "") -> str:
    """Return a page of a made-up book on stones: so many paragraphs, no sentence twice."""
    body = "\n\n".join(
        f"The {subject} of quarry {n} is a stone that was laid down in age {n}. Masons of town {n} "
        f"split the {subject} into slabs with wedges of wood number {n}. A slab of {subject} {n} "
        f"can carry a load of {n} carts before it breaks along its grain. Frost opens "
        f"the {subject} of slab {n} because water swells when it turns to ice in {subject} {n}."
        for n in range(1, paragraphs + 1)
    )
    return f"# {title}\n\n## The {subject}\n\n{body}\n{more}"


@every_kind
async def test_every_quote_is_verbatim(name: str, title: str, count: int, language: str) -> None:
    source = material(name, language)

    _, chapters = await textbook(brief(title, count, language=language), source)

    cited = [one for own in chapters for one in own.citations]
    assert all(own.draft.sources and own.summary.sources for own in chapters)
    assert all(source.text[one.start : one.end] == one.quote for one in cited)
    assert {one.path for one in cited} == {source.path}


@every_kind
async def test_every_sentence_of_a_chapter_is_quoted(
    name: str, title: str, count: int, language: str
) -> None:
    _, chapters = await textbook(brief(title, count, language=language), material(name, language))

    for own in chapters:
        quoted = " ".join(plain(shown(one.quote)) for one in own.draft.sources)
        prose = [
            line
            for line in re.sub(r"```.*?```", "", own.draft.markdown, flags=re.DOTALL).split("\n")
            if line and not line.startswith(("#", "*Source", "*Quelle", "|"))
        ]
        assert prose
        for line in prose:
            bare = plain(re.sub(r"^\s*(?:-|\d+\.) ", "", line))
            assert bare.split(". ")[0].rstrip(".") in quoted


@every_kind
async def test_a_chapter_is_what_the_policy_asks_for(
    name: str, title: str, count: int, language: str
) -> None:
    plan, chapters = await textbook(
        brief(title, count, language=language), material(name, language)
    )

    assert len(plan.chapters) == len(chapters) == count
    assert [faults(SMALL, own.parts) for own in chapters] == [()] * count


async def test_sources_are_read_once_however_many_textbooks_are_made_at_once() -> None:
    source, many = [material("cells.md")], [brief(f"The living cell {n}", 2) for n in range(6)]
    authors = [OfflineAuthor() for _ in many]
    syllabus.kept.cache_clear()

    plans = [await one.plan(asked, source) for one, asked in zip(authors, many, strict=True)]
    for one, asked, plan in zip(authors, many, plans, strict=True):
        draft = (await one.chapter(asked, plan.value, 1, source)).value
        await one.summary(asked, draft, source)

    assert syllabus.kept.cache_info().misses == len(many)


@every_kind
async def test_the_same_material_makes_the_same_textbook(
    name: str, title: str, count: int, language: str
) -> None:
    asked = brief(title, count, language=language)

    first = await textbook(asked, material(name, language))
    syllabus.kept.cache_clear()
    second = await textbook(asked, material(name, language))

    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@every_kind
async def test_nothing_is_said_twice(name: str, title: str, count: int, language: str) -> None:
    _, chapters = await textbook(brief(title, count, language=language), material(name, language))

    spans = [(one.start, one.end) for own in chapters for one in own.draft.sources]
    assert len(spans) == len(set(spans))
    for own in chapters:
        points = set(own.draft.key_points)
        assert not points & set(own.summary.takeaways) or len(own.summary.takeaways) <= 2


async def test_chapters_take_the_names_and_the_order_of_the_sources_parts() -> None:
    plan, chapters = await textbook(brief("The living cell", 3), material("cells.md"))

    assert [one.title for one in plan.chapters] == [
        "The parts of a cell",
        "Crossing the membrane",
        "Energy for the cell and how cells divide",
    ]
    assert headings(chapters[1].draft.markdown) == ("Diffusion", "Osmosis", "Active transport")
    assert "“Diffusion”, “Osmosis” and “Active transport”" in plan.chapters[1].description
    assert plan.chapters[1].key_points == chapters[1].draft.key_points


async def test_sections_stand_at_level_two_and_no_level_is_left_out() -> None:
    _, chapters = await textbook(brief("The living cell", 3), material("cells.md"))

    for own in chapters:
        levels = [len(one) for one in re.findall(r"^(#+) ", own.draft.markdown, re.MULTILINE)]
        assert levels[0] == 2
        assert all(2 <= after <= before + 1 for before, after in pairwise(levels))


async def test_takeaways_are_sentences_of_the_chapter() -> None:
    _, chapters = await textbook(brief("The living cell", 3), material("cells.md"))

    for own in chapters:
        said = plain(own.draft.markdown)
        assert all(one in said for one in (*own.summary.takeaways, *own.draft.key_points))


async def test_analogies_are_refused_with_the_reason() -> None:
    asked = brief("The living cell", 1, policy=replace(SMALL, analogies="required"))

    _, (own,) = await textbook(asked, material("cells.md"))

    (refused, *_) = own.boosters.refused
    assert refused.kind == "analogy"
    assert "cannot write analogies" in refused.reason
    assert any(refused.reason.rstrip(".") in fault for fault in faults(asked.policy, own.parts))


async def test_boosters_say_what_the_chapter_has_no_room_for() -> None:
    policy = replace(SMALL, boosters_min=2, boosters_max=3)

    _, (own,) = await textbook(brief("The living cell", 1, policy=policy), material("cells.md"))

    shown_there = set(headings(own.draft.markdown))
    quoted = {(one.start, one.end) for one in own.draft.sources}
    assert faults(policy, own.parts) == ()
    for one in own.boosters.made:
        assert one.section_ref in {"", *shown_there}
        assert not quoted & {(cited.start, cited.end) for cited in one.sources}


async def test_instructions_make_a_chapter_shorter_or_longer_within_the_policy() -> None:
    source, asked = material("cells.md"), brief("The living cell", 1)
    plan = (await OfflineAuthor().plan(asked, [source])).value
    made = [
        await chapter(replace(asked, instructions=text), plan, 1, [source])
        for text in ("Please make it shorter.", "", "Longer, with more questions")
    ]

    short, usual, long = (words(own.draft.markdown) for own in made)
    assert short < usual < long
    assert [faults(SMALL, own.parts) for own in made] == [(), (), ()]
    assert len(made[2].questions) == SMALL.questions_max


async def test_other_instructions_are_declined() -> None:
    source, asked = material("cells.md"), brief("The living cell", 1)
    plan = (await OfflineAuthor().plan(asked, [source])).value

    with pytest.raises(Unsupported, match="football"):
        await chapter(replace(asked, instructions="Write about football"), plan, 1, [source])


async def test_other_parts_are_made_of_the_text_that_the_chapter_has() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3)
    _, chapters = await textbook(asked, source)
    draft, author = chapters[1].draft, OfflineAuthor()
    parts = source.text.split("\n## ")
    turned = written("\n## ".join([parts[0], *parts[3:], *parts[1:3]]), source.path)

    summary = (await author.summary(asked, draft, [turned])).value
    questions = (await author.quiz(asked, draft, [turned])).value

    said = plain(draft.markdown)
    assert all(one in said for one in summary.takeaways)
    assert len(questions) >= SMALL.questions_min
    assert all(one.topic in {*headings(draft.markdown), draft.title} for one in questions)


async def test_a_plan_of_changed_sources_still_gets_fitting_chapters() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3)
    plan = (await OfflineAuthor().plan(asked, [source])).value
    parts = source.text.split("\n## ")
    turned = written("\n## ".join([parts[0], *parts[3:], *parts[1:3]]), source.path)

    made = (await OfflineAuthor().chapter(asked, plan, 2, [turned])).value

    assert made.title == "Crossing the membrane"
    assert "**Osmosis** is the movement of water" in made.markdown


async def test_sources_stand_in_the_order_of_the_numbers_in_their_titles() -> None:
    texts = {
        "z.md": page("Chapter 2. Marble", "marble", 6),
        "a.md": page("Chapter 10. Slate", "slate", 6),
        "m.md": page("Chapter 1. Granite", "granite", 6),
        "b.md": page("A word before", "basalt", 6),
    }
    sources = [written(text, f"school/{name}") for name, text in texts.items()]

    plan, _ = await textbook(brief("Stones of the quarry", 3), *sources)

    told = " ".join(one.description for one in plan.chapters)
    assert [told.index(name) for name in ("Granite", "Marble", "Slate")] == sorted(
        told.index(name) for name in ("Granite", "Marble", "Slate")
    )
    assert "A word before" not in told


async def test_a_plan_is_in_words_alone() -> None:
    parts = [page("", f"`{name}()` stone", 6).removeprefix("# \n") for name in ("cut", "lay")]
    source = written("# Stones\n" + "".join(parts), "stones.md")

    one, two = [(await textbook(brief("Stones", count), source))[0].chapters for count in (1, 2)]

    assert "“The cut() stone” and “The lay() stone”" in one[0].description
    assert [each.title for each in two] == ["The cut() stone", "The lay() stone"]


async def test_pages_about_a_book_teach_nothing() -> None:
    more = "\n## Appendix A. Tools\n\n" + " ".join(IMPORTANT * 3)

    _, (own,) = await textbook(brief("Stones", 1), written(page("Stones", "granite", 5, more)))

    assert "Appendix" not in own.draft.markdown
    assert all(one not in own.draft.markdown for one in IMPORTANT)


async def test_sources_that_carry_fewer_chapters_say_how_many() -> None:
    with pytest.raises(TooLittle, match="carry at most 5 chapters: 8 were asked for") as failure:
        await textbook(brief("The living cell", 8), material("cells.md"))

    assert re.search(r"hold 1,0\d\d words of connected text", failure.value.error)
    assert failure.value.advice.startswith("Ask for 5, add sources, or let chapters be shorter")


async def test_sources_too_thin_for_a_chapter_say_so() -> None:
    with pytest.raises(TooLittle, match=r"hold 102 words .* too few for a chapter"):
        await textbook(brief("Knots", 1), material("list.md"))


async def test_text_in_pieces_that_make_no_chapter_names_the_chapter() -> None:
    policy = replace(SMALL, words_min=400, words_max=405, reading_minutes_max=9)
    items = "\n".join(f"- The granite of quarry {n} is split along its grain." for n in range(150))
    source = written(f"# Stones\n\nGranite is split in many quarries:\n\n{items}\n")

    with pytest.raises(TooLittle, match=r"Chapter 1, “.+”, would have \d+ words, where 400 to 405"):
        await textbook(brief("Stones of granite", 1, policy=policy), source)


async def test_too_few_questions_are_told_by_figures() -> None:
    policy = replace(SMALL, questions_min=30, questions_max=40)

    with pytest.raises(TooLittle, match=r"Chapter 1, .+, gives \d+ questions .+ at least 30"):
        await textbook(brief("The living cell", 1, policy=policy), material("cells.md"))


async def test_too_few_takeaways_are_told_by_figures() -> None:
    policy = replace(SMALL, takeaways_min=90, takeaways_max=99)

    with pytest.raises(TooLittle, match=r"Chapter 1, .+, has \d+ sentences .+ at least 90"):
        await textbook(brief("The living cell", 1, policy=policy), material("cells.md"))


async def test_no_sources_says_how_to_add_some() -> None:
    with pytest.raises(NoSources, match="no sources under school/ that speak of “Osmosis”"):
        await textbook(brief("Osmosis", 1, "Biology"))


async def test_a_subject_that_no_source_names_tells_what_there_is() -> None:
    with pytest.raises(NoSources, match="speaks of “Quantum gravity”") as failure:
        await textbook(brief("Quantum gravity", 1, "Physics"), material("cells.md"))

    assert "The living cell" in failure.value.advice


async def test_a_textbook_in_a_language_the_sources_lack_is_not_translated() -> None:
    with pytest.raises(Unsupported, match="“en”, “de” was asked for"):
        await textbook(brief("Die Zelle", 1, language="de"), material("cells.md"))


async def test_chapters_can_be_made_side_by_side_while_the_event_loop_runs_on() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3)
    plan, chapters = await textbook(asked, source)
    syllabus.kept.cache_clear()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    make = partial(chapter, asked, plan, sources=[source])
    made = await asyncio.gather(*(make(number) for number in (3, 1, 2)))
    ticking.cancel()

    assert [made[1], made[2], made[0]] == chapters
    assert syllabus.kept.cache_info().misses == 1
    assert ticks > 10


async def test_provenance_names_the_spans_that_were_used() -> None:
    source, asked = material("cells.md"), brief("The living cell", 3)
    author = OfflineAuthor()
    planned = await author.plan(asked, [source])
    made = await author.chapter(asked, planned.value, 2, [source])

    assert [(one.start, one.end) for one in planned.provenance.chunks] == [(0, len(source.text))]
    assert [(one.start, one.end) for one in made.provenance.chunks] == [
        (one.start, one.end) for one in made.value.sources
    ]
    assert made.provenance.provider == "offline"


@given(
    st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(sorted),
    st.tuples(st.integers(1, 20), st.integers(1, 20)).map(sorted),
    st.sampled_from([frozenset[str](), frozenset({"shorter"}), frozenset({"longer"})]),
)
def test_the_room_of_a_chapter_is_what_its_policy_leaves(
    length: list[int], pace: list[int], changes: frozenset[str]
) -> None:
    policy = Policy(
        words_min=length[0],
        words_max=length[1],
        reading_minutes_min=pace[0],
        reading_minutes_max=pace[1],
    )

    made = room(policy, changes)

    assert made.least <= made.wanted <= made.most
    if made.most <= length[1]:  # the policy does not contradict itself
        for count in (made.least, made.wanted, made.most):
            assert max(length[0], 1) <= count
            assert pace[0] <= minutes(count)
    if made.most > made.least:
        assert minutes(made.most) <= pace[1]


def test_faults_of_the_version_before_change_nothing() -> None:
    asked = brief("The living cell", 2)
    source = material("cells.md")

    assert syllabus.syllabus(asked, [source]) is syllabus.syllabus(
        replace(asked, faults=("The text has 3 words.",)), [source]
    )
