"""Words in their languages: what they are made of, their stems, and the words that carry nothing."""
# ruff: noqa: E501, RUF001 - word lists and patterns are clearest unbroken, typography is meant

import re
from functools import lru_cache
from threading import local
from typing import Any, Final

import snowballstemmer

_STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip

_STOP: Final = {
    "en": """a about above across after again against all almost along also although always am among an and another any are around as at away
    back be became because become been before being below between both but by can cannot could did do does doing done
    down during each either else even ever every few first for from further get gets got had has have having he her here
    hers herself him himself his how however i if in instead into is it its itself just last least less let like likely
    made make makes many may me might more most much must my near need neither never new no nor not nothing now of off
    often on once one only or other others our ours out over own per perhaps put rather said same say see seem several
    shall she should simply since so some something still such than that the their them themselves then there therefore
    these they thing things this those though three through thus to together too toward towards two under until up upon
    us use used uses using usually very want was way we well were what when where whether which while who whom whose why
    will with within without would yet you your yours example called known make call various different important
    following note""",
    "de": """aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus
    bei beim bereits bin bis bist da dabei dadurch dafür dagegen damit dann daran darauf daraus darin darüber das dass
    dein deine deinem deinen deiner dem den denen denn der deren des deshalb dessen dich die dies diese diesem diesen
    dieser dieses dir doch dort du durch ein eine einem einen einer eines einige einigem einigen einiger er es etwa
    etwas euch euer eure für gegen habe haben hast hat hatte hätte hatten hier hinter ich ihm ihn ihnen ihr ihre ihrem
    ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jedoch jetzt kann kannst kein keine keinem keinen
    keiner können könnte lässt mal man manche mehr mein meine mich mir mit muss müssen musste nach nachdem nicht nichts
    noch nun nur ob oder ohne schon sehr sein seine seinem seinen seiner seit selbst sich sie sind so sobald solche
    soll sollte sondern sonst sowie über um und uns unser unter viel viele vielen vom von vor während war waren warum
    was weil welche welchem welchen welcher weiter wenn wer werde werden wie wieder will wir wird wirst wo wodurch
    wollen worden wurde wurden zu zum zur zwar zwischen zwei drei beispiel sowohl beide beiden bzw etwa meist oft
    dazu darum daher außerdem ebenfalls weitere weiteren verwenden verwendet""",
    "fr": """à ai ainsi alors après au aucun aussi autre autres aux avant avec avoir beaucoup bien car ce ceci cela
    celle celles celui cependant certains ces cet cette ceux chaque chez comme comment d dans de depuis des deux donc
    dont du elle elles en encore entre est et étaient était étant être eu eux fait faire il ils j je jusque l la le
    lequel les leur leurs lors lorsque lui m ma mais me même mêmes mes moins mon n ne ni non nos notre nous on ont ou où
    par parce pas peu peut peuvent plus plusieurs pour pourquoi puis qu quand que quel quelle quelles quels qui quoi s
    sa sans se selon ses si son sont sous souvent sur t ta te tel telle tes toi ton toujours tous tout toute toutes très
    trois tu un une vers vos votre vous y exemple""",
    "es": """a además al algo algunas algunos ante antes aquel aquella así aún aunque bajo bien cada casi como con
    contra cual cuando cuál de del desde después donde dos durante e el ella ellas ellos en entre era eran es esa esas
    ese eso esos esta está están estas este esto estos fue fueron ha había han hasta hay la las le les lo los más me
    mientras mis mismo misma mucho muchos muy nada ni no nos nosotros o otra otras otro otros para pero poco por porque
    pues puede pueden que qué quien quienes se según ser si sí sido sin sino sobre son su sus también tan tanto te
    tener tiene tienen toda todas todo todos tras tres tu tus un una uno unos y ya yo ejemplo""",
    "it": """a ad al alla alle altri altro anche ancora che chi ci come con contro cui da dal dalla dei del della delle
    dello di dopo dove due e è ed era essere fra gli ha hanno i il in io la le lei lo loro ma mentre molto nei nel nella
    nelle no noi non o ogni per perché più poi può quale quando quella quello questa queste questi questo se senza si
    sia sono su sua sue sui sul sulla suo suoi tra tutti tutto un una uno""",
    "pt": """a à ao aos as às até com como da das de dela dele do dos e é ela elas ele eles em entre era essa esse esta
    este eu foi foram há isso isto já lhe mais mas mesmo muito na não nas nem no nos nós o os ou para pela pelas pelo
    pelos por qual quando que quem são se sem ser seu seus só sua suas também tem têm um uma""",
    "nl": """aan af al alle als altijd andere ben bij daar dan dat de der deze die dit doch doen door dus een en er ge
    geen haar had heb hebben heeft het hier hij hoe hun ik in is ja je kan kon kunnen maar me meer men met mij mijn moet
    na naar niet niets nog nu of om omdat ons ook op over reeds te tegen toch toen tot u uit uw van veel voor want waren
    was wat we wel werd wezen wie wij wil worden zal ze zei zelf zich zij zijn zo zonder zou""",
}  # fmt: skip

_WORD: Final = re.compile(r"[^\W_]+(?:['’\-‑][^\W_]+)*")
_KEPT: Final = 50_000
_own = local()


def primary(language: str) -> str:
    """Return the primary subtag of a language tag (RFC 5646): ``en`` of ``en-GB``."""
    return language.replace("_", "-").split("-")[0].lower()


def words(text: str) -> list[str]:
    """Return the words of `text` as they stand: letters and digits, with inner hyphens."""
    return _WORD.findall(text)


def stop_words(language: str) -> frozenset[str]:
    """Return the words of `language` that carry no content; none where we know none."""
    return _stop(primary(language))


@lru_cache(maxsize=len(_STEMMERS))
def _stop(language: str) -> frozenset[str]:
    return frozenset(_STOP.get(language, "").split())


def stem(word: str, language: str) -> str:
    """Return the Snowball stem of `word`, or the word in small letters where there is no stemmer."""
    return _stem(word.lower().replace("’", "'"), primary(language))


@lru_cache(maxsize=_KEPT)
def _stem(word: str, language: str) -> str:
    algorithm = _STEMMERS.get(language)
    if algorithm is None:
        return word
    stemmers: dict[str, Any] = _own.__dict__  # a stemmer keeps its word in itself: one a thread
    if algorithm not in stemmers:
        stemmers[algorithm] = snowballstemmer.stemmer(algorithm)
    return str(stemmers[algorithm].stemWord(word))


def content_stems(text: str, language: str) -> tuple[str, ...]:
    """Return the stems of the words in `text` that carry content, in order."""
    stop = stop_words(language)
    return tuple(
        stem(word, language)
        for word in words(text)
        if len(word) > 1 and word.lower() not in stop and not word.isdigit()
    )
