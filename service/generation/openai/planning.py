"""What a plan's parts must be, lessons or chapters: so many, and each with a title of its own."""

from collections.abc import Iterable, Sequence

from service.generation.gate.fault import Fault
from service.generation.openai.section import line


def faults(path: str, noun: str, titles: Sequence[str], wanted: int) -> list[Fault]:
    """Return what is wrong with the titles of a plan's parts; `noun` is what one of them is."""
    found = []
    if len(titles) != wanted:
        parts = noun if wanted == 1 else f"{noun}s"
        found.append(Fault(path, f"there must be exactly {wanted} {parts}, not {len(titles)}"))
    seen = set[str]()
    for at, title in enumerate(titles):
        if line(title).casefold() in seen:
            found.append(Fault(f"{path}[{at}].title", f"another {noun} has the same title"))
        seen.add(line(title).casefold())
        found += named(f"{path}[{at}].title", title)
    return found


def named(path: str, words: str, what: str = "a title") -> list[Fault]:
    """Return what is wrong with a title, or something else that must say something, by itself."""
    if any(letter.isalnum() for letter in words):
        return []
    return [Fault(path, f"{what} needs a letter or a digit")]


def lines(said: Iterable[str]) -> tuple[str, ...]:
    """Return each line once, without the mark of a list that models like to put before it."""
    return tuple(dict.fromkeys(line(one).removeprefix("- ") for one in said))
