"""Reading pages as strictly as the strictest of their readers: as XML, every link followed."""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree as ET

XHTML = "{http://www.w3.org/1999/xhtml}"
ADDRESSES = ("https:", "mailto:")


def tree(page: str | bytes) -> ET.Element:
    """What is on a page, which has to be well formed."""
    return ET.fromstring(page)  # noqa: S314 - no stranger's: what is tested has written it


def elements(parts: Iterable[str]) -> Iterator[ET.Element]:
    """Every element of some XHTML that stands on no page yet."""
    for each in tree(f"<all>{''.join(parts)}</all>").iter():
        if each.tag != "all":
            yield each


def words(element: ET.Element) -> str:
    """What one reads of an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def ids(page: ET.Element) -> list[str]:
    return [each.attrib["id"] for each in page.iter() if "id" in each.attrib]


def fetched(page: ET.Element) -> list[str]:
    """What a browser asks for by itself when it shows a page."""
    attributes = ("src", "srcset", "data", "poster", "{http://www.w3.org/1999/xlink}href")
    asked = [
        each.attrib[name] for each in page.iter() for name in attributes if name in each.attrib
    ]
    return asked + [each.attrib["href"] for each in page.iter(f"{XHTML}link")]


def followed(pages: Mapping[str, ET.Element]) -> int:
    """Follow every link of some pages, by their paths, and return how many there are."""
    places = {path: {"", *ids(page)} for path, page in pages.items()}
    links = [
        (path, each.attrib["href"])
        for path, page in pages.items()
        for each in page.iter(f"{XHTML}a")
        if not each.attrib["href"].startswith(ADDRESSES)
    ]
    for path, href in links:
        target, _, place = urljoin(path, href).partition("#")
        assert unquote(place) in places[target], (path, href)
    return len(links)
