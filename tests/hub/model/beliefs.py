"""Grants and slots at one moment, to decide about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.model.codes import (
    Grant,
    Limits,
    Policy,
    Reading,
    Slot,
    Step,
    next_step,
)
from hub.model.values import CodeTag, GrantId, Proof, Window

NOW = datetime(2027, 7, 5, 14, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TELLS = Limits(4, 4, 8, reads_codes=True)
MASKED = Limits(4, 4, 8, reads_codes=False)
POLICY = Policy(managed_to=3)
SOON = NOW + timedelta(minutes=1)


def grant(name: str, start: float = -1, end: float | None = 5, *, digits: int = 6) -> Grant:
    """Its window in hours from now."""
    window = Window(NOW + start * HOUR, None if end is None else NOW + end * HOUR)
    return Grant(GrantId(name), CodeTag(f"tag of {name}"), digits, window)


def empty(number: int, seen: timedelta = timedelta(minutes=1)) -> Slot:
    return Slot(number, reading=Reading.EMPTY, proof=Proof.READ_BACK, proven_at=NOW - seen)


def holds(number: int, name: str, seen: timedelta = timedelta(minutes=1), proof: Proof = Proof.READ_BACK) -> Slot:
    tag = CodeTag(f"tag of {name}")
    return Slot(number, GrantId(name), Reading.OCCUPIED, tag, proof=proof, proven_at=NOW - seen)


def foreign(number: int, name: str | None = "stranger") -> Slot:
    tag = None if name is None else CodeTag(f"tag of {name}")
    return Slot(number, reading=Reading.OCCUPIED, tag=tag, proven_at=NOW - HOUR)


def waiting(slot: Slot, until: datetime = SOON) -> Slot:
    return replace(slot, failures=slot.failures + 1, retry_at=until)


def unknown(number: int) -> Slot:
    return Slot.unknown(number)


def step(
    grants: list[Grant],
    slots: list[Slot],
    limits: Limits = TELLS,
    *,
    policy: Policy = POLICY,
    ours: tuple[str, ...] = (),
) -> Step:
    tags = frozenset(CodeTag(f"tag of {name}") for name in ours)
    return next_step(grants, slots, policy, limits, NOW, ours=tags)


ADA, BOB, CYD = grant("ada"), grant("bob", -0.5), grant("cyd", 2, 9)
OLD, OLDER = grant("old", -9, -1), grant("older", -9, -2)
ALL_EMPTY = [empty(1), empty(2), empty(3)]


def lost(number: int, failures: int = POLICY.tries, name: str = "ada") -> Slot:
    tag = CodeTag(f"tag of {name}")
    return replace(empty(number), tag=tag, failures=failures, retry_at=NOW + number * timedelta(minutes=1))
