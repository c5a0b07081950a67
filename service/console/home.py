"""The first page: who you are, how the service does, how fresh its views are, what is new."""

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from service.console.page import Shown, Visit
from service.course import views as courses
from service.http import health
from service.textbook import views as textbooks

STYLE: Final = Path(__file__).parent / "static" / "console.css"
LATEST: Final = 5


async def show(visit: Visit) -> Shown:
    """Show where things stand."""
    of = visit.resources
    checked, fresh, latest, books = await asyncio.gather(
        health.looked_at(of),
        health.freshness(of),
        courses.page(of.database, visit.tenant_id, limit=LATEST),
        textbooks.page(of.database, visit.tenant_id, limit=LATEST),
    )
    values = {"health": checked, "fresh": fresh, "courses": latest, "textbooks": books}
    return Shown("home.html", values)


async def style(visit: Visit) -> web.FileResponse:
    """The style of all pages."""
    del visit
    return web.FileResponse(STYLE, headers={"Cache-Control": "public, max-age=3600"})
