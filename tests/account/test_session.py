"""How a session goes on, and what ends it."""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

import pytest

from service.account.session import (
    GRACE,
    LIFE,
    REUSED,
    SESSION,
    BadRefreshToken,
    End,
    Open,
    Refresh,
    RefreshTokenReused,
    SessionEnded,
    SessionRefreshed,
    SessionRevoked,
    SessionStarted,
    Start,
    answer,
    hashed,
    parsed,
    successor,
    token_of,
)
from tests.account.people import ADA, NOW
from tests.given import given

FIRST = bytes(range(32))
NONCE, OTHER = b"n" * 16, b"o" * 16
SECOND = successor(FIRST, NONCE)
THIRD = successor(SECOND, OTHER)
SESSION_ID = ADA
LATER = NOW + timedelta(minutes=15)
STARTED = SessionStarted(
    account=ADA,
    token_hash=hashed(FIRST),
    family_hash=hashed(FIRST[:16]),
    version=3,
    expires_at=NOW + LIFE,
    agent="curl",
)
REFRESHED = SessionRefreshed(hashed(SECOND), NONCE.hex(), LATER)
AGAIN = SessionRefreshed(hashed(THIRD), OTHER.hex(), LATER + timedelta(seconds=1))


def test_a_login_begins_a_session_once() -> None:
    start = Start(account=ADA, secret=FIRST, version=3, now=NOW, agent="curl")
    given(SESSION).when(start).then(STARTED)
    given(SESSION, STARTED).when(start).then()


def test_a_token_is_used_once_and_its_successor_follows_from_it() -> None:
    given(SESSION, STARTED).when(Refresh(FIRST, NONCE, LATER)).then(REFRESHED)
    given(SESSION, STARTED, REFRESHED).when(
        Refresh(SECOND, OTHER, LATER + timedelta(seconds=1))
    ).then(AGAIN)
    assert answer(FIRST, SESSION.fold([STARTED, REFRESHED])) == SECOND
    assert len({FIRST, SECOND, THIRD, successor(FIRST, OTHER)}) == 4


def test_the_token_before_gets_the_same_successor_for_a_while() -> None:
    given(SESSION, STARTED, REFRESHED).when(Refresh(FIRST, OTHER, LATER + GRACE)).then()
    assert answer(FIRST, SESSION.fold([STARTED, REFRESHED])) == SECOND


@pytest.mark.parametrize(
    ("events", "secret", "at"),
    [
        ([STARTED, REFRESHED], FIRST, LATER + GRACE + timedelta(seconds=1)),
        ([STARTED, REFRESHED, AGAIN], FIRST, LATER + timedelta(seconds=2)),
        ([STARTED, REFRESHED, AGAIN], SECOND, LATER + GRACE + timedelta(seconds=2)),
        ([STARTED], SECOND, NOW),
    ],
    ids=["late", "in the grace of another", "late again", "of its family and never given out"],
)
def test_an_old_token_revokes_its_session(
    events: list[SessionStarted | SessionRefreshed], secret: bytes, at: datetime
) -> None:
    given(SESSION, *events).when(Refresh(secret, NONCE, at)).then(SessionRevoked(REUSED))
    over = SESSION.fold([*events, SessionRevoked(REUSED)])
    with pytest.raises(RefreshTokenReused):
        answer(secret, over)


def test_a_made_up_token_says_nothing_about_the_session() -> None:
    given(SESSION, STARTED).when(Refresh(b"x" * 32, NONCE, NOW)).refused(BadRefreshToken)
    given(SESSION).when(Refresh(FIRST, NONCE, NOW)).refused(BadRefreshToken)


@pytest.mark.parametrize("end", [SessionEnded(), SessionRevoked(REUSED)])
def test_a_session_that_is_over_is_not_refreshed(end: SessionEnded | SessionRevoked) -> None:
    given(SESSION, STARTED, end).when(Refresh(FIRST, NONCE, NOW)).refused(BadRefreshToken)
    given(SESSION, STARTED, end).when(End()).then()


def test_a_session_lasts_thirty_days_however_often_it_is_refreshed() -> None:
    last = NOW + LIFE
    given(SESSION, STARTED, REFRESHED).when(Refresh(SECOND, OTHER, last)).refused(BadRefreshToken)
    state = SESSION.fold([STARTED, REFRESHED])
    assert isinstance(state, Open)
    assert state.expires_at == last


def test_logging_out_ends_it() -> None:
    given(SESSION, STARTED).when(End()).then(SessionEnded())
    given(SESSION).when(End()).then()


@pytest.mark.parametrize(
    "token",
    ["", "x", "ä", "a" * 63, "a" * 65, "=" * 64, "\n" * 64, urlsafe_b64encode(b"x" * 47).decode()],
)
def test_a_token_of_another_make_is_refused(token: str) -> None:
    with pytest.raises(BadRefreshToken):
        parsed(token)


def test_a_token_is_the_session_and_its_secret() -> None:
    assert parsed(token_of(SESSION_ID, FIRST)) == (SESSION_ID, FIRST)


def test_secrets_are_not_printed() -> None:
    start = Start(account=ADA, secret=FIRST, version=1, now=NOW)
    assert repr(start) == "Start(…)"
    assert repr(Refresh(FIRST, NONCE, NOW)) == "Refresh(…)"
    assert repr(STARTED) == "SessionStarted(…)"
