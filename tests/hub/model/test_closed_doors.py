"""When guests are told of a door that a lock-down closes to them, and when of its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.model.closed_doors import LOOK, SETTLE, DoorOfGuest, Word, word

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
LONG, JUST, SOON = NOW - SETTLE, NOW - SETTLE / 2, NOW + SETTLE / 2


@pytest.mark.parametrize(
    ("told", "shut", "down", "released", "opens", "expected"),
    [
        (False, None, False, None, True, None),
        (False, None, True, None, False, None),  # by a lock-down of which nobody is to be told
        (False, JUST, True, None, False, SOON),
        (False, LONG, True, None, False, Word.CLOSED),
        (False, NOW + timedelta(days=1), True, None, False, Word.CLOSED),  # the clock was set back
        (True, LONG, True, None, False, None),
        (True, None, True, LONG, False, None),  # another lock-down goes on
        (True, None, False, JUST, True, SOON),
        (True, None, False, LONG, True, Word.OPEN),
        (True, None, False, LONG, False, NOW + SETTLE),
        (True, None, False, NOW - timedelta(minutes=40), False, NOW + timedelta(minutes=10)),
        (True, None, False, None, False, NOW + LOOK),
        (True, None, False, None, True, Word.OPEN),  # released long ago, or nobody knows when
    ],
)
def test_word_for_one_door(
    told: bool, shut: datetime | None, down: bool, released: datetime | None, opens: bool, expected: object
) -> None:
    assert word(DoorOfGuest(told, shut, down, released, opens), NOW) == expected
