"""What only one account may have."""

import pytest

from service.account.claim import (
    CLAIM,
    ClaimMade,
    ClaimReleased,
    EmailTaken,
    MakeClaim,
    ReleaseClaim,
    UsernameTaken,
    normalised,
)
from tests.account.people import ADA, BOB
from tests.given import given


def test_a_value_is_had_by_one_account_until_it_is_given_back() -> None:
    given(CLAIM).when(MakeClaim(ADA, "email")).then(ClaimMade(ADA))
    given(CLAIM, ClaimMade(ADA)).when(MakeClaim(ADA, "email")).then()
    given(CLAIM, ClaimMade(ADA)).when(MakeClaim(BOB, "email")).refused(EmailTaken)
    given(CLAIM, ClaimMade(ADA)).when(MakeClaim(BOB, "username")).refused(UsernameTaken)
    given(CLAIM, ClaimMade(ADA)).when(ReleaseClaim(ADA)).then(ClaimReleased())
    given(CLAIM, ClaimMade(ADA), ClaimReleased()).when(MakeClaim(BOB, "email")).then(ClaimMade(BOB))


def test_nobody_gives_back_what_is_anothers_or_nobodys() -> None:
    given(CLAIM, ClaimMade(ADA)).when(ReleaseClaim(BOB)).then()
    given(CLAIM).when(ReleaseClaim(ADA)).then()


@pytest.mark.parametrize(
    "alike",
    [
        ("Ada@Example.org", " ada@example.ORG\n"),
        ("straße@x.de", "STRASSE@x.de"),
        ("jose\u0301@x.es", "JOS\u00c9@x.es"),
        ("\uff41da@x.org", "ada@x.org"),  # fullwidth
        ("\u1e9e@x.de", "ss@x.de"),
    ],
)
def test_what_people_take_for_equal_is_equal(alike: tuple[str, str]) -> None:
    assert normalised(alike[0]) == normalised(alike[1])
    assert normalised(normalised(alike[0])) == normalised(alike[0])


def test_what_people_tell_apart_is_not_equal() -> None:
    assert normalised("ada@x.org") != normalised("ada+1@x.org")
