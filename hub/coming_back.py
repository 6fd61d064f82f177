"""A lock that lost its memory (replaced, reset to its factory settings, all codes deleted): how many of its codes are back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.findings import Look
from hub.model.alerts import Finding, Kind
from hub.model.codes import CodeState, state_of
from hub.store import code_list
from hub.store.doors import Door
from hub.store.engine import Tx

SHOWN: Final = timedelta(hours=24)
"""After the last code is back."""
_BACK: Final = frozenset({CodeState.SET, CodeState.HELD})


@dataclass(frozen=True, slots=True)
class Return:
    since: datetime
    """When its memory was lost."""
    back: int
    of: int
    """Codes that should be in it now."""

    @property
    def complete(self) -> bool:
        return self.back == self.of


def of_lock(tx: Tx, door: Door, now: datetime) -> Return | None:
    """None: it lost nothing lately, or there is nothing to put back."""
    return next((found for _, found in of_locks(tx, [door], now)), None)


def of_locks(tx: Tx, doors: Iterable[Door], now: datetime) -> Iterator[tuple[Door, Return]]:
    lost = {door.id: door for door in doors if door.emptied_at is not None}
    for lock, codes in code_list.of_locks(tx, lost).items() if lost else ():
        found = _return(lost[lock], codes, now)
        if found is not None:
            yield lost[lock], found


def _return(door: Door, codes: Iterable[code_list.Code], now: datetime) -> Return | None:
    assert door.emptied_at is not None  # of_locks
    states = [state for code in codes if (state := _due(code, now)) is not None]
    found = Return(door.emptied_at, sum(state in _BACK for state in states), len(states))
    if not found.of or (found.complete and now - found.since >= SHOWN):
        return None
    return found


def _due(code: code_list.Code, now: datetime) -> CodeState | None:
    """None for what should not be in the lock now, or not yet."""
    if code.issued is None or code.issued.grant.revoked or code.issued.grant.suspended:
        return None
    state = state_of(code.issued.grant, code.slot, now)
    if state is CodeState.WANTED and now < code.issued.grant.window.start:
        return None
    return None if state is CodeState.CLEARING else state


def findings(look: Look) -> Iterator[Finding]:
    for door, found in of_locks(look.tx, look.doors, look.now):
        if not found.complete:
            sentence = f"{door.name} lost its codes (it was replaced or reset): {found.back} of {found.of} are back."
            cure = "They are put back by themselves as long as it answers; its page shows which are missing."
            yield Finding(Kind.CODES_COMING_BACK, f"lock:{door.id}", sentence, cure, found.since)
