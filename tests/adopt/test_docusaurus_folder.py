"""A docs folder read in the order of its sidebar, and what of it is left."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from service.adopt.docusaurus import folder, site
from service.adopt.docusaurus.folder import DEEPEST, LARGEST
from tests.adopt.old_site import write


def page(title: str, **matter: object) -> str:
    fields = "".join(f"{name}: {value}\n" for name, value in ({"title": title} | matter).items())
    return f"---\n{fields}---\n\nAll about {title}.\n"


def order(root: Path) -> list[str]:
    return [one.path for one in folder.read(root).documents]


def left(root: Path) -> dict[str, tuple[str, str]]:
    return {one.path: (one.why, one.reason) for one in folder.read(root).left}


def test_documents_come_by_position_then_number_then_name(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "zebra.md": page("Z", sidebar_position=1),
            "02-two.md": page("Two"),
            "intro.md": page("Intro", sidebar_position=0),
            "chapter-10.md": page("Ten"),
            "chapter-9.md": page("Nine"),
            "part/_category_.json": '{"label": "Part", "position": 1.5}',
            "part/b.md": page("B", sidebar_position=1),
            "part/a.mdx": page("A", sidebar_position=2),
            "part/index.md": page("Part", sidebar_position=9),
            "03-deep/01-er/x.md": page("X"),
            "03-deep/y.md": page("Y"),
            "later/_category_.yml": "label: Later\nposition: 7\n",
            "later/z.md": page("Later"),
            "by-its-page/README.md": page("Own", sidebar_position=5),
        },
    )  # fmt: skip

    assert order(root) == [
        "intro.md", "zebra.md", "part/index.md", "part/b.md", "part/a.mdx", "02-two.md",
        "03-deep/01-er/x.md", "03-deep/y.md", "by-its-page/README.md", "later/z.md",
        "chapter-9.md", "chapter-10.md",
    ]  # fmt: skip
    assert left(root) == {}


def test_what_is_no_page_is_skipped_and_says_why(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "push.md": page("Push"),
            "img/push.png": b"\x89PNG",
            "_partial.md": page("Partial"),
            ".hidden.md": page("Hidden"),
            "push.test.mdx": page("Test"),
            "draft.md": page("Draft", draft="true"),
            "empty.md": "---\ntitle: Empty\n---\n",
        },
    )
    (root / "nothing").mkdir()
    (root / "_only" / "x").mkdir(parents=True)

    found = left(root)

    assert order(root) == ["push.md"]
    assert {path: why for path, (why, _) in found.items()} == dict.fromkeys(
        (
            "img/push.png", "_partial.md", ".hidden.md", "push.test.mdx", "draft.md",
            "empty.md", "nothing", "_only",
        ),
        "skipped",
    )  # fmt: skip
    assert found["nothing"][1] == "The folder is empty."
    assert "draft" in found["draft.md"][1]
    assert "links to it are kept" in found["img/push.png"][1]


def test_what_cannot_be_read_is_refused_and_says_why(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.md": page("Secret")})
    root = write(
        tmp_path / "docs",
        {
            "latin.md": "Le café".encode("latin-1"),
            "huge.md": b"word " * (LARGEST // 5 + 1),
            "broken.md": "---\ntitle: [\n---\nWords.",
            "bad/_category_.json": "{",
            "bad/push.md": page("Push"),
            "odd/_category_.json": '{"position": "first"}',
            "odd/push.md": page("Odd"),
            "list/_category_.json": "[]",
            "list/push.md": page("List"),
        },
    )
    (root / "leak.md").symlink_to(outside / "secret.md")
    (root / "leaks").symlink_to(outside)
    (root / "gone.md").symlink_to(root / "nowhere.md")
    (root / "loop").symlink_to(root)

    found = left(root)

    assert order(root) == []
    assert {why for why, _ in found.values()} == {"refused"}
    reasons = {path: reason for path, (_, reason) in found.items()}
    assert reasons == {
        "bad": reasons["bad"],
        "broken.md": reasons["broken.md"],
        "gone.md": "It cannot be read: No such file or directory.",
        "huge.md": f"It has {LARGEST + 2:,} bytes; a document may have 524,288. Split it.",
        "latin.md": "It is not UTF-8: the byte at offset 6 (0xE9) does not fit. Save it as UTF-8"
        " and add it again.",
        "leak.md": "It is a link that leads out of the folder; put a copy in its place.",
        "leaks": "It is a link that leads out of the folder; put a copy in its place.",
        "list": "Its _category_.json is no object.",
        "loop": "It is a link to a folder that is read already.",
        "odd": "The position of its _category_.json is no number: first.",
    }
    assert reasons["bad"].startswith("Its _category_.json cannot be read: ")
    assert "no YAML in line 2" in reasons["broken.md"]


def test_folders_lie_in_one_another_so_deep_and_no_deeper(tmp_path: Path) -> None:
    path = "d/" * (DEEPEST * 8)
    (tmp_path / path).mkdir(parents=True)
    root = write(tmp_path, {f"{'d/' * DEEPEST}a.md": page("A"), f"{path}b.md": page("B")})

    assert order(root) == [f"{'d/' * DEEPEST}a.md"]
    reason = f"It lies in more than {DEEPEST} folders; move it up."
    assert left(root) == {"d/" * DEEPEST + "d": ("refused", reason)}


def test_what_is_there_twice_is_refused(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "01-push.md": page("Push"),
            "02-push.md": page("Push again"),
            "other.md": page("Other", slug="/push"),
            "Pull.md": page("Pull", id="a"),
            "pull.md": page("pull", id="b"),
        },
    )

    found = left(root)

    assert order(root) == ["01-push.md", "Pull.md"]
    assert found["02-push.md"][1] == "It has the address of 01-push.md. Give one of them another."
    assert found["other.md"][1].startswith("It has the address of 01-push.md")
    assert found["pull.md"][1].startswith("It has the path, letters' case apart, of Pull.md")


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text(page("Bad"))
    except OSError:
        pytest.skip("This file system takes no such name; try one of Linux.")

    assert left(tmp_path) == {"caf\\udce9.md": ("refused", "Its name is no UTF-8; rename it.")}


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert left(tmp_path) == {".": ("skipped", "The folder is empty.")}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            """export default {
  title: "It's physics", url: 'no',
  url: 'https://a.example/',
  baseUrl: '/book/',
  i18n: {
    defaultLocale: 'ur',
  },
  docs: {
    routeBasePath: '/',
  },
};""",
            SimpleNamespace(title="It's physics", language="ur", base_url="https://a.example/book"),
        ),
        ("const title = 'Pushes';", SimpleNamespace(title="Pushes", language="", base_url="/docs")),
        (
            "title: `${name}`,\nconst url = process.env.URL;",
            SimpleNamespace(title="", language="", base_url="/docs"),
        ),
    ],
)
def test_a_site_says_its_title_and_address(
    tmp_path: Path, config: str, said: SimpleNamespace
) -> None:
    write(tmp_path, {"docusaurus.config.js": config, "docs/push.md": page("Push")})

    found = site.read(tmp_path / "docs")

    assert (
        SimpleNamespace(title=found.title, language=found.language, base_url=found.base_url) == said
    )
    assert site.read(tmp_path / "docs" / "none") == site.Site()


@pytest.mark.parametrize(
    ("category", "title"),
    [('{"label": "A  book"}', "A book"), ('{"label": 1}', ""), ("{", ""), ("[]", ""), ("{}", "")],
)
def test_a_folder_may_be_called_something(tmp_path: Path, category: str, title: str) -> None:
    write(tmp_path, {"book/_category_.json": category})

    assert site.read(tmp_path / "book").title == title
