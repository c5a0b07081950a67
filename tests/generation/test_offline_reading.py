import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.generation.offline.reading import heading, markup
from service.generation.offline.reading.block import blocks
from service.generation.offline.reading.readability import measure, target
from service.generation.offline.reading.sentence import dangles, kept, sentences, stands
from tests.generation.shelf import brief, course, material, written

MARKDOWN = st.text(
    st.sampled_from(list("ab .!?\n*_`#->|[](){}<>/1\\\"'äß\u2019\U0001f600")), max_size=120
)


@settings(deadline=None)
@given(MARKDOWN)
def test_sentences_keep_the_order_and_the_place_of_their_text(text: str) -> None:
    found = sentences(text, 0, len(text))

    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == text[one.start : one.end].strip()
        at = one.end


@settings(deadline=None)
@given(MARKDOWN)
def test_blocks_are_spans_of_the_text(text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in blocks(text))


@given(MARKDOWN)
def test_hiding_html_moves_nothing(text: str) -> None:
    hidden = markup.skeleton(text)

    assert len(hidden) == len(text)
    assert [n for n, c in enumerate(hidden) if c == "\n"] == [
        n for n, c in enumerate(text) if c == "\n"
    ]


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("See the [guide](https://example.org/a_(b)) now.", "See the guide now."),
        ('**Enzymes**{: data-type="term"} help.', "**Enzymes** help."),
        ("Water (H<sub>2</sub>O) flows.", "Water (H2O) flows."),
        ("It swells ([\\[link\\]](#fig-1)).", "It swells."),
        ("It swells (see Figure 2.1).", "It swells."),
        ("Call `f(*a)` twice[^1].", "Call `f(*a)` twice."),
        ("a line\n> and the next", "a line and the next"),
        ("*Half of it.", "Half of it."),
        ("so $a_1 = b_1$ holds", "so $a_1 = b_1$ holds"),
    ],
)
def test_a_quote_is_shown_without_its_marks(raw: str, seen: str) -> None:
    assert markup.shown(raw) == seen


def _first(text: str) -> bool:
    return stands(sentences(text, 0, len(text))[0])


@pytest.mark.parametrize(
    "text",
    [
        "Figure 2 shows a membrane under the microscope.",
        "We discussed this rule in Chapter 4 already.",
        "Click the button to start the film.",
        "See https://example.org for the rest of it.",
        "and then it ends here without a start.",
        "In diesem Kapitel geht es um die Zelle.",
        "Siehe Abbildung 3 auf der nächsten Seite.",
    ],
)
def test_sentences_that_point_elsewhere_are_left_out(text: str) -> None:
    assert not _first(text)


@pytest.mark.parametrize(
    ("text", "language", "leans"),
    [
        ("This means that water moves in.", "en", True),
        ("However, the wall is firm.", "en", True),
        ("In contrast, plants have walls.", "en", True),
        ("There are three kinds of cells.", "en", False),
        ("Water moves into the cell.", "en", False),
        ("Dadurch quillt die Zelle auf.", "de", True),
        ("Die Zelle quillt auf.", "de", False),
        ("Cela protège le fromage.", "fr", True),
        ("Sin embargo, el muro es firme.", "es", True),
    ],
)
def test_openings_that_lean_on_a_sentence_before_are_known(
    text: str,
    language: str,
    leans: bool,  # noqa: FBT001
) -> None:
    assert dangles(sentences(text, 0, len(text))[0], language) is leans


@pytest.mark.parametrize("name", ["list.pop([*i*])", "print()", "sys.path"])
def test_what_is_said_of_a_function_may_begin_with_its_small_name(name: str) -> None:
    text = f"{name}: Something of use. It is known."

    assert [one.shown for one in kept(sentences(text, 0, len(text)), "en")] == [
        f"{markup.shown(name)}: Something of use.",
        "It is known.",
    ]


def test_a_sentence_goes_with_the_dropped_one_it_leans_on() -> None:
    text = "Cells are small. Figure 1 shows one. It has a wall. Walls are firm."

    found = kept(sentences(text, 0, len(text)), "en")

    assert [one.plain for one in found] == ["Cells are small.", "Walls are firm."]


def test_a_question_stays_only_before_its_answer() -> None:
    text = "Why do cells divide? They grow too large. Can a cell fly?"

    found = kept(sentences(text, 0, len(text)), "en", leaning=True)

    assert [one.plain for one in found] == ["Why do cells divide?", "They grow too large."]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("4.1. What Is Ownership?", "What Is Ownership?"),
        ("Chapter 3: Markets", "Markets"),
        ("10 - Plate Tectonics", "Plate Tectonics"),
        ("THE TEA ACT AND THE SONS OF LIBERTY", "The Tea Act and the Sons of Liberty"),
        ("The `String` Type", "The `String` Type"),
        ("🚀 Start {#start}", "Start"),
        ("3.1. Versions¶", "Versions"),
    ],
)
def test_a_heading_loses_its_number_and_its_marks(raw: str, clean: str) -> None:
    assert heading.clean(raw) == clean


@pytest.mark.parametrize(
    ("path", "role"),
    [
        (("Cells", "Summary"), "summary"),
        (("Further reading", "On the web"), "aside"),
        (("Contents",), "aside"),
        (("Contents", "Membranes"), "body"),
        ((), "body"),
    ],
)
def test_headings_say_what_stands_under_them(path: tuple[str, ...], role: str) -> None:
    assert heading.role(path) == role


@pytest.mark.parametrize(
    ("level", "grade"),
    [
        ("Grade 8", 8),
        ("8", 8),
        ("Year 5", 4),
        ("Klasse 7", 7),
        ("age 13", 8),
        ("university", 14),
        ("high school", 10),
        ("Oberstufe", 12),
        ("whatever", None),
    ],
)
def test_a_grade_level_is_read_as_people_write_it(level: str, grade: float | None) -> None:
    assert target(level) == grade


def test_hard_prose_measures_as_harder_than_plain_prose() -> None:
    plain = "The cat sat on the mat. It was warm. The sun came in. The cat slept."
    hard = (
        "Notwithstanding considerable methodological disagreement, contemporary epidemiological "
        "investigations consistently demonstrate statistically significant associations between "
        "socioeconomic disadvantage and cardiovascular mortality."
    )

    assert measure(plain, "en").grade < 3
    assert measure(hard, "en").grade > 15
    assert measure(hard, "en").words == 18


def test_no_words_have_no_grade() -> None:
    assert measure("…", "en").words == 0


EASY = (
    "Plant {n} needs light to grow. It turns the light of place {n} into sugar. "
    "The sugar of plant {n} feeds each leaf and root. A seed of plant {n} sleeps in the soil."
)
HARD = (
    "Photosynthetic productivity of specimen {n} is constrained simultaneously by irradiance, "
    "atmospheric concentration of carbon dioxide, and nitrogenous macronutrients of region {n}."
)


async def test_passages_near_the_asked_grade_are_chosen() -> None:
    parts = [f"## Part {n}\n\n{EASY.format(n=n)}\n\n{HARD.format(n=n)}" for n in range(60)]
    source = written("# Plants\n\n" + "\n\n".join(parts))

    _, young = await course(brief("plants", 1, "Grade 3"), source)

    assert young[0].readability.grade <= 5
    assert "Photosynthetic" not in young[0].content_md


async def test_hard_passages_stay_where_there_is_room_for_all() -> None:
    parts = [f"## Part {n}\n\n{EASY.format(n=n)}\n\n{HARD.format(n=n)}" for n in range(6)]
    source = written("# Plants\n\n" + "\n\n".join(parts))

    _, young = await course(brief("plants", 1, "Grade 3"), source)

    assert young[0].content_md.count("Photosynthetic productivity") >= 6


async def test_of_more_than_fits_the_passages_nearest_the_grade_are_kept() -> None:
    parts = [f"## Part {n}\n\n{(EASY, HARD)[n % 2].format(n=n)}" for n in range(80)]
    source = written("# Plants\n\n" + "\n\n".join(parts))

    _, grown = await course(brief("plants", 1, "university"), source)

    hard = grown[0].content_md.count("Photosynthetic productivity")
    assert hard > grown[0].content_md.count("needs light to grow")


async def test_a_lesson_reports_the_grade_of_its_text() -> None:
    _, lessons = await course(brief("cells", 4, "Grade 6"), material("cells.md"))

    assert all(4 <= one.readability.grade <= 9 for one in lessons)
    assert all(one.readability.words > 60 for one in lessons)
