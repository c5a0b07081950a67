"""Markdown of strangers on a page of ours."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.http.markdown import ATTRIBUTES, REL, TAGS, clean, inline, rendered


class Reader(HTMLParser):
    """What a browser would find in some HTML: its elements and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


FORBIDDEN = {
    "applet", "audio", "base", "button", "embed", "form", "frame", "iframe", "img", "input",
    "link", "math", "meta", "object", "picture", "script", "source", "style", "svg", "template",
    "textarea", "title", "video",
}  # fmt: skip


def test_nothing_that_fetches_or_runs_is_on_the_list() -> None:
    assert not TAGS & FORBIDDEN
    assert {name for names in ATTRIBUTES.values() for name in names} == {
        *("href", "title", "start", "align")
    }


def harmless(html: str) -> bool:
    """Whether there is nothing in `html` but what is on the list."""
    found = Reader(html)
    for tag, attributes in found.elements:
        assert tag in TAGS, tag
        allowed = ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        assert set(attributes) <= allowed, (tag, attributes)
        assert (attributes.get("href") or "https:").startswith(("https:", "mailto:"))
        assert tag != "a" or attributes["rel"] == REL
    assert found.others == []
    return True


ATTACKS = [
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](vbscript:x) [b](file:///etc/passwd) [c](ftp://x) [d](http://x.example)",
    "[a](//evil.example) [b](/console/sign-out) [c](?x) [d](\\\\evil.example)",
    '[a](https://x.example "on\\" onmouseover=\\"alert(1)")',
    "[a](https://x.example/\"onmouseover='alert(1)')",
    "<javascript:alert(1)> <https://x.example/'onclick=alert(1)>",
    "![a](https://evil.example/pixel.png?secret=1)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=) ![b][c]\n\n[c]: https://evil.example/x.png",
    "[![a](https://evil.example/x)](javascript:alert(1))",
    "![<img src=x onerror=alert(1)>](x)",
    "<script>alert(1)</script><style>*{background:url(https://evil.example)}</style>",
    "<svg/onload=alert(1)><math><mi xlink:href='javascript:alert(1)'>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href=https://x onclick=alert(1) style=x:expression(1)>a</a> <form action=x><input>",
    "<!-- <img src=x onerror=alert(1)> --> <!--><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'> <object data=x> <embed src=x> <base href=x>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'> <link rel=stylesheet href=x>",
    '```<img src=x onerror=alert(1)>\nx\n```\n~~~" onclick="alert(1)\nx\n~~~',
    "`<img src=x onerror=alert(1)>` \\<script>alert(1)\\</script>",
    '| a |\n|:-:" onclick="|\n| <script> |\n\n| b |\n|:-:|\n| <img src=x> |',
    "# <h1 onclick=alert(1)>\n\n<details open ontoggle=alert(1)>",
    "<<script>script>alert(1)<</script>/script> <img/src=x/onerror=alert(1)//",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    "[a]: javascript:alert(1)\n\n[a] [a][]\n\n<a\nhref='javascript:alert(1)'>",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_comes_to_nothing(attack: str) -> None:
    assert harmless(rendered(attack))
    assert harmless(clean(attack))
    for wrapped in (f"> - {attack}", f"**{attack}**", f"[{attack}](https://x.example)"):
        assert harmless(rendered(wrapped))


PARTS = st.sampled_from([
    *"<>\"'`[]()!*_#|~\\&:;=-/ \n\t\x00\x0b", "<!--", "-->", "<![CDATA[", "]]>", "<?", "&#x6a;",
    "&Tab;", "javascript:", "data:text/html,", "https://x.example", "mailto:a@b", "//x", "style=",
    "<script>", "</script>", "<svg ", "<math>", "<img src=x ", "<a href=", "<style>", "<table>",
    "onerror=", "</p>", "![a](", "](", "[a]: ", "```", "\n\n", "\n> ", "\n- ",
    "\n| a | b |\n|:-:|--|\n",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PARTS | st.text(max_size=5), max_size=30).map("".join))
def test_nothing_forbidden_ever_comes_through(text: str) -> None:
    assert harmless(rendered(text))
    assert harmless(inline(text))
    assert harmless(clean(text))


def test_what_people_write_is_shown() -> None:
    html = rendered(
        "# Light\n\n*Green* **leaves**, `CO2`, ~~not~~\n\n3. one\n\n> so\n\n"
        "|a|b|\n|:-:|-|\n|1|2|\n\n[source](https://x.example 'Its title') ![A leaf](https://x.example/l.png)\n"
    )

    assert "<h2>Light</h2>" in html
    assert "<em>Green</em> <strong>leaves</strong>, <code>CO2</code>, <s>not</s>" in html
    assert '<ol start="3">' in html
    assert '<th align="center">a</th>' in html
    assert f'<a href="https://x.example" title="Its title" rel="{REL}">source</a> A leaf' in html


@pytest.mark.parametrize(("marks", "tag"), [("#", "h3"), ("####", "h6"), ("######", "h6")])
def test_headings_go_below_those_of_the_page(marks: str, tag: str) -> None:
    assert rendered(f"{marks} Title", shift=2) == f"<{tag}>Title</{tag}>\n"


def test_the_title_that_the_page_has_is_not_repeated() -> None:
    assert rendered("# Light\n\n## Green", without="Light") == "<h2>Green</h2>\n"
    assert rendered("# Dark\n\n## Green", without="Light") == "<h2>Dark</h2>\n<h3>Green</h3>\n"
    assert rendered("## Light\n\n# Green", without="Light") == "<h2>Green</h2>\n"
