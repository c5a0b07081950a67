"""A worker process that kills itself amid textbooks, as `mortal.py` does amid courses."""

import asyncio
import sys

from tests.generation.mortal import main
from tests.generation.textbook_jobs import Telling
from tests.textbook.scripted import SPOILT, Scripted

SPOILT_CHAPTER = 2


def telling() -> Telling:
    """Return a generator whose second chapter is rejected whenever it is made."""
    return Telling(Scripted({("text", SPOILT_CHAPTER): [SPOILT] * 9}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], telling()))
