"""Every page of the console, in reading order; the paths stand below /console."""

from typing import Final

from service.console import audit, chapter, course, home, revision, session, sign, textbook
from service.console.page import Page

LESSON: Final = "/courses/{course}/lessons/{lesson}"
CHAPTER: Final = "/textbooks/{textbook}/chapters/{chapter}"

CONSOLE: Final = (
    Page("GET", "", home.show),
    Page("GET", "/sign-in", sign.ask, role=None),
    Page("POST", "/sign-in", sign.enter, role=None),
    Page("POST", "/sign-out", sign.leave, role=None),
    Page("GET", "/courses", course.browse),
    Page("GET", "/courses/{course}", course.show),
    Page("GET", LESSON, course.read),
    Page("GET", LESSON + "/revisions", revision.browse),
    Page("GET", LESSON + "/diff", revision.compare),
    Page("GET", LESSON + "/why", revision.explained),
    Page("POST", LESSON + "/promote", revision.promote),
    Page("POST", LESSON + "/rollback", revision.roll_back),
    Page("POST", LESSON + "/pin", revision.pin),
    Page("POST", LESSON + "/unpin", revision.unpin),
    Page("GET", "/textbooks", textbook.browse),
    Page("GET", "/textbooks/{textbook}", textbook.show),
    Page("POST", "/textbooks/{textbook}/publish", textbook.publish),
    Page("GET", "/textbooks/{textbook}/export", textbook.export),
    Page("GET", CHAPTER, textbook.read),
    Page("GET", CHAPTER + "/versions", chapter.browse),
    Page("GET", CHAPTER + "/diff", chapter.compare),
    Page("POST", CHAPTER + "/publish", chapter.publish),
    Page("POST", CHAPTER + "/rollback", chapter.roll_back),
    Page("GET", "/sessions", session.browse),
    Page("POST", "/sessions/{session}/end", session.end),
    Page("GET", "/audit", audit.browse, role="admin"),
    Page("GET", "/console.css", home.style, role=None),
)
