"""What to tell about a code and its place in a lock: how far it has come, and whether it opens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from hub.model.hours import exactly
from hub.model.slots import Claim, CodeState, Grant, Reading, Slot
from hub.model.values import CodeTag, Proof


def may_hold(slot: Slot) -> bool:
    return slot.reading is not Reading.EMPTY or slot.claim is not None


def in_doubt(slot: Slot) -> bool:
    return slot.claim is not None or (slot.holder is not None and slot.reading is Reading.UNKNOWN)


def ready(grant: Grant, slot: Slot, now: datetime) -> bool:
    """Whether the guest's digits open the door now, or will from the beginning of their window, as far as the lock has
    told us."""
    ours = slot.holder == grant.id and slot.claim is None and slot.reading is Reading.OCCUPIED
    proven = ours and slot.proof is not Proof.NONE and (slot.enabled or now < grant.window.start)
    shut = slot.hours.shut(now if grant.window.start <= now else exactly(grant.window).start)
    return proven and not shut and not grant.revoked and not grant.suspended and not grant.window.over(now)


def usable(grant: Grant, slot: Slot, now: datetime) -> bool:
    """Whether the guest's digits open the door now, as far as the lock has told us."""
    return now in grant.window and ready(grant, slot, now)


def state_of(
    grant: Grant | None, slot: Slot | None, now: datetime, ours: Collection[CodeTag] = frozenset()
) -> CodeState | None:
    """What to tell about a grant and the slot it holds (either may be missing); None: nothing worth a line.

    Args:
        ours: tags of codes that were once ours; one that no grant stands for any more is on its way out.
    """
    if slot is not None and not may_hold(slot):
        slot = None
    if grant is None:
        return _state_of_stray(slot, ours)
    gone = grant.revoked or grant.window.over(now)
    if slot is None:
        return None if gone else _state_outside(grant)
    if gone or grant.suspended:
        return CodeState.CLEARING
    if now < grant.window.start:
        return _state_ahead(grant, slot)
    return CodeState.WRITING if in_doubt(slot) or not slot.enabled or slot.hours.shut(now) else CodeState.SET


def _state_outside(grant: Grant) -> CodeState:
    if grant.suspended:
        return CodeState.LOCKED_DOWN
    return CodeState.REFUSED if grant.refused else CodeState.WANTED


def _state_ahead(grant: Grant, slot: Slot) -> CodeState:
    if in_doubt(slot):
        return CodeState.CLEARING if slot.claim is Claim.CLEARING else CodeState.WRITING
    return CodeState.CLEARING if slot.enabled and not slot.hours.confined(grant.window) else CodeState.HELD


def _state_of_stray(slot: Slot | None, ours: Collection[CodeTag]) -> CodeState | None:
    if slot is not None and (slot.holder is not None or slot.claim is not None or slot.tag in ours):
        return CodeState.CLEARING
    return CodeState.FOREIGN if slot is not None and slot.reading is Reading.OCCUPIED else None
