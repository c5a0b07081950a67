"""An idle database is let alone where it may sleep, and only there."""

from service.quiet import AFTER, ASLEEP, Quiet


def test_a_database_that_may_sleep_is_let_alone_after_a_while_and_wakes_by_what_happens() -> None:
    moment = 0.0
    quiet = Quiet(may_sleep=True, now=lambda: moment)

    awake = quiet.longest(1.5)
    moment = AFTER
    asleep = quiet.longest(1.5)

    assert (awake, asleep) == (1.5, ASLEEP)
    assert quiet.stir()
    assert not quiet.stir()
    assert quiet.longest(1.5) == 1.5


def test_any_other_database_is_looked_at_as_ever() -> None:
    moment = 0.0
    quiet = Quiet(may_sleep=False, now=lambda: moment)

    moment = 100 * AFTER

    assert quiet.longest(1.5) == 1.5
    assert not quiet.stir()
