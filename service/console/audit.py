"""The latest of the audit, for administrators."""

from typing import Final

import msgspec

from service.audit.http import COLUMNS, NEWEST_FIRST, SECONDS, VIEW, Act, located
from service.console.page import Shown, Visit
from service.console.people import named
from service.view import rows
from service.view.question import Question

LATEST: Final = 100


async def browse(visit: Visit) -> Shown:
    """Show who did what lately, and what was refused."""
    database = visit.resources.database
    asked = Question(VIEW, visit.tenant_id, {}, NEWEST_FIRST, COLUMNS)
    part = await rows.read(database, asked, "json", after=None, limit=LATEST, timeout=SECONDS)
    acts = msgspec.json.decode(b"[" + part.page + b"]", type=list[Act])
    shown = await located(database, visit.tenant_id, acts)
    actors = {act.actor for act in acts if act.actor_kind == "account"}
    people = await named(database, visit.tenant_id, actors)
    return Shown("audit.html", {"acts": shown, "people": people})
