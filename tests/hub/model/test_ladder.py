"""The deadline ladder against a table of cases: one door, what is known of it, and how long before check-in it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.model.ladder import (
    GRACE,
    LATELY,
    Act,
    Backup,
    DoorHours,
    DoorNow,
    Own,
    Rung,
    Standing,
    Tell,
    Withhold,
    deadlines,
    may_tell,
    pool_change,
    stand,
    worst,
)
from hub.model.values import LockId

T = datetime(2027, 3, 2, 14, 0, tzinfo=UTC)
"""From then on the guest may come in."""
HOURS = DoorHours(T, T - timedelta(hours=1), T + timedelta(days=2))
BOOKED = T - timedelta(days=30)
DOOR = DoorNow(LockId("front"), HOURS, waits=False, own=Own.UNPROVEN, since=BOOKED)

WAITS = {"waits": True}
PROVEN = {"own": Own.PROVEN}
READY = {"backup": Backup.READY}
PULLED = {"backup": Backup.PULLED}
SHUT = {"shut": True}
LATER = {"hours": replace(HOURS, until=T + timedelta(days=3))}
AT_CHECK_IN = {"hours": replace(HOURS, works_from=T)}
"""A door whose code goes in at check-in, whatever it does elsewhere."""


def before(text: str) -> datetime:
    """`4h` is four hours before check-in, `-4h` after it."""
    number, unit = int(text[:-1]), {"d": "days", "h": "hours", "m": "minutes"}[text[-1]]
    return T - timedelta(**{unit: number})


def at(ago: str, **known: Any) -> Standing:
    """The door has answered an hour ago, unless it is said otherwise."""
    now = before(ago)
    answered = now - timedelta(hours=1)
    return stand(replace(DOOR, **{"answered_at": answered, **known}), now)


# ---- where codes can wait in the lock -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "known", "rung", "act"),
    [
        ("30d", {}, Rung.EARLY, None),
        ("25h", {}, Rung.EARLY, None),
        ("24h", {}, Rung.LATE, None),
        ("24h", READY, Rung.LATE, None),
        ("24h", PROVEN, Rung.PROVEN, None),
        ("4h", {}, Rung.LATE, None),
        ("4h", READY, Rung.LATE, Act.PULL),
        ("4h", PROVEN | READY, Rung.PROVEN, None),
        ("4h", PULLED, Rung.SWITCHED, None),
        ("4h", {"own": Own.REFUSED} | READY, Rung.LATE, Act.PULL),
        ("61m", READY | {"silent": True}, Rung.LATE, Act.PULL),
        ("1h", {}, Rung.MISSING, None),
        ("1h", READY, Rung.MISSING, Act.PULL),
        ("1h", PULLED, Rung.SWITCHED, None),
        ("1h", PROVEN | PULLED, Rung.PROVEN, None),
        ("1h", {"backup": Backup.FAILED}, Rung.MISSING, None),
        ("-5h", {}, Rung.MISSING, None),
        ("-5h", PULLED, Rung.SWITCHED, None),
        ("-5h", PROVEN, Rung.PROVEN, None),
        ("-2d", {}, Rung.EARLY, None),
        ("25h", PROVEN | SHUT, Rung.EARLY, None),
        ("24h", PROVEN | SHUT, Rung.LATE, None),
        ("4h", PROVEN | READY | SHUT, Rung.LATE, None),
        ("4h", PULLED | SHUT, Rung.LATE, None),
        ("1h", PROVEN | READY | SHUT, Rung.MISSING, None),
        ("1h", PROVEN | SHUT | {"since": before("1h")}, Rung.EARLY, None),
        ("58m", PROVEN | SHUT | {"since": before("1h")}, Rung.MISSING, None),
        ("1h", PULLED | SHUT, Rung.MISSING, None),
    ],
)
def test_where_codes_wait_in_the_lock_they_are_proven_a_day_ahead(
    ago: str, known: dict[str, Any], rung: Rung, act: Act | None
) -> None:
    found = at(ago, **WAITS, **known)
    assert (found.rung, found.act) == (rung, act)


# ---- where they go in shortly before --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "known", "rung", "act"),
    [
        ("30d", {"answered_at": None}, Rung.EARLY, None),
        ("25h", {"answered_at": None}, Rung.EARLY, Act.LOOK),
        ("25h", {"answered_at": None, "silent": True}, Rung.EARLY, None),
        ("24h", {}, Rung.EXPECTED, None),
        ("24h", {"answered_at": None}, Rung.LATE, Act.LOOK),
        ("24h", {"answered_at": before("24h") - LATELY}, Rung.LATE, Act.LOOK),
        ("24h", {"silent": True}, Rung.LATE, None),
        ("24h", {"room": False}, Rung.LATE, None),
        ("24h", {"room": False} | READY, Rung.LATE, Act.SHED),
        ("24h", {"own": Own.REFUSED}, Rung.LATE, None),
        ("24h", {"own": Own.NOT_DRAWN}, Rung.LATE, None),
        ("24h", PROVEN, Rung.PROVEN, None),
        ("24h", SHUT, Rung.LATE, None),
        ("15m", PROVEN | READY | SHUT, Rung.MISSING, None),
        ("2h", {}, Rung.EXPECTED, None),
        ("59m", {}, Rung.EXPECTED, None),
        ("58m", {}, Rung.LATE, None),
        ("31m", READY, Rung.LATE, None),
        ("30m", {}, Rung.LATE, None),
        ("30m", READY, Rung.LATE, Act.PULL),
        ("30m", PROVEN | READY, Rung.PROVEN, None),
        ("30m", PULLED, Rung.SWITCHED, None),
        ("15m", {}, Rung.MISSING, None),
        ("15m", READY, Rung.MISSING, Act.PULL),
        ("15m", PULLED, Rung.SWITCHED, None),
        ("-5h", {}, Rung.MISSING, None),
        ("-5h", {"own": Own.DOUBTED}, Rung.PROVEN, None),
        ("-5h", {"own": Own.DOUBTED, "silent": True}, Rung.MISSING, None),
        ("15m", {"down": True} | READY, Rung.EARLY, None),
        ("58m", AT_CHECK_IN, Rung.EXPECTED, None),
        ("15m", AT_CHECK_IN | READY, Rung.EXPECTED, None),
        ("-4m", AT_CHECK_IN | READY, Rung.LATE, None),
        ("-5m", AT_CHECK_IN | READY, Rung.LATE, Act.PULL),
        ("-10m", AT_CHECK_IN, Rung.MISSING, None),
    ],
)
def test_where_codes_go_in_shortly_before_the_lock_answers_a_day_ahead(
    ago: str, known: dict[str, Any], rung: Rung, act: Act | None
) -> None:
    found = at(ago, **known)
    assert (found.rung, found.act) == (rung, act)


@pytest.mark.parametrize(
    ("lead", "switch", "call"),
    [("24h", "30m", "15m"), ("1h", "30m", "15m"), ("20m", "15m", "10m"), ("0m", "-5m", "-10m")],
)
def test_with_a_short_lead_the_rungs_come_after_the_code_has_had_its_time(lead: str, switch: str, call: str) -> None:
    found = deadlines(replace(DOOR, hours=replace(HOURS, works_from=before(lead))))
    assert (found.switch, found.call) == (before(switch), before(call))


# ---- late bookings, moves, losses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("waits", [True, False])
def test_a_stay_that_is_booked_late_gets_two_minutes_and_stands_on_its_own_rung_at_once(waits: bool) -> None:
    booked = before("10m")
    for later, rung, act in ((timedelta(0), Rung.EXPECTED, None), (GRACE, Rung.MISSING, Act.PULL)):
        door = replace(DOOR, waits=waits, since=booked, answered_at=booked, backup=Backup.READY)
        found = stand(door, booked + later)
        if rung is Rung.EXPECTED:
            assert found.rung in (Rung.EXPECTED, Rung.EARLY)
        else:
            assert (found.rung, found.act) == (rung, act)


def test_a_guest_who_walks_in_is_waited_for_two_minutes_too() -> None:
    booked = before("-3h")
    door = replace(DOOR, since=booked, answered_at=booked, backup=Backup.READY)
    assert stand(door, booked + GRACE / 2).act is None
    assert stand(door, booked + GRACE).act is Act.PULL


def test_a_rung_is_left_when_the_stay_moves_away() -> None:
    moved = replace(HOURS, comes_at=T + timedelta(days=7), works_from=T + timedelta(days=7, hours=-1))
    now = before("10m")
    assert stand(DOOR, now).rung is Rung.MISSING
    away = replace(moved, until=T + timedelta(days=9))
    assert stand(replace(DOOR, hours=away), now).rung is Rung.EARLY


def test_a_backup_code_does_not_wait_for_a_stay_that_moved_away() -> None:
    for known, ago, act in (
        ({}, "25h", Act.RELEASE),
        ({}, "3h", None),
        ({"shown": True}, "3h", Act.RELEASE),
        ({"shown": True}, "1h", None),
        ({"own": Own.PROVEN}, "25h", Act.RELEASE),
    ):
        assert at(ago, **WAITS, **PULLED, **known).act is act


# ---- when to look again ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "known", "next_"),
    [
        ("30d", WAITS, "25h"),
        ("25h", WAITS, "24h"),
        ("24h", WAITS, "4h"),
        ("4h", WAITS, "1h"),
        ("1h", WAITS, None),
        ("24h", WAITS | PROVEN, None),
        ("24h", {}, "58m"),
        ("58m", {}, "30m"),
        ("30m", {}, "15m"),
        ("15m", {}, None),
        ("30m", PULLED, None),
        ("2h", PROVEN, None),
        ("24h", {"answered_at": before("24h") - LATELY + timedelta(hours=3)}, "21h"),
    ],
)
def test_time_alone_changes_a_door_at_its_next_edge_and_not_before(
    ago: str, known: dict[str, Any], next_: str | None
) -> None:
    assert at(ago, **known).next == (None if next_ is None else before(next_))


def test_between_two_edges_nothing_changes() -> None:
    """Whoever looks at the edges only misses nothing."""
    for waits in (True, False):
        for backup in (Backup.NONE, Backup.READY):
            door = replace(DOOR, waits=waits, backup=backup, answered_at=before("40h"))
            now, due, last = before("48h"), None, None
            while now < T:
                found = stand(door, now)
                if last is not None and (due is None or now < due):
                    assert (found.rung, found.act) == last, now
                else:
                    last, due = (found.rung, found.act), found.next
                now += timedelta(minutes=1)


def test_a_stay_stands_where_its_worst_door_stands() -> None:
    assert worst([Rung.PROVEN, Rung.SWITCHED, Rung.EARLY]) is Rung.SWITCHED
    assert worst([]) is None


# ---- telling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "doors", "told"),
    [
        ("24h", [WAITS | PROVEN], Tell(HOURS.works_from)),
        ("24h", [WAITS], Withhold("not every lock has confirmed the code")),
        ("24h", [{}], Tell(HOURS.works_from)),
        ("24h", [WAITS | PROVEN, {}], Tell(HOURS.works_from)),
        ("24h", [WAITS | PROVEN, WAITS], Withhold("not every lock has confirmed the code")),
        ("24h", [{"silent": True}], Withhold("a lock has not answered lately, or has no room")),
        ("24h", [{"answered_at": None}], Withhold("a lock has not answered lately, or has no room")),
        ("24h", [{"room": False}], Withhold("a lock has not answered lately, or has no room")),
        ("24h", [{"own": Own.REFUSED}], Withhold("a lock refuses the code")),
        ("24h", [{"own": Own.NOT_DRAWN}], Withhold("the code is not drawn yet")),
        ("1h", [{}], Withhold("not every lock has confirmed the code")),
        ("1h", [PROVEN], Tell(HOURS.works_from)),
        ("4h", [WAITS | PULLED], Withhold("a backup code works already", until=HOURS.works_from)),
        ("30m", [PULLED], Tell(HOURS.works_from)),
        ("30m", [PROVEN | PULLED | {"asked_for": True}], Tell(HOURS.works_from)),
        ("4h", [WAITS | PULLED, WAITS], Withhold("not every lock has confirmed the code")),
        ("58m", [PROVEN, AT_CHECK_IN], Tell(T)),
        ("58m", [AT_CHECK_IN, {}], Withhold("not every lock has confirmed the code")),
        ("30m", [PULLED, AT_CHECK_IN | PULLED], Withhold("a backup code works already", until=T)),
        ("4h", [WAITS | PULLED, AT_CHECK_IN | PULLED], Withhold("a backup code works already", until=T)),
        ("0m", [PULLED, AT_CHECK_IN | PULLED], Tell(T)),
        ("1h", [PROVEN | {"down": True}], Withhold("a door is locked down")),
        ("24h", [], Withhold("the stay has no code")),
        ("-2d", [PROVEN], Withhold("the stay is over")),
        ("-2d", [PROVEN | LATER, {}], Tell(HOURS.works_from)),
    ],
)
def test_the_guest_is_told_what_will_open_every_door_and_not_before(
    ago: str, doors: list[dict[str, Any]], told: Tell | Withhold
) -> None:
    now = before(ago)
    known = [replace(DOOR, **{"answered_at": now - timedelta(hours=1), **door}) for door in doors]
    assert may_tell(known, now) == told


# ---- backup codes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "have", "free", "change"),
    [
        (2, 0, 30, 2),
        (2, 1, 30, 1),
        (2, 2, 30, 0),
        (0, 2, 30, -2),
        (2, 0, 3, 1),
        (2, 0, 2, 0),
        (2, 2, 0, 0),
        (2, 2, -1, -1),
        (2, 2, -9, -2),
        (5, 0, 4, 2),
    ],
)
def test_backup_codes_leave_two_places_and_give_theirs_up_when_somebody_has_none(
    wanted: int, have: int, free: int, change: int
) -> None:
    assert pool_change(wanted, have, free) == change
