"""Places of a keypad beyond those that the hub manages: read one by one, ever so often, and never written.

Somebody's code may be in any of them. A question costs a lock's battery, so a tour takes days, and the next one begins
long after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.model.slots import SLEW, Ask, Limits, Policy, Reading, Rest, Slot

AGAIN: Final = timedelta(days=30)
"""From the end of a tour to the next. What a lock tells of by itself is read at once."""
TRIES: Final = 3
"""A place that is asked so often in vain, while the lock itself is heard, is passed by until the next tour."""
_FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SHARES: Final = 64


@dataclass(frozen=True, slots=True)
class Tour:
    to: int = 0
    """The place that was read last."""
    at: datetime | None = None
    """When that was, or the lock was asked in vain."""
    failed: int = 0
    """How often the next place was asked in vain."""
    unread: frozenset[int] = frozenset()
    """Places that were passed by, as they never answered. The next tour asks each once."""

    def answered(self, number: int, now: datetime) -> Tour:
        return Tour(number, now, unread=self.unread - {number})

    def in_vain(self, number: int, heard_at: datetime | None, now: datetime) -> Tour:
        """Of a lock that is silent itself no place is passed by: it is there when the lock is back."""
        failed = self.failed + 1
        heard = heard_at is not None and self.at is not None and heard_at > self.at
        if number in self.unread or (failed >= TRIES and heard):
            return Tour(number, now, unread=self.unread | {number})
        return replace(self, to=number - 1, at=now, failed=failed)


NO_TOUR: Final = Tour()


def next_look(tour: Tour, slots: Sequence[Slot], policy: Policy, limits: Limits, now: datetime) -> Ask | Rest:
    """The next question, if it is time for one and nothing more important is outstanding. A Rest without a time: something
    else has to happen first."""
    if limits.slots <= policy.managed_to or policy.look_only or _is_busy(slots, policy, limits):
        return Rest(None)
    outer = [slot for slot in slots if policy.managed_to < slot.number <= limits.slots]
    doubted = [slot for slot in outer if slot.reading is Reading.UNKNOWN and slot.holder is None]
    told_of = next((slot.number for slot in doubted if slot.retry_at is None or slot.retry_at <= now), None)
    if told_of is not None:
        return Ask(told_of)
    skipped = {slot.number for slot in outer if slot.holder is not None or slot in doubted}
    number, due = _next(tour, skipped, policy, limits)
    if number is None:
        return Rest(None)
    if due is None or due <= now or (tour.at is not None and tour.at > now + SLEW):
        return Ask(number)
    return Rest(min([due, *(slot.retry_at for slot in doubted if slot.retry_at is not None)]))


def _next(tour: Tour, skipped: set[int], policy: Policy, limits: Limits) -> tuple[int | None, datetime | None]:
    """The next place and when it is due."""
    onward = next(_places(max(tour.to, policy.managed_to), skipped, limits), None)
    if onward is not None:
        return onward, None if tour.at is None else _turn_after(tour.at, policy)
    return next(_places(policy.managed_to, skipped, limits), None), None if tour.at is None else tour.at + AGAIN


def _places(after: int, skipped: set[int], limits: Limits) -> Iterator[int]:
    return (number for number in range(after + 1, limits.slots + 1) if number not in skipped)


def _turn_after(at: datetime, policy: Policy) -> datetime:
    """Each lock has turns of its own, so that no two are asked in step."""
    begin = _FIRST + policy.tour_step * (policy.salt % _SHARES) / _SHARES
    return begin + ((at - begin) // policy.tour_step + 1) * policy.tour_step


def _is_busy(slots: Sequence[Slot], policy: Policy, limits: Limits) -> bool:
    """Whether a place that is managed is not settled yet, or not any more."""
    mine = {slot.number: slot for slot in slots if slot.number <= policy.managed_to or slot.holder is not None}
    unseen = any(number not in mine for number in range(policy.managed_from, min(policy.managed_to, limits.slots) + 1))
    return unseen or any(slot.claim is not None or slot.reading is Reading.UNKNOWN for slot in mine.values())
