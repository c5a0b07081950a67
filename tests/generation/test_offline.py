import asyncio
import re
import resource

import pytest
from msgspec.structs import replace

from service.generation.generator import NoSources, TooLittle, Unsupported
from service.generation.offline.offline import Offline
from service.generation.offline.reading.markup import shown
from service.generation.offline.teaching.wish import declined
from tests.generation.shelf import brief, course, material, written

KINDS = [
    ("cells.md", "cells", 4, "en"),
    ("canal.md", "the canal at Brindle", 3, "en"),
    ("zelle.md", "Die Zelle", 3, "de"),
    ("queues.md", "queue", 2, "en"),
    ("plain.txt", "bees", 2, "en"),
    ("list.md", "knots", 1, "en"),
]
every_kind = pytest.mark.parametrize(("name", "topic", "count", "language"), KINDS)


@every_kind
async def test_every_citation_is_verbatim(name: str, topic: str, count: int, language: str) -> None:
    source = material(name, language)

    _, lessons = await course(brief(topic, count, language=language), source)

    cited = [one for lesson in lessons for one in lesson.sources]
    assert cited
    assert all(source.text[one.start : one.end] == one.quote for one in cited)
    assert {one.path for one in cited} == {source.path}


@every_kind
async def test_every_sentence_shown_is_cited(
    name: str, topic: str, count: int, language: str
) -> None:
    _, lessons = await course(brief(topic, count, language=language), material(name, language))

    for lesson in lessons:
        cited = {shown(one.quote) for one in lesson.sources}
        quoted = re.findall(r"^> (.+)$", lesson.content_md, re.MULTILINE)
        assert set(quoted) <= cited


@every_kind
async def test_the_same_request_makes_the_same_course(
    name: str, topic: str, count: int, language: str
) -> None:
    asked = brief(topic, count, language=language)
    from service.generation.offline.teaching.curriculum import curriculum  # noqa: PLC0415

    first = await course(asked, material(name, language))
    curriculum.cache_clear()
    second = await course(asked, material(name, language))

    assert first == second


@every_kind
async def test_lessons_do_not_repeat_each_other(
    name: str, topic: str, count: int, language: str
) -> None:
    _, lessons = await course(brief(topic, count, language=language), material(name, language))

    spans = [(one.start, one.end) for lesson in lessons for one in lesson.sources]
    assert len(lessons) == count
    assert len(spans) == len(set(spans))


async def test_a_lesson_is_framed_as_a_study_guide() -> None:
    _, lessons = await course(brief("cells", 4), material("cells.md"))

    headings = [one.heading for one in lessons[2].sections]
    assert headings == [
        "What this lesson is about",
        "What you will learn",
        "Respiration",
        "Photosynthesis",
        "Key terms",
        "Worth remembering",
        "Recap",
    ]
    assert all(f"## {one}\n" in lessons[2].content_md for one in headings)


async def test_lessons_take_the_names_and_the_order_of_the_sources_parts() -> None:
    outline, _ = await course(brief("cells", 4), material("cells.md"))

    titles = [one.title for one in outline.lessons]
    assert titles == [
        "The parts of a cell",
        "Crossing the membrane",
        "Energy for the cell",
        "How cells divide",
    ]


async def test_the_authors_objectives_go_to_the_lessons_that_meet_them() -> None:
    outline, _ = await course(brief("cells", 4), material("cells.md"))

    aims = [" ".join(one.learning_objectives) for one in outline.lessons]
    assert "Name the main parts of a cell" in aims[0]
    assert "cross the cell membrane" in aims[1]
    assert "gains energy from sugar" in aims[2]
    assert "stages of cell division" in aims[3]


async def test_stressed_terms_are_defined_by_their_own_sentences() -> None:
    _, lessons = await course(brief("cells", 4), material("cells.md"))

    terms = next(one for one in lessons[1].sections if one.heading == "Key terms").markdown
    assert "- **osmosis**: the movement of water through a membrane" in terms
    assert "- **turgor**: The pressure of the water against the wall\n" in terms


async def test_nothing_points_at_figures_links_or_what_was_left_out() -> None:
    _, lessons = await course(brief("cells", 4), material("cells.md"))

    text = "".join(one.content_md for one in lessons)
    assert "Figure 2" not in text
    assert "example.org" not in text
    assert "Further reading" not in text


async def test_tables_lists_and_code_survive() -> None:
    _, cells = await course(brief("cells", 1), material("cells.md"))
    _, queues = await course(brief("queue", 1), material("queues.md"))

    assert (
        "| Chloroplast | Catches light and makes sugar | In the cytoplasm |" in cells[0].content_md
    )
    assert "1. The chromosomes shorten and become visible\n2. The membrane" in cells[0].content_md
    assert '```python\nnames = Queue()\nnames.push("Ada")' in queues[0].content_md


async def test_a_german_source_makes_a_german_course() -> None:
    outline, lessons = await course(
        brief("Die Zelle", 2, "Klasse 7", "de"), material("zelle.md", "de")
    )

    assert lessons[0].sections[0].heading == "Worum es geht"
    assert "Zellkern" in outline.lessons[0].key_concepts
    assert "Abbildung" not in lessons[0].content_md
    assert "Zusammenfassung" not in lessons[0].content_md


async def test_another_language_gets_english_framing_around_its_own_sentences() -> None:
    text = (
        "# Le fromage\n\nLe fromage est un aliment fait de lait. La présure est une substance qui "
        "fait cailler le lait. Le caillé est la partie solide du lait. On presse ensuite le caillé "
        "dans un moule. Le sel protège le fromage et lui donne du goût.\n\n"
        "Le lait vient de la vache, de la chèvre ou de la brebis. Les fromages de chèvre mûrissent "
        "vite. Les fromages de vache mûrissent souvent pendant plusieurs mois dans une cave."
    )

    _, lessons = await course(
        brief("fromage", 1, language="fr"), written(text, "school/fromage.md", "fr")
    )

    assert lessons[0].sections[0].heading == "What this lesson is about"
    assert "La présure est une substance" in lessons[0].content_md


async def test_sources_that_carry_fewer_lessons_say_how_many() -> None:
    with pytest.raises(TooLittle, match="carry at most 1 lesson on “bees”") as failure:
        await course(brief("bees", 50), written("Bees live in colonies. " + BEES))

    assert failure.value.advice == "Ask for 1 or add sources."
    assert not failure.value.retryable


BEES = (
    "A colony is a family of bees with one queen. The queen lays all the eggs of the colony. "
    "Workers clean the cells and feed the larvae of the colony all day. Older workers fly out to "
    "gather food for the others. Drones mate with a young queen and do no other work at all. "
    "The workers drive the drones out of the colony in late summer, before the food runs short.\n"
)


async def test_a_source_too_thin_for_any_lesson_says_so() -> None:
    with pytest.raises(TooLittle, match="hold too little text on “bees”"):
        await course(brief("bees", 1), written("# Bees\n\nBees hum.\n"))


async def test_no_sources_says_how_to_add_some() -> None:
    with pytest.raises(
        NoSources, match="no sources under school/ that speak of “osmosis”"
    ) as failure:
        await course(brief("osmosis", 1))

    assert "run.py ingest" in failure.value.advice


async def test_a_topic_that_no_source_names_tells_what_there_is() -> None:
    with pytest.raises(NoSources) as failure:
        await course(brief("quantum gravity", 1), material("cells.md"), material("canal.md"))

    assert "The living cell; The canal at Brindle" in failure.value.advice


async def test_a_course_in_a_language_the_sources_lack_is_not_translated() -> None:
    with pytest.raises(Unsupported, match="cannot translate"):
        await course(brief("Zelle", 1, language="de"), material("cells.md"))


async def test_instructions_that_can_be_followed_are() -> None:
    asked, source = brief("cells", 1), material("cells.md")

    _, plain = await course(asked, source)
    _, short = await course(replace(asked, instructions="Please make it shorter."), source)

    assert short[0].readability.words < 0.75 * plain[0].readability.words


async def test_instructions_leave_a_lesson_its_subject() -> None:
    asked, source = brief("cells", 4), material("cells.md")
    outline = (await Offline().outline(asked, [source])).value
    easier = replace(asked, instructions="much shorter and easier, please")

    lesson = (await Offline().lesson(easier, outline, 3, [source])).value

    assert lesson.title == "Energy for the cell"
    assert "**Respiration** is the release of energy" in lesson.content_md
    assert "Osmosis" not in lesson.content_md


async def test_other_instructions_are_declined_with_what_can_be_done() -> None:
    asked = replace(brief("cells", 1), instructions="Explain it with an analogy to football")

    with pytest.raises(Unsupported, match="analogy to football") as failure:
        await course(asked, material("cells.md"))

    assert "shorter or longer" in failure.value.advice


def test_what_needs_a_writer_is_declined() -> None:
    failure = declined("analogies")

    assert failure.error == "The offline generator quotes sources and cannot write analogies."
    assert not failure.retryable


async def test_sources_stand_in_the_order_of_the_numbers_in_their_names() -> None:
    text = material("cells.md").text
    ninth, tenth = (written(text.replace("cell", f"cell{n}"), f"school/{n}.md") for n in (9, 10))

    outline, _ = await course(brief("cell9 and cell10", 2), tenth, ninth)

    assert "cell9" in outline.lessons[0].description
    assert "cell10" in outline.lessons[1].description


async def test_an_outline_of_changed_sources_still_gets_fitting_lessons() -> None:
    asked, source = brief("cells", 4), material("cells.md")
    outline = (await Offline().outline(asked, [source])).value
    parts = source.text.split("\n## ")
    turned = "\n## ".join([parts[0], *parts[4:5], *parts[1:4], *parts[5:]])

    made = await Offline().lesson(asked, outline, 4, [written(turned, source.path)])
    lesson = made.value

    assert lesson.title == "How cells divide"
    assert "Mitosis" in lesson.content_md


async def test_a_long_source_is_read_where_it_speaks_of_the_topic() -> None:
    filler = "The ledger lists barrels of salted herring and bolts of grey cloth for the fort.\n\n"
    text = filler * 13_000 + material("cells.md").text + filler * 13_000
    source = written(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    _, lessons = await course(brief("osmosis and diffusion", 1), source)

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert len(text) > 2_000_000
    assert "Osmosis" in lessons[0].content_md
    assert grown < 200_000  # kilobytes
    assert all(text[one.start : one.end] == one.quote for one in lessons[0].sources)


async def test_the_event_loop_runs_on_while_a_course_is_outlined() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await Offline().outline(brief("cells", 2, "Grade 5"), [material("cells.md")])
    ticking.cancel()

    assert ticks > 10


async def test_what_two_sources_say_word_for_word_is_taught_once() -> None:
    shared = "Osmosis moves water through the membrane of every living cell in the plant."
    bees = material("plain.txt").text.replace("colony", "cell")
    one = written(f"{material('cells.md').text}\n\n## Again\n\n{shared}\n", "school/1.md")
    other = written(f"# Water\n\n{shared}\n\n{bees}", "school/2.md")

    _, lessons = await course(brief("cell", 3, "university"), one, other)

    bodies = [lesson.content_md.split("## Key terms")[0] for lesson in lessons]
    assert "".join(bodies).count(shared) == 1


async def test_a_lesson_is_never_made_of_a_few_words() -> None:
    life = " ".join(material("plain.txt").text.split()[:90])
    source = written(f"# Bees\n\n## Life\n\n{life}.\n\n## End\n\nBees sleep in winter.\n")

    with pytest.raises(TooLittle, match="at most 1 lesson"):
        await course(brief("bees", 2), source)
