"""What the access log says in words: who, how and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from hub.model.values import How

HOW: Final = {
    How.KEYPAD: "code at the keypad",
    How.MANUAL: "by hand, thumb-turn or key",
    How.REMOTE: "by radio",
    How.AUTO: "by itself",
    How.UNKNOWN: "the lock did not say",
}

_OR: Final = " or "

_NOBODY: Final = {
    How.MANUAL: "somebody at the door",
    How.REMOTE: "a command by radio",
    How.AUTO: "the lock itself",
    How.UNKNOWN: "not known",
}


def who(how: How, name: str | None, *, slot: int | None = None) -> str:
    """Whose doing it was. `name`: of the guest who held the slot then; "" for a guest without a name, None for nobody.
    `slot`: None where the lock did not say, or not believably, which code it was.

    Only a code typed at the keypad says who somebody is: no other way of moving a bolt ever gets a guest's name.
    """
    if how is not How.KEYPAD:
        return _NOBODY[how]
    if name:
        return name
    if slot is None:
        return "a code, not known which" if name is None else "a guest without a name"
    return f"a code that is not ours, slot {slot}" if name is None else f"a guest without a name, slot {slot}"


def one_of(names: Sequence[str], *, stranger: bool = False) -> str:
    """Where it is not known whose code it was: those it may have been. `stranger`: or one that is not ours."""
    return _OR.join([*names, "a code that is not ours"] if stranger else names)


def without(told: str, names: Iterable[str], instead: str) -> str:
    """What `one_of` said, with none of these names; a longer one in which one of them stands is somebody else's."""
    for name in filter(None, names):
        told = re.sub(rf"(?:^|(?<={_OR})){re.escape(name)}(?={_OR}|$)", lambda _: instead, told)
    return told


def when(at: datetime, zone: ZoneInfo) -> str:
    """Local to the house, e.g. `2027-03-14 15:02`; in the hour that the clocks show twice with its offset from UTC."""
    local = at.astimezone(zone)
    doubled = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M}" + (f" UTC{offset[:3]}:{offset[3:5]}" if doubled else "")


def sometime(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """For what has no time of its own: a clause to be put behind whose doing it was."""
    return f"some time between {when(since, zone)} and {when(until, zone)}"


def said(how: How, name: str | None, at: datetime, zone: ZoneInfo, *, slot: int | None = None) -> tuple[str, str, str]:
    """(who, how, when) of one line of the log."""
    return who(how, name, slot=slot), HOW[how], when(at, zone)
