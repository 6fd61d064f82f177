"""What codes of a house are like: how their digits come about, how far apart they lie, and how early they come into a lock."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from enum import Enum
from typing import Final


class CodeKind(Enum):
    """Where the digits of a guest's code come from. What cannot be had is drawn at random."""

    RANDOM = "random"
    PHONE = "phone"
    """The last four digits of the guest's telephone number, where they are good enough."""
    FIXED = "fixed"
    """Typed by a manager for the unit; every guest of it has the same."""


@dataclass(frozen=True, slots=True)
class CodePolicy:
    kind: CodeKind = CodeKind.RANDOM
    digits: int = 6
    """Of a new PIN, where the lock's own limits allow it."""
    distance: int = 2
    """In how many digits two codes on one door differ at least, as long as there is room."""
    lead: timedelta = timedelta(minutes=60)
    """How long before the guest may come in a code begins to work."""
    early: timedelta = timedelta(0)
    """How long before check-in a guest may come in."""
    late: timedelta = timedelta(0)
    """How long after check-out a guest may come in again."""
    ahead: timedelta = timedelta(hours=72)
    """How long before it begins to work a code is put into a lock that keeps it shut until then."""


@dataclass(frozen=True, slots=True)
class Override:
    """What is different at one lock; None: as everywhere in its property."""

    kind: CodeKind | None = None
    digits: int | None = None
    distance: int | None = None
    lead: timedelta | None = None
    early: timedelta | None = None
    late: timedelta | None = None
    ahead: timedelta | None = None

    def over(self, usual: CodePolicy) -> CodePolicy:
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(usual, **{name: value for name, value in own.items() if value is not None})


NO_OVERRIDE: Final = Override()


# ---- in words ------------------------------------------------------------------------------------------------------

_KIND_WORDS: Final = {
    CodeKind.RANDOM: "random codes",
    CodeKind.PHONE: "codes from the telephone number where that is good enough",
    CodeKind.FIXED: "the code of the unit for all its guests",
}


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def policy_words(codes: CodePolicy) -> dict[str, str]:
    """By field, without its lead and its digits."""
    return {
        "kind": _KIND_WORDS[codes.kind],
        "distance": f"codes at least {codes.distance} digits apart",
        "early": f"guests may come {_minutes(codes.early)} minutes early",
        "late": f"guests may come until {_minutes(codes.late)} minutes after check-out",
        "ahead": f"codes wait in locks for {_minutes(codes.ahead) // 60} hours at most",
    }


def override_words(own: Override, backups: int | None = None) -> str:
    lead = {} if own.lead is None else {"lead": f"codes work {_minutes(own.lead)} minutes before"}
    digits = {} if own.digits is None else {"digits": f"PINs of {own.digits} digits"}
    usual = CodePolicy()
    changed = policy_words(own.over(usual))
    told = lead | digits | {key: words for key, words in changed.items() if getattr(own, key) is not None}
    if backups is not None:
        told["backups"] = f"backup codes: {backups}"
    return f"at this lock {', '.join(told.values())}" if told else "codes as everywhere in the property"
