"""The headings of a chapter, as its boosters name them."""

import pytest

from service.textbook.section import headings


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("## Push\n\nWords.\n\n### Pull ##\n", ("Push", "Pull")),
        ("## C#\n## F # \n## # \n##\n", ("C#", "F")),
        ("```\n# no\n```\n# yes\n", ("yes",)),
        (f"# a{' ' * 200_000}b", (f"a{' ' * 200_000}b",)),
        (f"# a{' #' * 100_000}b", (f"a{' #' * 100_000}b",)),
    ],
    ids=["levels", "closing signs", "code", "spaces", "signs"],
)
def test_headings_are_found_in_one_pass(markdown: str, found: tuple[str, ...]) -> None:
    assert headings(markdown) == found
