"""What a started service says on its terminal: where it is, and what to try."""

import os
import shlex
import sys
from pathlib import Path

from service.settings import Settings


def welcome(settings: Settings, host: str, port: int, *, embedded: bool) -> str:
    """Return the address, where the data lives, and three lines to try."""
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"  # noqa: S104
    python = os.path.relpath(sys.executable) if _below_here(sys.executable) else sys.executable
    run = f"{shlex.quote(python)} run.py"
    data = f"{settings.home} (an embedded PostgreSQL)" if embedded else "the database you named"
    body = '{"topic": "Photosynthesis", "grade_level": "9", "num_lessons": 3}'
    return f"""
Daybook listens on {address}, its manual is at {address}/docs.
People sign in at {address}/console; {run} account create-admin makes the first of them.
The data lives in {data}. Ctrl-C stops it all.
Courses are made of your documents; {run} ingest docs/samples adds one to begin with.

  TOKEN=$({run} token)
  curl {address}/api/v1/courses -H "Authorization: Bearer $TOKEN" \\
    -H "Content-Type: application/json" -d {shlex.quote(body)}
  {run} db psql -c 'SELECT title, status, lessons_ready, total_lessons FROM read.v_course_summary'
"""  # noqa: S608 - a line to try, not a query


def _below_here(path: str) -> bool:
    return Path(path).is_relative_to(Path.cwd())
