"""Markdown's marks inside a run of text: hidden for splitting, dropped for reading."""
# ruff: noqa: RUF001 - typography is meant

import re
from typing import Final

_FILL: Final = (
    "\u2060"  # a word joiner is no white space, so it never makes a line blank or indented
)

_WHOLE: Final = re.compile(
    r"<!--.*?-->|<(table|math|script|style|svg)\b.*?</\1\s*>|<(?:iframe|img|br|hr)\b[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
_LINE_ONLY: Final = re.compile(
    r"^[ \t>]*(?:\{\{.*\}\}|\{%.*%\}|\{[:.#][^}\n]*\}|:{3,}.*|\[TOC\]|\[\[_TOC_\]\])[ \t]*$",
    re.MULTILINE,
)
_TERM_BULLET: Final = re.compile(r"^:(?=[*-] \S)", re.MULTILINE)  # kramdown, odd but found
_TAG: Final = re.compile(
    r"</?(?:a|abbr|article|aside|b|blockquote|caption|center|cite|code|details|dd|del|dfn|div|dl|dt|em|figcaption|figure"
    r"|filename|font|footer|h[1-6]|header|i|img|ins|kbd|li|Listing|main|mark|nav|ol|p|picture|pre|q|s|samp|section|small|source|span"
    r"|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|video)\b[^<>\n]*(?:\n[^<>\n]*)?>",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(
    r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n.*?^[ \t>]*\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE
)
_TICKED: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)

_MATHS: Final = re.compile(r"\$(?=\S)[^$\n]*?[\\^_={}][^$\n]*?\$")

_PREFIX: Final = re.compile(r"\n[ \t]*(?:>[ \t]?)*")
_NOISE: Final = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\{:[^}]*\}"),  # kramdown attributes
    re.compile(r"(?<=\w)\]?\{[.#][\w-][^}]*\}"),  # pandoc attributes
    re.compile(r"!\[(?:[^\[\]]|\[[^\]]*\])*\](?:\([^)]*\)|\[[^\]]*\])"),  # images
    re.compile(r"\s*\(\[\\?\[?link\\?\]?\]\(#[^)]*\)\)"),  # a cross-reference without words
    re.compile(r"\[\^[^\]]+\]"),  # footnote marks
    re.compile(r"\s*\[(?:\d+|citation needed)\](?![(\[])"),
    re.compile(r"\{\{<\s*/?[\w-]+\s*>\}\}|\{%.*?%\}"),
)
_REFERENCE: Final = re.compile(
    r"\s*\((?:see|cf\.?|siehe|s\.|vgl\.?|voir|véase)?\s*(?:also\s|auch\s)?(?:the\s)?"
    r"(?:Fig(?:ure|\.)?|Table|Chapter|Section|Listing|Example|Abb(?:ildung|\.)?|Tab(?:elle|\.)|Kapitel"
    r"|Abschnitt|Listing|Codeblock|Figura|Tableau|Chapitre|Cap[ií]tulo)s?\s*[\d.A-Z-]+[^()]*\)",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]*\])+)\]"
    r"(?:\((?:[^()\s]|\([^()]*\))*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\)|\[[^\[\]]*\])"
)
_WIKI: Final = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\]")
_MACRO: Final = re.compile(
    r"\{\{<?\s*[\w/-]+[\s(]+(?:text=)?[\"']([^\"']*)[\"'](?:[^{}]*,\s*[\"']([^\"']+)[\"'])?[^{}]*\}\}"
)
_SHORT: Final = re.compile(r"<(https?://[^>\s]+)>")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_QUOTED: Final = re.compile(r"\\(['\"‘’“”])")
_STRESS: Final = re.compile(
    r"(\*{1,3}|(?<!\w)_{1,3})(?=[^\s*_])(.+?)(?<=[^\s*_])\1(?!\w)", re.DOTALL
)
_SPACE: Final = re.compile(r"\s+")
_BEFORE_MARK: Final = re.compile(r"\s+([,;:.!?)])(?!\w)")


def _blank(match: re.Match[str], fill: str = " ") -> str:
    return "".join("\n" if letter == "\n" else fill for letter in match[0])


def _hide_tags(line: str) -> str:
    bare = not _TAG.sub("", line).strip("> \t")
    return _TAG.sub(lambda match: _blank(match, " " if bare else _FILL), line)


def _outside_fences(text: str) -> str:
    done, at = [], 0
    for fence in _FENCE.finditer(text):
        done += [_hide(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*done, _hide(text[at:])])


def _hide(text: str) -> str:
    text = _LINE_ONLY.sub(_blank, _WHOLE.sub(_blank, _TERM_BULLET.sub(" ", text)))
    return "\n".join(_hide_tags(line) if "<" in line else line for line in text.split("\n"))


def skeleton(text: str) -> str:
    """Return `text`, as long and with the same lines, without the HTML that would hide its blocks.

    A wrapped ``<div>`` would otherwise swallow the Markdown inside it (CommonMark, HTML blocks).
    """
    return _outside_fences(text)


def shown(raw: str) -> str:
    """Return a quote as a reader sees it: its words and stress, without links and references."""
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(match[0])
        return f"\x00{len(codes) - 1}\x00"

    text = _MATHS.sub(keep, _TICKED.sub(keep, _PREFIX.sub(" ", raw)))
    for noise in _NOISE:
        text = noise.sub("", text)
    text = _MACRO.sub(lambda match: match[2] or match[1], text)
    text = _SHORT.sub(r"\1", _WIKI.sub(r"\1", _LINK.sub(r"\1", _LINK.sub(r"\1", text))))
    text = _balanced(_TAG.sub("", _REFERENCE.sub("", text)))
    text = _BEFORE_MARK.sub(r"\1", _SPACE.sub(" ", text)).strip()
    text = _QUOTED.sub(r"\1", text)
    return re.sub("\x00(\\d+)\x00", lambda match: codes[int(match[1])], text)


def _balanced(text: str) -> str:
    """Drop marks of stress whose other half is in another sentence."""
    rest = _STRESS.sub("", text)
    return text.replace("*", "") if re.search(r"(?<!\\)\*", rest) else text


def plain(visible: str) -> str:
    """Return the words alone of what `shown` returned; code keeps all its marks."""
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(match[2].strip())
        return f"\x00{len(codes) - 1}\x00"

    text = _TICKED.sub(keep, visible)
    text = _STRESS.sub(r"\2", _STRESS.sub(r"\2", text))
    text = _SPACE.sub(" ", _ESCAPE.sub(r"\1", text)).strip()
    return re.sub("\x00(\\d+)\x00", lambda match: codes[int(match[1])], text)


def masked(raw: str) -> str:
    """Return `raw`, as long, with marks that could mislead a sentence splitter made spaces."""
    text = _PREFIX.sub(_space, raw)
    text = _TICKED.sub(lambda match: re.sub(r"[.!?]", ",", match[0]), text)
    for noise in _NOISE:
        text = noise.sub(_space, text)
    for pattern in (_LINK, _WIKI):
        text = pattern.sub(_only_first, text)
    return re.sub(r"[*_`]", " ", _TAG.sub(lambda match: "x" * len(match[0]), text))


def _space(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _only_first(match: re.Match[str]) -> str:
    start, end = match.span(1)
    left = start - match.start()
    return " " * left + match[1] + " " * (match.end() - end)
