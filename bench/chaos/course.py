"""Courses to have accidents with: each has its own sources, so that no two ask a model alike."""

from random import Random
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import asdict

from service.course.commands import RequestCourse
from service.course.decider import COURSE
from service.http.token import tenant
from service.job.decider import JOB, Create
from service.library.decider import SOURCE, AddSource, source_id
from service.library.intake import prepare
from service.log.handle import Context, Log, Write

TENANT: Final = tenant("default")
LESSONS: Final = 10
SYLLABLES: Final = ("ba", "de", "go", "ku", "li", "mo", "na", "pe", "ru", "sa", "ti", "vo")


class Asked(Struct, frozen=True):
    """A course that was asked for."""

    course_id: UUID
    job_id: UUID


def names(random: Random, count: int) -> list[str]:
    """Return so many names of rivers."""
    return ["".join(random.choices(SYLLABLES, k=4)).title() for _ in range(count)]


def chapter(number: int, river: str) -> str:
    """Return what is to be known of a river."""
    return (
        f"## The {river}\n\n"
        f"The **{river} delta** is a plain of mud that the {river} built at the sea. "
        f"Farmers of the {river} valley sow grain after the yearly flood has left its mud behind. "
        f"About {number} million people drink the water of the {river} every day of the year. "
        f"A **{river} gauge** is a pillar that shows how high the {river} stands.\n\n"
        f"Engineers measured the {river} with chains before they drew the first map of its banks. "
        f"The oldest bridge over the {river} has {number + 3} arches and was built of grey stone. "
        f"Traders carried salt and cloth along the {river} long before there were any roads.\n"
    )


async def shelved(log: Log, random: Random, context: Context) -> str:
    """Shelve a source that nobody else has; return the name of the land whose rivers it is about.

    It lies in a folder of that name.
    """
    name = "".join(random.choices(SYLLABLES, k=6)).title()
    rivers = names(random, LESSONS)
    text = f"# Rivers of {name}\n\n" + "\n".join(map(chapter, range(2, LESSONS + 2), rivers))
    path = f"{name}/rivers.md"
    content, stream_id = prepare(text.encode(), path), source_id(context.tenant_id, path)
    await log.handle(SOURCE, stream_id, AddSource(**asdict(content)), context)
    return name


async def ask(log: Log, random: Random, tenant_id: UUID = TENANT) -> Asked:
    """Shelve sources that nobody else has, and ask for a course of them."""
    context = Context(tenant_id, "chaos", uuid4())
    name = await shelved(log, random, context)
    asked = Asked(uuid4(), uuid4())
    wanted = RequestCourse(
        f"Rivers of {name}", "chaos", asked.job_id, num_lessons=LESSONS, source_filter=f"{name}/"
    )
    created = Create("course", asked.course_id, "chaos")
    await log.append(
        context,
        Write(COURSE, asked.course_id, 0, COURSE.decide(wanted, COURSE.initial)),
        Write(JOB, asked.job_id, 0, JOB.decide(created, JOB.initial)),
    )
    return asked
