"""What people do with a chapter: publish it, edit it, go back to a version that it had."""

from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from service.content.title import TitleMissing, is_line
from service.refusal import StateConflict
from service.textbook import length, section
from service.textbook.chapter import Chapter, ChapterEvent, Version, latest, version
from service.textbook.commands import PublishChapter, ReviseChapter, RollBackChapter
from service.textbook.content import Parts, Policy
from service.textbook.events import ChapterPublished, ChapterRevised, ChapterRolledBack
from service.textbook.making import judged


class ChapterNotValidated(StateConflict):
    """The chapter's latest version has not been validated, so it cannot be published."""


class NewerVersion(StateConflict):
    """The chapter has a newer version than the one that was read; look at that first."""


class VersionIncomplete(StateConflict):
    """The chapter's latest version is not complete yet, so it cannot be edited."""


def publish(command: PublishChapter, chapter: Chapter) -> Sequence[ChapterEvent]:
    """Let the latest version out, unless it is."""
    last = latest(chapter, command.number)
    if (command.version or last.version) == chapter.published:
        return ()
    if command.version not in (None, last.version):
        raise NewerVersion(
            f"The latest version of chapter {command.number} is {last.version};"
            " look at that first, or roll back to the one you mean.",
            latest_version=last.version,
        )
    if last.standing == "generated":
        waits = f"Version {last.version} of chapter {command.number} is not validated yet:"
        raise ChapterNotValidated(f"{waits} it is still being made, or was left incomplete.")
    if last.standing == "rejected":
        rejected = f"Version {last.version} of chapter {command.number} was rejected: "
        raise ChapterNotValidated(rejected + " ".join(last.errors), faults=last.errors)
    path = chapter.path or f"{command.number:02d}-{last.slug}.md"
    digest = sha256(last.parts.markdown.encode()).hexdigest()
    return (ChapterPublished(command.number, last.version, path, digest),)


def revise(command: ReviseChapter, chapter: Chapter, rules: Policy) -> Sequence[ChapterEvent]:
    """Keep a person's text as the next version, judged at once, unless it says nothing new."""
    last = latest(chapter, command.number)
    title = last.title if command.title is None else command.title.strip()
    if not is_line(title):
        raise TitleMissing
    if last.standing == "generated":
        raise VersionIncomplete(
            f"Version {last.version} of chapter {command.number} is not complete yet. Wait for the"
            " job that makes it; if that has failed, retry it or make the chapter anew.",
            version=last.version,
        )
    if (title, command.markdown) == (last.title, last.parts.markdown):
        return ()
    number, words = last.version + 1, length.words(command.markdown)
    parts = replace(last.parts, markdown=command.markdown)
    return (
        ChapterRevised(
            command.number,
            number,
            last.version,
            title,
            command.markdown,
            words,
            length.minutes(words),
        ),
        judged(command.number, number, loosened(parts), rules),
    )


def roll_back(command: RollBackChapter, chapter: Chapter, rules: Policy) -> Sequence[ChapterEvent]:
    """Begin a version that is the same as an earlier one, unless the latest is; judged at once."""
    last, base = latest(chapter, command.number), version(chapter, command.version)
    if said(last) == said(base):
        return ()
    number = last.version + 1
    return (
        ChapterRolledBack(command.number, number, base.version),
        judged(command.number, number, loosened(base.parts), rules),
    )


def loosened(parts: Parts) -> Parts:
    """Return the parts with no booster bound to a section that a person has taken out.

    Such a booster is shown at the chapter's end: nobody can edit it, so it stands in nobody's way.
    """
    headings = section.headings(parts.markdown)
    boosters = tuple(
        one
        if any(section.same(one.section_ref, name) for name in headings)
        else replace(one, section_ref="")
        for one in parts.boosters
    )
    return replace(parts, boosters=boosters)


def said(of: Version) -> tuple[object, ...]:
    """Return all that a version says, wherever it came from."""
    return of.title, of.key_points, of.sources, of.parts
