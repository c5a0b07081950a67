"""Daybook over HTTP: the route table, in reading order, and the application made of it."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from service.account import admin_http as accounts
from service.account import auth_http as auth
from service.account import erase_http as erasure
from service.account import http as account
from service.audit import http as audit
from service.budget import http as budget
from service.console.application import console, lead
from service.console.pages import CONSOLE
from service.content import http as content
from service.course import http as course
from service.course import lesson_http as lesson
from service.course import revision_http as revision
from service.gateway import export_http as export
from service.gateway.zipped import MEDIA as ZIP
from service.http import docs, feed, health
from service.http.application import application
from service.http.call import Resources
from service.http.metrics import Metrics
from service.http.route import Route, under
from service.job import http as job
from service.library import http as library
from service.price import http as price
from service.projection import http as projection
from service.projection import parked_http as parked
from service.service_token import http as service_token
from service.tenant import http as tenant
from service.textbook import chapter_http as chapter
from service.textbook import export_http as edition
from service.textbook import http as textbook
from service.textbook import version_http as version
from service.view import http as view

CHAPTER: Final = "/textbooks/{textbook}/chapters/{chapter}"
LESSON: Final = "/courses/{course}/lessons/{lesson}"
PARKED: Final = "/parked/{stream}"

PEOPLE: Final = (
    Route("POST", "/auth/register", auth.register, 201, role=None, refusals=auth.REGISTERED),
    Route("POST", "/auth/login", auth.login, role=None, refusals=auth.LOGGED_IN),
    Route(
        "POST",
        "/auth/token",
        auth.token,
        role=None,
        refusals=auth.TOKENS,
        refusing=auth.oauth,
    ),
    Route("POST", "/auth/refresh", auth.refresh, role=None, refusals=auth.REFRESHED),
    Route("POST", "/auth/logout", auth.logout, refusals=auth.OUT),
    Route("GET", "/me", account.show, refusals=account.FOUND),
    Route("PATCH", "/me", account.update, refusals=account.UPDATED),
    Route("DELETE", "/me", erasure.erase_me, refusals=erasure.ERASED_ME),
    Route("POST", "/me/password", account.password, refusals=account.CHANGED),
    Route("GET", "/me/sessions", account.sessions, refusals=account.FOUND),
    Route("DELETE", "/me/sessions/{session}", account.end, refusals=account.ENDED),
    Route("GET", "/accounts", accounts.browse, role="admin"),
    *under(
        "/accounts/{account}",
        (
            Route("GET", "", accounts.show, refusals=accounts.FOUND),
            Route("POST", "/deactivate", accounts.deactivate, refusals=accounts.DEACTIVATED),
            Route("POST", "/reactivate", accounts.reactivate, refusals=accounts.FOUND),
            Route("POST", "/role", accounts.grant, refusals=accounts.GRANTED),
            Route("POST", "/logout", accounts.sign_out, refusals=accounts.FOUND),
            Route("POST", "/erase", erasure.erase, refusals=erasure.ERASED),
        ),
        role="admin",
    ),
    Route("GET", "/erasures/{account}", erasure.report, role="admin", refusals=erasure.SHOWN),
)
"""Getting in, the own account, and those of others."""

TENANTS: Final = (
    *under(
        "/service-tokens",
        (
            Route("POST", "", service_token.create, 201, refusals=service_token.ISSUED),
            Route("GET", "", service_token.browse),
            Route(
                "DELETE",
                "/{service_token}",
                service_token.revoke,
                refusals=service_token.REVOKED,
            ),
        ),
        role="admin",
    ),
    *under(
        "/tenants",
        (
            Route("POST", "", tenant.create, 201, refusals=tenant.CREATED),
            Route("GET", "", tenant.browse),
            Route("GET", "/{tenant}", tenant.show, refusals=tenant.FOUND),
            Route("POST", "/{tenant}/suspend", tenant.suspend, refusals=tenant.SUSPENDED),
            Route("POST", "/{tenant}/resume", tenant.resume, refusals=tenant.FOUND),
            Route("POST", "/{tenant}/limits", tenant.limits, refusals=tenant.FOUND),
            Route("POST", "/{tenant}/registration", tenant.registration, refusals=tenant.FOUND),
            Route("GET", "/{tenant}/budget", budget.show_tenant, refusals=budget.OF_TENANT),
            Route("PUT", "/{tenant}/budget", budget.put_tenant, refusals=budget.SET_OF_TENANT),
        ),
        role="admin",
        house=True,
    ),
)
"""Tenants, and the machines that work for them."""

COURSES: Final = (
    Route(
        "POST", "/courses", course.request, 202, refusals=course.ASKED, generates=True, spools=True
    ),
    Route("GET", "/courses", course.browse),
    Route("GET", "/courses/{course}", course.show, refusals=course.FOUND),
    Route("GET", "/courses/{course}/history", course.history, refusals=course.FOUND),
    Route("POST", "/courses/{course}/cancel", course.cancel, refusals=course.CANCELLED),
    Route(
        "POST",
        "/courses/{course}/retry",
        course.retry,
        202,
        refusals=course.RETRIED,
        generates=True,
    ),
    Route("POST", "/courses/{course}/rename", course.rename, refusals=course.RENAMED),
    Route("POST", "/courses/{course}/archive", course.archive, refusals=course.FOUND),
    Route("GET", "/courses/{course}/export", export.course, refusals=export.FOUND, media=ZIP),
    Route("GET", "/courses/{course}/lessons", lesson.contents, refusals=course.FOUND),
    Route("GET", LESSON, lesson.show, refusals=lesson.FOUND),
    Route("GET", LESSON + "/revisions", revision.browse, refusals=revision.FOUND),
    Route("GET", LESSON + "/revisions/{revision}", revision.show, refusals=revision.COMPARED),
    Route("GET", LESSON + "/diff", revision.compare, refusals=revision.COMPARED),
    Route(
        "POST",
        LESSON + "/regenerate",
        lesson.regenerate,
        202,
        refusals=lesson.KEPT,
        generates=True,
    ),
    Route("POST", LESSON + "/reread", lesson.reread, 202, refusals=lesson.KEPT, generates=True),
    Route("POST", LESSON + "/promote", lesson.promote, refusals=lesson.PROMOTED),
    Route("POST", LESSON + "/rollback", lesson.roll_back, refusals=lesson.ROLLED_BACK),
    Route("POST", LESSON + "/pin", lesson.pin, refusals=lesson.KEPT),
    Route("POST", LESSON + "/unpin", lesson.unpin, refusals=lesson.KEPT),
    Route("POST", LESSON + "/revise", lesson.revise, refusals=lesson.REVISED),
    Route("GET", "/content/{content}/why", content.show, refusals=content.EXPLAINED),
)
"""Courses and their lessons."""

TEXTBOOKS: Final = (
    Route(
        "POST",
        "/textbooks",
        textbook.request,
        202,
        refusals=textbook.ASKED,
        generates=True,
        spools=True,
    ),
    Route("GET", "/textbooks", textbook.browse),
    *under(
        "/textbooks/{textbook}",
        (
            Route("GET", "", textbook.show, refusals=textbook.FOUND),
            Route("GET", "/history", textbook.history, refusals=textbook.FOUND),
            Route("POST", "/cancel", textbook.cancel, refusals=textbook.CANCELLED),
            Route("POST", "/retry", textbook.retry, 202, refusals=textbook.RETRIED, generates=True),
            Route("POST", "/publish", textbook.publish, refusals=textbook.PUBLISHED),
            Route("POST", "/archive", textbook.archive, refusals=textbook.FOUND),
            Route(
                "GET",
                "/export",
                edition.textbook,
                refusals=edition.FOUND,
                media=edition.MEDIA[0],
                downloads=edition.MEDIA[1:],
                seconds=edition.SECONDS,
            ),
            Route("GET", "/chapters", chapter.contents, refusals=textbook.FOUND),
        ),
    ),
    *under(
        CHAPTER,
        (
            Route("GET", "", chapter.show, refusals=chapter.FOUND),
            Route(
                "POST",
                "/regenerate",
                chapter.regenerate,
                202,
                refusals=chapter.KEPT,
                generates=True,
            ),
            Route("GET", "/versions", version.browse, refusals=version.FOUND),
            Route("GET", "/versions/{version}", version.show, refusals=version.COMPARED),
            Route("GET", "/diff", version.compare, refusals=version.COMPARED),
            Route("POST", "/publish", chapter.publish, refusals=chapter.PUBLISHED),
            Route("POST", "/revise", chapter.revise, refusals=chapter.REVISED),
            Route("POST", "/rollback", chapter.roll_back, refusals=chapter.ROLLED_BACK),
        ),
    ),
)
"""Textbooks and their chapters."""

SOURCES: Final = (
    Route("POST", "/sources", library.add, 201, (200,), refusals=library.ADDED),
    Route("GET", "/sources", library.browse),
    Route("GET", "/sources/{source}", library.show, refusals=library.FOUND),
    Route("PUT", "/sources/{source}", library.replace, refusals=library.REPLACED),
    Route("DELETE", "/sources/{source}", library.remove, refusals=library.FOUND),
    Route("GET", "/search", library.search),
)
"""What courses and textbooks are made from."""

JOBS: Final = (
    Route("GET", "/jobs/{job}", job.show, refusals=job.FOUND),
    Route("GET", "/jobs/{job}/events", job.follow, 200, (204,), refusals=job.FOUND, streams=True),
    Route("POST", "/jobs/{job}/cancel", job.cancel, refusals=job.CANCELLED),
    Route("POST", "/jobs/{job}/retry", job.retry, 202, refusals=job.RETRIED, generates=True),
)
"""What is being made."""

MONEY: Final = (
    Route("GET", "/prices", price.browse),
    Route("POST", "/prices", price.publish, role="admin", house=True, refusals=price.PUBLISHED),
    Route("GET", "/budget", budget.show),
    Route("PUT", "/budget", budget.put, role="admin", refusals=budget.SET),
    Route("GET", "/jobs/{job}/budget", budget.show_job, refusals=budget.OF_JOB),
    Route("PUT", "/jobs/{job}/budget", budget.put_job, refusals=budget.SET_OF_JOB),
)
"""What calls of language models cost, and may cost."""

FACTS: Final = (
    Route("GET", "/events", feed.events, media=feed.BATCH, streams=True),
    Route("GET", "/streams/{stream}", feed.stream),
    Route("GET", "/views", view.browse, role="analyst"),
    Route(
        "GET",
        "/views/{view}",
        view.show,
        role="analyst",
        refusals=view.FOUND,
        streams=True,
        downloads=(view.CSV, view.NDJSON),
    ),
    Route("GET", "/audit", audit.browse, role="admin", refusals=audit.ASKED),
)
"""What happened, and what follows from it."""

PROJECTIONS: Final = (
    Route("GET", "/projections", projection.browse),
    *under(
        "/projections/{projection}",
        (
            Route("POST", "/rebuild", projection.begin, 202, refusals=projection.UNKNOWN),
            Route("GET", "/diff", projection.compare, refusals=projection.COMPARED),
            Route("POST", "/swap", projection.swap, refusals=projection.SWAPPED),
            Route("POST", "/rollback", projection.roll_back, refusals=projection.ROLLED_BACK),
            Route("POST", "/pause", projection.pause, refusals=projection.PAUSED),
            Route("POST", "/resume", projection.resume, refusals=projection.RESUMED),
            Route("GET", "/parked", parked.waiting, refusals=projection.UNKNOWN),
            Route("POST", PARKED + "/retry", parked.retry, refusals=parked.MENDED),
            Route("POST", PARKED + "/discard", parked.discard, refusals=parked.MENDED),
        ),
        role="operator",
        house=True,
    ),
)
"""The operators' desk."""

API: Final = under(
    "/api/v1",
    (*PEOPLE, *TENANTS, *COURSES, *TEXTBOOKS, *SOURCES, *JOBS, *MONEY, *FACTS, *PROJECTIONS),
)

OPERATIONS: Final = (
    Route("GET", "/livez", health.live, role=None),
    Route("GET", "/readyz", health.ready, also=(503,), role=None),
    Route("GET", "/metrics", health.metrics, role=None, media="text/plain"),
)

DOCUMENTS: Final = (
    Route("GET", "/openapi.json", docs.openapi, role=None),
    Route("GET", "/docs", docs.page, role=None, media="text/html"),
    Route("GET", "/docs/problems", docs.problems, role=None, media="text/html"),
    Route("GET", "/docs/docs.css", docs.style, role=None, media="text/css"),
)

ROUTES: Final = (*API, *OPERATIONS, *DOCUMENTS)


def make_app(resources: Resources, metrics: Metrics, roles: Sequence[str]) -> web.Application:
    """Return the application of a process: every process answers for itself, an API for all."""
    if "api" not in roles:
        return application(OPERATIONS, resources, metrics)
    documented = resources.settings.api_docs
    app = application(ROUTES if documented else (*API, *OPERATIONS), resources, metrics)
    app.router.add_get("/", lead)
    app.add_subapp("/console", console(CONSOLE, resources))
    return app
