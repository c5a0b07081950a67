"""From a received file to what a source will hold."""

import hashlib
import unicodedata
from pathlib import PurePosixPath

from service.library.chunk import chunks
from service.library.decider import LONGEST_TEXT, Content, TextTooLong, check_path
from service.library.document import Empty
from service.library.extract import extract, media_type_of
from service.library.language import detect, hinted, primary
from service.library.plain import one_line


def prepare(
    data: bytes,
    path: str,
    *,
    filename: str = "",
    media_type: str = "",
    title: str = "",
    language: str = "",
    seconds: float = 60.0,
) -> Content:
    """Read `data` as what stands under `path`; what is not given is found in the file.

    Raises `Invalid`, `TooLarge` or `Unsupported`. Takes up to `seconds` and more than a little
    work: call it in a thread.
    """
    path = unicodedata.normalize("NFC", path)
    check_path(path)
    spoken = primary(language) if language else ""
    kind = media_type_of(path if PurePosixPath(path).suffix else filename or path, media_type)
    document = extract(data, path, kind, seconds=seconds)
    if len(document.text) > LONGEST_TEXT:
        raise TextTooLong
    spoken = spoken or hinted(document.language) or detect(document.text)
    spans = chunks(document.text, spoken)
    if not spans:
        raise Empty(f"{path} has headings but no text below them. Check that it is finished.")
    return Content(
        path,
        one_line(title) or document.title,
        kind,
        spoken,
        document.text,
        hashlib.sha256(document.text.encode()).hexdigest(),
        hashlib.sha256(data).hexdigest(),
        spans,
    )
