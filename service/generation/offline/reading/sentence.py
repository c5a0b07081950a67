"""Sentences with their spans, and which of them can stand in a lesson."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from msgspec import Struct
from syntok import segmenter

from service.generation.offline.reading import markup
from service.generation.offline.reading.language import primary, words

_LONGEST: Final = 120  # words; beyond that it is a list run together, or a table
_SHORTEST: Final = 3

_OPENERS: Final = {
    "en": """this these those it its they their he she his her such that here there then thus hence therefore
    however but yet instead otherwise moreover furthermore additionally also consequently nevertheless
    nonetheless similarly likewise conversely meanwhile still so and or nor finally besides accordingly
    both neither either another again second third secondly thirdly next afterwards later indeed
    alternatively them rather one""",
    "de": """dies diese dieser dieses diesen diesem dieselbe sie er es ihre ihr sein seine dazu dafür damit dadurch
    dabei daher deshalb deswegen darum somit jedoch aber doch allerdings dennoch trotzdem außerdem
    zudem ferner dann danach anschließend dort hier hierbei hierzu hierfür also folglich ebenso auch
    sonst andernfalls stattdessen denn und oder sondern beide solche letztere schließlich""",
    "fr": """ce cet cette ces cela ceci il ils elle elles son sa ses leur leurs ainsi donc alors mais
    cependant toutefois pourtant néanmoins en y de puis ensuite enfin aussi et ou or tel telle""",
    "es": """esto este esta estos estas ese esa esos esas él ella ellos ellas su sus así entonces por
    pero sin además también luego después finalmente y o tal""",
}  # fmt: skip
_DANGLING: Final = {code: frozenset(text.split()) for code, text in _OPENERS.items()}
_FREE: Final = re.compile(
    r"(?:there (?:is|are|was|were|exist)\b|it (?:is|was) (?:\w+ )?(?:possible|important|necessary|common|clear|true|easy|hard)\b"
    r"|es (?:gibt|ist (?:\w+ )?(?:möglich|wichtig|notwendig))\b|il (?:y a|est|existe|faut)\b|both \w+ and\b|either \w+ or\b"
    r"|one (?:of|way|reason|example)\b|(?:en|de) \d{4}\b|dans\b|por (?:ejemplo)\b)",
    re.IGNORECASE,
)
_PHRASE: Final = re.compile(
    r"(?:for (?:example|instance)|on the contrary|in short|even (?:so|then)|by the same token|above all|that is|in (?:contrast|addition|other words|this (?:way|case|example)|that case|turn|fact)|"
    r"as (?:a result|such|mentioned|noted|we|you|described|discussed|shown)|on the other hand|at (?:this|that)|"
    r"because of th(?:is|at|ese)|after (?:this|that)|to (?:do|address|avoid|solve) (?:this|that|so)|by contrast|"
    r"the (?:reason|answer|result|solution|problem|difference|trick|idea) (?:is|was|here)|the (?:former|latter|same|other|second|third|above|following|next)\b|(?:of|in|from|with|by|under|at) (?:these|those|this|that|the (?:former|latter))\b|"
    r"zum beispiel|man nennt (?:sie|es|ihn|dies)|im gegensatz|aus diesem|in diese[mrs]?|mit diese[mrs]?|auf diese|unter diese[mrn]|bei diese[mrn]|das (?:ist|bedeutet|heißt)|"
    r"par exemple|par contre|en revanche|por ejemplo|en cambio|es decir)",
    re.IGNORECASE,
)
_POINTING: Final = re.compile(
    r"\b(?:fig(?:ure|\.)|table|listing|chapter|section|appendix|exercise|page|abb(?:ildung|\.)|tabelle|kapitel|"
    r"abschnitt|codeblock|figura|tableau|chapitre|cap[ií]tulo)s?\s*[\d#]+(?:[.\-–]\d+)*\b"
    r"|\b(?:shown |illustrated )?on the (?:left|right)(?: is\b| shows|:|,)|\bchapter\b|\bkapitel\b|\bappendix\b|\banhang\b"
    r"|\bsee (?:“|above|below|also|(?:the |our )?(?:sections?|parts?|descriptions?|documentation)\b)|^\(?(?:please |also )*(?:see|refer to|consult)\b"
    r"|\bplease (?:see|read|refer|consult)\b|\bfor (?:more|further|additional) (?:information|details?)\b|\bnot in this context\b"
    r"|\b(?:this|the present) (?:manual|handbook|documentation|faq|reference|howto|how-to|document (?:is|describes|explains|covers|contains|gives|was|will)|document['’]s)\b"
    r"|\bthe (?:(?:rest|remainder) of (?:the|this) (?:tutorial|manual|document|guide|book|text)|tutorial (?:invites|introduces|covers|assumes))\b"
    r"|\b(?:further|earlier|later|following|previous|next|other|these) chapters\b|\b(?:above|preceding) (?:example|listing|command|output|table|list)\b"
    r"|\b(?:example|listing|figure|diagram|picture|command|output|table)s? (?:above|below)\b(?!.*:$)"
    r"|\b(?:as|was|were|been|not) (?:described|mentioned|discussed|shown|given|explained|noted|seen) (?:above|earlier|previously)\b"
    r"|\b(?:this|an) (?:animation|interactive|video|simulation|website)\b"
    r"|\b(?:image|panel|painting|engraving|cartoon|photograph|map|graph) ?\([a-z]\)"
    r"|\b(?:this|the (?:next|previous|following|preceding|last|above)|later in (?:this|the)|in the) "
    r"(?:section|page|book|lesson|module|figure|diagram|image|picture|video|tutorial|guide|article|chart|graph below)s?\b"
    r"|\b(?:covered|shown|illustrated|depicted|displayed|discussed|mentioned|seen|explained|noted) "
    r"(?:\w+ )?(?:here|later|in the (?:figure|image|diagram|map))\b"
    r"|\b(?:above|below|following|preceding) (?:figure|diagram|image)\b"
    r"|\bthe (?:figure|image|diagram|picture|map|photo(?:graph)?) (?:shows|illustrates|above|below)\b"
    r"|\bin dies(?:em|er) (?:Kapitel|Abschnitt|Buch|Artikel|Lektion|Abbildung)\b|\bim (?:nächsten|folgenden|vorigen|letzten) (?:Kapitel|Abschnitt)\b"
    r"|\b(?:siehe|vgl\.) (?:oben|unten)\b|\b(?:obige|folgende)[nrsm]? Abbildung\b"
    r"|\b(?:click|visit|browse|watch|read more|go to this|explore this|log in|sign up|copyright|all rights reserved|tapping|scroll|"
    r"klicke|besuche|cliquez|haga clic)\b|\bauf der (?:linken|rechten) Seite\b|\bin Zeile \d|https?://|\bwww\."
    r"|\byou(?:['’]ll| will) (?:learn|see|read|be able)\b|\bwe(?:['’]ll| will) (?:\w+ )?(?:discuss|cover|explore|talk|learn|come back|return|see (?:how|more|why))\b"
    r"|\b(?:lernst|erfährst) du\b|\bwerden wir (?:uns )?(?:\w+ ){0,6}(?:besprechen|behandeln|kennenlernen|betrachten|sehen)\b"
    r"|\bnous verrons\b|\bveremos\b|\bspoiler alert\b|^keep at it|^bleib dran",
    re.IGNORECASE,
)  # fmt: skip
_BESIDE: Final = re.compile(
    r"\b(?:above|below|earlier|previously|following|preceding|recall|remember|so far|again|let['’]s|let us|we|our|us|you|your|notice|now|here|dafür|davon|vorhin|wir|uns|oben|unten|folgende[nrsm]?|nous|hemos)\b"
    r"|\b(?:step|example|case|equation) \d|\b(?:such|that) (?:an? )?\w+(?: and| or|[,.;])|\b(?:here|there) (?:we|you|is|are)\b",
    re.IGNORECASE,
)
_ORDER: Final = re.compile(
    r"(?:maybe|perhaps|on paper|put|move|count|take|imagine|consider|think|suppose|note|try|look|let|add|write|draw|find|rearrange|remember|first,|all others|the (?:first|second|third|next|last|other|same|former|latter)|neither|either|both)\b",
    re.IGNORECASE,
)
_CALL: Final = re.compile(r"[a-z_]\w*(?:\.\w+)*\([^:]*\): \S|[a-z_]\w*(?:[._]\w+)+: \S")
"""What is said of a function or the like, after its name: "list.pop([i]): Removes …"."""
_WHERE: Final = re.compile(r"where|with|wobei|mit|où|donde")
_END: Final = re.compile(r"[.!?:…][\"'”’»)\]*_`]*$")
_OPEN: Final = re.compile(r"^[\"'“„‘«\[*_`¿¡]*[\w`$\\]")
_THUS: Final = re.compile(
    r"^(?:\S+\s+){0,4}?(?:also|somit|folglich|nun|allerdings|dagegen|hingegen|zuvor)\b",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"`[a-z]\d?`")  # a variable that only an example before it brings in
_SUBJECTLESS: Final = re.compile(
    r"(?:occurs?|refers?|includes?|contains?|describes?|means|uses?|used|found|located|called|consists?|has|have|is|are|was|were|helps?|allows?)\b",
    re.IGNORECASE,
)
_SHOWING: Final = re.compile(
    r"^(?:\S+\s+){0,5}?(?:this|these|those|thus|therefore|hence|however|nevertheless|meanwhile|jedoch|daher|deshalb|dies|diese[rsmn]?|cette|ces|estos?|estas?)\b(?! \w+ (?:is|are)\b.*:)",
    re.IGNORECASE,
)
_LEFT: Final = re.compile(
    r"\$\{|\}\{\w+\||\[\\?\[?link|\{\{|\}\}|\]\(|\]\[|\[\[|\{:|<[a-z/]|\bx-\w+\(|&[a-z]+;|&#",
    re.IGNORECASE,
)


class Sentence(Struct, frozen=True):
    """A sentence: ``source[start:end]`` verbatim, as a reader sees it, and its words alone."""

    start: int
    end: int
    shown: str
    plain: str


def sentences(text: str, start: int, end: int) -> tuple[Sentence, ...]:
    """Return the sentences of ``text[start:end]``; together they cover every word of it."""
    raw = text[start:end]
    cuts = _cuts(raw)
    return tuple(
        made
        for at, to in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        if (made := sentence(text, start + at, start + to)) is not None
    )


def sentence(text: str, start: int, end: int) -> Sentence | None:
    """Return ``text[start:end]``, trimmed, as one sentence; None where it shows no word."""
    raw = text[start:end]
    lead = len(raw) - len(raw.lstrip())
    stop = start + len(raw.rstrip())
    visible = markup.shown(raw.strip())
    return (
        Sentence(start + lead, stop, visible, plain) if (plain := markup.plain(visible)) else None
    )


def _cuts(raw: str) -> list[int]:
    """Return where sentences but the first begin: after the white space, never inside a word."""
    cover = markup.masked(raw)
    starts = []
    for paragraph in segmenter.analyze(cover):
        for tokens in paragraph:
            first = next((token for token in tokens if token.value.strip()), tokens[0])
            starts.append(first.offset)
    return [cut for at in sorted(starts)[1:] if (cut := _boundary(raw, at)) > 0]


def _boundary(raw: str, at: int) -> int:
    """Move a cut left over marks such as ``**`` that open the word at `at`."""
    while at > 0 and not raw[at - 1].isspace():
        at -= 1
    return at


def dangles(sentence: Sentence, language: str) -> bool:
    """Tell whether the opening leans on a sentence before it ("This means …", "However, …")."""
    text = sentence.plain.lstrip("\"'“„‘«([")
    if _PHRASE.match(text) or _small(sentence):
        return True
    if _FREE.match(text):
        return False
    if _SHOWING.match(text) or (primary(language) == "de" and _THUS.match(text)):
        return True
    if _LETTER.search(sentence.shown):
        return True
    first = text.split(maxsplit=1)[0].strip(",.;:").lower() if text else ""
    first = re.sub(r"['’]\w+$", "", first)
    return first in _DANGLING.get(primary(language), frozenset())


def lacks_subject(sentence: Sentence) -> bool:
    """Tell whether only the heading above says what this is about ("Occurs where …")."""
    return _SUBJECTLESS.match(sentence.plain) is not None


def stands(sentence: Sentence) -> bool:
    """Tell whether this is a whole sentence that points at nothing outside itself."""
    text = sentence.plain
    return (
        _SHORTEST <= len(words(text)) <= _LONGEST
        and bool(_END.search(text) and _OPEN.match(text))
        and points_nowhere(sentence)
        and (not _small(sentence) or bool(_WHERE.match(text)))
    )


def _small(sentence: Sentence) -> bool:
    """Tell whether it begins in small letters: the rest of something, unless code opens it."""
    if sentence.shown.startswith("`") or _CALL.match(sentence.plain):
        return False
    return sentence.plain.lstrip("\"'“„‘«([")[:1].islower()


def points_nowhere(sentence: Sentence) -> bool:
    """Tell whether this speaks of its subject, not of figures, chapters or pages to visit."""
    if _LEFT.search(re.sub(r"`[^`]*`", "", sentence.shown)):
        return False
    return not _POINTING.search(sentence.plain)


def quotable(sentence: Sentence, language: str) -> bool:
    """Tell whether this can be read on its own, far from the text around it."""
    text = sentence.plain
    if dangles(sentence, language) or lacks_subject(sentence) or not stands(sentence):
        return False
    return _paired(text) and not (_BESIDE.search(text) or _ORDER.match(text))


def _paired(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count('"') % 2 == 0


def kept(found: Iterable[Sentence], language: str, *, leaning: bool = False) -> list[Sentence]:
    """Return those that stand; a sentence that leans on a dropped one goes with it.

    `leaning` says whether what comes before the first one will be there for it to lean on.
    """
    chosen: list[Sentence] = []
    for one, following in pairwise([*found, None]):
        if one is None or _aside(one):
            continue
        answered = not _asks(one) or (following is not None and _answers(following))
        leaning = stands(one) and answered and (leaning or not dangles(one, language))
        if leaning:
            chosen.append(one)
    return chosen


def _aside(sentence: Sentence) -> bool:
    """Tell whether it stands in brackets: what follows it leans on what was before it."""
    return sentence.plain.startswith("(") and sentence.plain.endswith(")")


def _answers(sentence: Sentence) -> bool:
    return stands(sentence) and not _asks(sentence)


def _asks(sentence: Sentence) -> bool:
    """Tell whether this is a question, which only an answer after it makes worth keeping."""
    return sentence.plain.rstrip("\"'”’*_)").endswith("?")
