"""What is given back of a price when a guest cancels: by how long before check-in that is, less a fee. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Final

from hub.model.money import Money

Steps = tuple[tuple[int, int], ...]
"""(days before check-in at least, per cent), the longest first. Nearer than the last of them nothing is given back."""
MOST_STEPS: Final = 10
_MOST_DAYS: Final = 1095
MOST_FEE: Final = 500
"""In tenths of a per cent."""


@dataclass(frozen=True, slots=True)
class Refund:
    of: Money
    percent: int
    fee: Money
    """What is kept of that for the work of it."""
    amount: Money
    """What is to be given back."""
    in_full: bool = False
    """Whatever the rules say: force majeure."""

    @property
    def sentence(self) -> str:
        """A clause."""
        if self.in_full:
            return f"all of {self.of} is to be given back"
        if not self.amount.minor:
            return f"nothing of {self.of} is given back"
        less = f", less a fee of {self.fee}" if self.fee.minor else ""
        return f"{self.amount} of {self.of} is to be given back ({self.percent} %{less})"


def refund_of(
    total: Money, steps: Steps, fee: int, check_in: datetime, now: datetime, *, in_full: bool = False
) -> Refund:
    """
    Args:
        fee: in tenths of a per cent of what would be given back.
        in_full: all of it, and no fee.
    """
    nothing = Money(0, total.currency)
    if in_full:
        return Refund(total, 100, nothing, total, in_full=True)
    days = (check_in - now) // timedelta(days=1)
    percent = next((share for least, share in steps if days >= least), 0)
    back = _share(total.minor, percent, 100)
    kept = _share(back, fee, 1000)
    return Refund(total, percent, Money(kept, total.currency), Money(back - kept, total.currency))


def _share(minor: int, part: int, whole: int) -> int:
    return int((Decimal(minor) * part / whole).to_integral_value(ROUND_HALF_EVEN))


def in_order(steps: Sequence[tuple[int, int]]) -> Steps:
    """
    Raises:
        ValueError: as a clause, with what would be right.
    """
    told = tuple(sorted(steps, reverse=True))
    if len(told) > MOST_STEPS:
        raise ValueError(f"has {MOST_STEPS} steps at most")
    if any(not (0 <= days <= _MOST_DAYS and 0 <= share <= 100) for days, share in told):
        raise ValueError(f"has steps of 0 to {_MOST_DAYS} days and 0 to 100 per cent")
    if len({days for days, _ in told}) < len(told):
        raise ValueError("has each number of days once")
    if any(later > sooner for (_, sooner), (_, later) in pairwise(told)):
        raise ValueError("gives back no more to whoever cancels later")
    return told


_STEP: Final = re.compile(r"(\d{1,4})\s*(?:days?|d)?\s*:\s*(\d{1,3})\s*%?", re.IGNORECASE)


def typed_steps(text: str) -> Steps:
    """As people type it: `30: 100, 14: 50`. Empty: there are no rules, and nobody is reminded of a refund.

    Raises:
        ValueError: as `in_order`.
    """
    said = [_STEP.fullmatch(part.strip()) for part in re.split(r"[,;\n]", text) if part.strip()]
    if any(step is None for step in said):
        raise ValueError("is written like “30: 100, 14: 50”: days before check-in, and per cent")
    return in_order([(int(step[1]), int(step[2])) for step in said if step is not None])


def as_typed(steps: Steps) -> str:
    return ", ".join(f"{days}: {share}" for days, share in steps)


def steps_in_words(steps: Steps) -> str:
    if not steps:
        return "nothing is said of refunds"
    said = [f"{share} % until {days} day{'' if days == 1 else 's'} before check-in" for days, share in steps]
    return f"given back: {', '.join(said)}, then nothing"
