"""Documents of an old site: what is recognised in them, what stays word for word."""

import json
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adopt.docusaurus.address import address, natural, prefix
from service.adopt.docusaurus.document import Skipped, read
from service.adopt.docusaurus.parts import parts
from service.adopt.moving import Unfit
from service.textbook.content import Booster, Question
from tests.adopt.old_site import BOOSTER, QUESTION, SUMMARY, chapter, quiz


def document(text: str, path: str = "push.md") -> object:
    return read(text.encode(), path)


def test_a_chapter_of_the_old_writer_comes_apart_into_its_parts() -> None:
    found = read(chapter(3, "Pushes").encode(), "chapter-03-pushes.md")

    assert (found.title, found.description, found.position) == (
        "Pushes",
        "Chapter 3 of the book",
        4,
    )
    assert found.address == "/chapter-03-pushes"
    said = found.parts
    assert said.markdown.startswith("## Pushing\n\nA push that is given")
    assert said.markdown.endswith("## Pulling\nThe same, the other way.")
    assert "import" not in said.markdown
    assert said.takeaways == (
        "A push changes how a thing moves.",
        "A pull is a push the other way.",
    )
    assert said.questions == (
        Question(QUESTION["question_text"], tuple(QUESTION["options"]), 0, "easy", "Motion"),
    )
    assert said.boosters == (
        Booster("analogy", 'A push is like a word: it "moves".', "Pushing", 1),
    )
    assert found.word_count == 71


UNKNOWN = (
    '<LearningBooster type="joke" content="Ha." />',
    '<LearningBooster type="analogy" content="Ha." colour="red" />',
    '<LearningBooster type="analogy" content={said} />',
    'Inline <LearningBooster type="analogy" content="Ha." /> it is.',
    ":::note\nLook.\n:::",
    ":::tip Analogy of pushes\nLook.\n:::",
    "## Summary\n\nPushes move.\n\n- One.",
    "## Summary\n\n- One.\n  - Nested.",
    "## Quiz\n\n<ChapterQuiz questions={QUESTIONS} />",
    "<Tabs>\n<TabItem value='a'>A push</TabItem>\n</Tabs>",
    "Where {x < 3} and `<!-- code -->` stand.",
    "```mdx\nimport A from 'a'\n\n<!-- shown -->\n\n" + BOOSTER + "\n```",
    "~~~~\n```\n" + BOOSTER + "\n~~~~",
    "Duties on import from 'China' are high.",
    "## Summary",
    r"Where \<!-- and \\\{/* stand escaped --> */}.",
    ":::tip Key Takeaways\nNo list.\n:::",
)


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_recognised_to_the_last_word_stays_word_for_word(text: str) -> None:
    whole = f"## Before\n\nWords.\n\n{text}\n\n## After\n\nMore words."

    found = parts(whole)

    assert found.markdown == whole
    assert (found.takeaways, found.questions, found.boosters) == ((), (), ())


@pytest.mark.parametrize(
    "spoilt",
    [
        {"options": "a, b"},
        {"correct_index": 4},
        {"correct_index": -1},
        {"correct_index": True},
        {"difficulty": "beastly"},
        {"difficulty": None},
        {"question_text": " "},
        {"options": ["a", "", "c", "d"]},
        {"options": ["a"]},
        {"options": [str(number) for number in range(27)]},
        {"hint": "It moves."},
    ],
)
def test_a_quiz_with_one_question_that_is_not_whole_stays(spoilt: dict[str, object]) -> None:
    text = f"Words.\n\n{quiz(QUESTION, QUESTION | spoilt)}"

    found = parts(text)

    assert found.questions == ()
    assert json.dumps(QUESTION["question_text"]) in found.markdown


def test_admonitions_that_are_called_so_are_parts() -> None:
    text = (
        "## Pushing\n\nA push.\n\n:::tip 💡 Analogy\n\nLike a word.\n\nOr two.\n\n:::\n\n"
        ":::note[Example]\nA ball.\n:::\n\n## Key Takeaways\n\n"
        ":::info Key Takeaways\n- One,\n  and more.\n* Two.\n:::\n\n## After\n\nEnd."
    )

    found = parts(text)

    assert found.markdown == "## Pushing\n\nA push.\n\n## After\n\nEnd."
    assert [(one.kind, one.content, one.section_ref) for one in found.boosters] == [
        ("analogy", "Like a word.\n\nOr two.", "Pushing"),
        ("example", "A ball.", "Pushing"),
    ]
    assert found.takeaways == ("One, and more.", "Two.")


def test_what_readers_never_saw_is_left_out() -> None:
    text = (
        "import A from '@site/a';\nimport './b.css';\n\nexport const x = {\n  y: 1,\n};\n\n"
        "Words <!-- not\nthese --> and {/* nor these */}others.\n\n<!-- truncate -->\n\nEnd."
    )

    assert parts(text).markdown == "Words  and others.\n\nEnd."


def test_children_are_content_and_a_section_may_be_named() -> None:
    text = (
        "## One\n\nA.\n\n## Two\n\nB.\n\n"
        '<LearningBooster type="example" section_ref="one">\nA ball.\n</LearningBooster>'
    )

    (found,) = parts(text).boosters

    assert (found.content, found.section_ref) == ("A ball.", "one")


@given(st.text(alphabet="ab\n #-`~:*<>{}/!1.\"'", max_size=200))
def test_no_word_of_a_text_without_parts_is_lost(text: str) -> None:
    found = parts(text)

    if not any(mark in text for mark in ("<!--", "{/*")):
        kept = "".join(found.markdown.split())
        assert kept == "".join(text.split())
    assert parts(found.markdown).markdown == found.markdown


@given(st.lists(st.sampled_from([BOOSTER, SUMMARY, quiz(), "Words.", "## Two", "`", "```"])))
def test_anything_can_be_read_and_a_second_time_the_same(pieces: list[str]) -> None:
    found = parts("\n\n".join(pieces))

    assert found == parts("\n\n".join(pieces))
    assert [one.position for one in found.boosters] == list(range(1, len(found.boosters) + 1))


@pytest.mark.parametrize(
    ("text", "title", "markdown"),
    [
        ("# Push\n\nWords.", "Push", "Words."),
        ("\nimport A from 'a';\nimport 'b'\n\n# Push\n\nWords.", "Push", "Words."),
        ("import duties rise.\n# Push\n\nWords.", "Push", "import duties rise.\n\nWords."),
        ("Before.\n\n# Push\n\nWords.", "the push", "Before.\n\n# Push\n\nWords."),
        ("---\ntitle: Push\n---\n# push\n\nWords.", "Push", "Words."),
        ("---\ntitle: Push\n---\n# Another\n\nWords.", "Push", "# Another\n\nWords."),
        ("---\ntitle: No\n---\nWords.", "No", "Words."),
        (
            '---\ntitle: "1.10: a \\"push\\""\n---\r\nWords.\r\nMore.',
            '1.10: a "push"',
            "Words.\nMore.",
        ),
        ("Words.", "the push", "Words."),
        ("\ufeff# **Push** [it](x) #\nWords.  \nMore.", "Push it", "Words.  \nMore."),
    ],
)
def test_a_title_is_found_and_taken_off(text: str, title: str, markdown: str) -> None:
    found = read(text.encode(), "03-the-push.md")

    assert (found.title, found.parts.markdown) == (title, markdown)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"# Push\n\n\xff\xfe words", "It is not UTF-8: the byte at offset 8"),
        (b"# Push\n\nA \0 word", "NUL character at offset 10"),
        (b"---\ntitle: [\n---\nWords.", "front matter is no YAML in line 2"),
        (b"---\ntitle: a: b\n---\nWords.", "front matter is no YAML in line 2: mapping values"),
        (b"---\ntitle: Push\nWords.", "three dashes is missing"),
        (b"---\njust words\n---\nWords.", "has no fields"),
        (b"---\na: " + b"[" * 5_000 + b"\n---\nWords.", "no YAML"),
        (b"---\na: " + b"x" * 70_000 + b"\n---\nWords.", "more than 65,536 characters"),
        (b"---\nsidebar_position: first\n---\n# Push\n\nWords.", "no number: first"),
        (b"---\nsidebar_position: .inf\n---\n# Push\n\nWords.", "no number"),
        (b"# !\n\nWords.", "no title with a letter"),
        (b"# Push\n\n" + b"word " * 30_001 + b"x" * 60_000, "200,000 characters. Split it."),
    ],
)
def test_what_cannot_be_taken_over_says_why(data: bytes, says: str) -> None:
    with pytest.raises(Unfit, match=says.replace(".", r"\.").replace("(", r"\(")):
        read(data, "!.md")


@pytest.mark.parametrize(
    "text", ["", "---\ntitle: Push\n---\n", "# Push\n", "---\ndraft: true\n---\nA"]
)
def test_what_the_site_does_not_show_is_skipped(text: str) -> None:
    with pytest.raises(Skipped):
        read(text.encode(), "push.md")


def test_no_tag_of_yaml_makes_anything() -> None:
    found = read(b"---\ntitle: !!python/object/apply:os.getcwd []\nid: x\n---\nWords.", "a.md")

    assert found.title == "a"


def test_a_date_is_kept_where_there_is_one() -> None:
    updated = read(b"---\nlast_update:\n  date: 2025-12-15\n---\nWords.", "a.md")
    odd = read(b"---\ndate: soon\n---\nWords.", "a.md")

    assert updated.written_at == datetime(2025, 12, 15, tzinfo=UTC)
    assert odd.written_at is None


@pytest.mark.parametrize(
    ("path", "own", "slug", "found"),
    [
        ("01-push.md", "", "", "/push"),
        ("chapter-01-push.md", "", "", "/chapter-01-push"),
        ("2025-12-15-push.md", "", "", "/2025-12-15-push"),
        ("1.2-push.md", "", "", "/1.2-push"),
        ("02 - pull.mdx", "", "", "/pull"),
        ("01-part/02-push.md", "", "", "/part/push"),
        ("01-part/index.md", "", "", "/part"),
        ("01-part/README.md", "", "", "/part"),
        ("part/part.md", "", "", "/part"),
        ("index.md", "", "", "/"),
        ("01-part/02-push.md", "own", "", "/part/own"),
        ("01-part/02-push.md", "own", "said", "/part/said"),
        ("01-part/02-push.md", "", "/said/so", "/said/so"),
        ("01-part/02-push.md", "", "../said", "/said"),
        ("01-part/index.md", "", "./said", "/part/said"),
    ],
)
def test_an_address_is_what_docusaurus_makes_it(path: str, own: str, slug: str, found: str) -> None:
    assert address(PurePosixPath(path), own, slug) == found


def test_numbers_in_names_are_numbers() -> None:
    assert sorted(["c-10", "c-2", "C-1", "b"], key=natural) == ["b", "C-1", "c-2", "c-10"]
    assert prefix("007-bond") == (7, "bond")
    assert prefix("push") == (None, "push")


@pytest.mark.parametrize(
    "text",
    [
        f"# Title\n\n## a{' ' * 100_000}b\n\nWords.",
        f"# a{' ' * 100_000}b\n\nWords.",
        f"# Title\n\n:::tip a{' ' * 100_000}b\nWords.\n:::\n",
    ],
    ids=["heading", "title", "admonition"],
)
def test_a_run_of_spaces_is_passed_once(text: str) -> None:
    assert "Words." in read(text.encode(), "a.md").parts.markdown


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00", "1970-01-01", "1899-12-31"]
)
def test_a_time_that_cannot_be_told_everywhere_is_none(date: str) -> None:
    assert read(f"---\ndate: {date}\n---\nWords.".encode(), "a.md").written_at is None
