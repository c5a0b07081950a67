"""A textbook as an EPUB: what is in it, and what epubcheck says of it."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from service.export.epub import epub
from service.export.page import page
from service.textbook.published import PublishedTextbook
from tests.export.books import arabic, book, chapter, forces, hostile, source
from tests.export.web import XHTML, fetched, followed, ids, tree, words

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
TYPE = "{http://www.idpf.org/2007/ops}type"
ROOT = Path(__file__).parents[2]
JAR = Path("/usr/share/java/epubcheck.jar")
JAVA = shutil.which("java")
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Half the time for so short a run."""
MISSING = "there is no epubcheck on this machine, or no java (Debian's package is called epubcheck)"


def bare() -> PublishedTextbook:
    """A textbook of which there is only what there must be, in a language nobody has a tag for."""
    only = chapter(forces().id, 1, "", "", takeaways=())
    return book("?", "en-a-x", (only,), forces().id, subject="", audience="")


BOOKS = [forces, hostile, arabic, bare]


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {each.filename: archive.read(each) for each in archive.infolist()}


def sheets(data: bytes) -> dict[str, ET.Element]:
    return {name: tree(held) for name, held in opened(data).items() if name.endswith(".xhtml")}


def package(made: PublishedTextbook) -> ET.Element:
    return tree(opened(epub(made))["EPUB/package.opf"])


def chapter_page(made: PublishedTextbook, number: int) -> ET.Element:
    return sheets(epub(made))[f"EPUB/chapter-{number:03d}.xhtml"]


@pytest.mark.skipif(JAVA is None or not JAR.is_file(), reason=MISSING)
@pytest.mark.parametrize("made", BOOKS)
def test_epubcheck_finds_nothing(made: Callable[[], PublishedTextbook], tmp_path: Path) -> None:
    (tmp_path / "book.epub").write_bytes(epub(made()))

    done = subprocess.run(
        [str(JAVA), *QUICK, "-jar", JAR, "book.epub", "--json", "said.json"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )

    said = json.loads((tmp_path / "said.json").read_bytes())
    assert (said["messages"], done.returncode) == ([], 0)


def test_the_media_type_comes_first_and_nothing_is_deflated() -> None:
    data = epub(forces())
    entries = zipfile.ZipFile(io.BytesIO(data)).infolist()

    assert data[30:58] == b"mimetypeapplication/epub+zip"
    assert {each.compress_type for each in entries} == {zipfile.ZIP_STORED}
    assert {each.date_time for each in entries} == {(1980, 1, 1, 0, 0, 0)}
    names = [each.filename for each in entries]
    assert names == ["mimetype", *sorted(names[1:])]


@pytest.mark.parametrize("made", BOOKS)
def test_the_same_version_gives_the_same_bytes_anywhere(
    made: Callable[[], PublishedTextbook],
) -> None:
    assert epub(made()) == epub(made())


@pytest.mark.parametrize(("seed", "zone"), [("1", "Asia/Tokyo"), ("2", "America/Lima")])
def test_neither_the_seed_of_hashes_nor_the_time_zone_matters(seed: str, zone: str) -> None:
    program = (
        "import sys; from service.export.epub import epub; from service.export.page import page;"
        "from tests.export.books import hostile;"
        "sys.stdout.buffer.write(epub(hostile()) + page(hostile()))"
    )
    told = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
    here = subprocess.run(
        [sys.executable, "-c", program], env=told, capture_output=True, check=True
    )

    assert here.stdout.startswith(epub(hostile()))
    assert here.stdout == epub(hostile()) + page(hostile())


@pytest.mark.parametrize("made", BOOKS)
def test_everything_is_in_the_manifest_and_every_page_is_read(
    made: Callable[[], PublishedTextbook],
) -> None:
    files, found = opened(epub(made())), package(made())
    manifest = {each.attrib["id"]: each.attrib["href"] for each in found.iter(f"{OPF}item")}
    spine = [manifest[each.attrib["idref"]] for each in found.iter(f"{OPF}itemref")]
    apart = {"mimetype", "META-INF/container.xml", "EPUB/package.opf"}

    assert {f"EPUB/{each}" for each in manifest.values()} == files.keys() - apart
    assert spine[:3] == ["cover.xhtml", "title.xhtml", "nav.xhtml"]
    assert spine[3:] == [f"chapter-{each.number:03d}.xhtml" for each in made().chapters]


def test_it_says_what_it_is() -> None:
    found = package(forces())
    said = {each.attrib["property"]: each.text for each in found.iter(f"{OPF}meta") if each.text}

    assert found.findtext(f".//{DC}identifier") == f"urn:uuid:{forces().id}"
    assert found.findtext(f".//{DC}title") == "Forces and motion"
    assert (found.findtext(f".//{DC}language"), found.attrib["dir"]) == ("en", "ltr")
    assert said["dcterms:modified"] == "2026-01-04T03:04:05Z"
    assert said["schema:version"] == str(forces().version)
    assert {"schema:accessMode", "schema:accessibilityHazard"} < said.keys()


def test_times_are_told_in_utc() -> None:
    there = timezone(timedelta(hours=-7))
    moved = replace(forces(), published_at=forces().published_at.astimezone(there))

    assert str(moved.published_at) != str(forces().published_at)
    assert epub(moved) == epub(forces())


@pytest.mark.parametrize("made", BOOKS)
def test_every_link_leads_somewhere_and_nothing_is_fetched(
    made: Callable[[], PublishedTextbook],
) -> None:
    found = sheets(epub(made()))

    assert followed(found) >= 4 + len(made().chapters)
    assert {each for sheet in found.values() for each in fetched(sheet)} == {
        "style.css",
        "cover.svg",
    }
    for sheet in found.values():
        assert len(set(ids(sheet))) == len(ids(sheet))


def test_the_contents_name_chapters_and_their_sections() -> None:
    nav = sheets(epub(forces()))["EPUB/nav.xhtml"]
    toc, landmarks = nav.iter(f"{XHTML}nav")
    ncx = tree(opened(epub(forces()))["EPUB/toc.ncx"])

    assert [words(each) for each in toc.iter(f"{XHTML}a")] == [
        *("1. What a force is", "Pushes and pulls", "Units"),
        *("2. Laws of motion", "The first law", "The second law", "The third law"),
    ]
    assert [each.attrib[TYPE] for each in landmarks.iter(f"{XHTML}a")] == [
        *("cover", "titlepage", "toc", "bodymatter"),
    ]
    assert [each.text for each in ncx.iter(f"{NCX}text")] == [
        *("Forces and motion", "1. What a force is", "2. Laws of motion"),
    ]


def test_a_question_leads_to_its_answer_and_the_answer_back() -> None:
    found = chapter_page(forces(), 1)
    (asked,) = [each for each in found.iter() if each.attrib.get("id") == "q1"]
    (answer,) = [each for each in found.iter() if each.attrib.get("id") == "a1"]

    assert words(asked) == (
        "What is the unit of force? the joule the newton the watt the pascal Answer"
    )
    assert words(answer).startswith("B the newton")
    assert words(answer).endswith("The newton is named after Isaac Newton.")
    assert [each.attrib["href"] for each in asked.iter(f"{XHTML}a")] == ["#a1"]
    assert [each.attrib["href"] for each in answer.iter(f"{XHTML}a")] == ["#q1"]


@pytest.mark.parametrize("made", [forces, arabic])
def test_all_parts_of_a_chapter_are_there(made: Callable[[], PublishedTextbook]) -> None:
    for each in made().chapters:
        said = words(chapter_page(made(), each.number))
        asked = [part for one in each.questions for part in (one.text, *one.options)]
        for part in (each.title, each.description, *each.key_points, *each.takeaways, *asked):
            assert part in said
        for booster in each.boosters:
            assert booster.content.replace("*", "") in said
            assert all(source.path in said for source in booster.sources)


@pytest.mark.parametrize("write", [lambda made: opened(epub(made))["EPUB/chapter-001.xhtml"], page])
def test_what_a_chapter_rests_on_is_told_once_each(
    write: Callable[[PublishedTextbook], bytes],
) -> None:
    first, *rest = forces().chapters
    cited = (source("One."), source("Two."), replace(source("Three."), path="notes/<b>.md"))
    made = replace(forces(), chapters=(replace(first, boosters=(), sources=cited), *rest))

    assert write(made).count(b"Source: notes/motion.md<br />Source: notes/&lt;b&gt;.md</p>") == 1


def test_a_chapter_without_a_title_is_called_by_its_number() -> None:
    (heading,) = chapter_page(bare(), 1).iter(f"{XHTML}h1")

    assert words(heading) == "Chapter 1"


def test_a_book_from_right_to_left_says_so_everywhere() -> None:
    found = package(arabic())
    (spine,) = found.iter(f"{OPF}spine")

    assert spine.attrib["page-progression-direction"] == found.attrib["dir"] == "rtl"
    for sheet in sheets(epub(arabic())).values():
        assert (sheet.attrib["dir"], sheet.attrib["lang"]) == ("rtl", "ar")
    assert words(chapter_page(arabic(), 1)).startswith("ما هي القوة؟ الفصل 1 · 1 د")


def test_an_english_sentence_in_it_runs_from_left_to_right() -> None:
    only = chapter(arabic().id, 1, "A title", "A sentence.\n\nسميت باسم Isaac Newton.")
    found = chapter_page(replace(arabic(), chapters=(only,)), 1)
    (heading,) = found.iter(f"{XHTML}h1")

    assert heading.attrib["dir"] == "ltr"
    ways = {words(each): each.attrib.get("dir") for each in found.iter(f"{XHTML}p")}
    assert ways["A sentence."] == "ltr"
    assert ways["سميت باسم Isaac Newton."] is None


def test_a_chapter_leads_to_another_by_its_path() -> None:
    text = "See [there](02-two.md), or [nowhere](03-three.md)."
    chapters = (
        chapter(forces().id, 1, "One", text),
        chapter(forces().id, 2, "Two", "Here.", slug="two"),
    )
    found = chapter_page(replace(forces(), chapters=chapters), 1)
    links = {words(each): each.attrib["href"] for each in found.iter(f"{XHTML}a")}

    assert links == {"there": "chapter-002.xhtml"}
