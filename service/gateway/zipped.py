"""Files in a ZIP archive: the same files give the same bytes, at any time and on any machine."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

MEDIA: Final = "application/zip"
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time that each entry bears: the earliest that the format has."""
UNIX: Final = 3
READABLE: Final = 0o100644 << 16


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of `files` by their paths, in their order.

    They are stored as they are, since what deflating yields depends on the library that does it.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, LONG_AGO)
            entry.create_system, entry.external_attr = UNIX, READABLE
            archive.writestr(entry, data)
    return made.getvalue()
