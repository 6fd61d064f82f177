"""What a change of a slot has to tell: to the audit chain, and of who held the slot when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hub.model.codes import Claim, Reading, Slot
from hub.model.values import CodeTag, GrantId, Proof


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that a slot went through; the words are those of hub/model/chain.py."""

    what: str
    outcome: str
    holder: GrantId | None = None
    proof: Proof = Proof.NONE


def _verb(claim: Claim) -> str:
    words = {Claim.WRITING: "write", Claim.HOLDING: "write", Claim.ENABLING: "enable", Claim.CLEARING: "clear"}
    return words[claim]


def turns(before: Slot, after: Slot) -> Iterator[Turn]:
    """What went on between two beliefs of one slot, in order."""
    if before.claim is not None:
        yield from _ended(before, after, before.claim)
    elif after.claim is None:
        yield from _found(before, after)
    if after.claim is not None and after.claim is not before.claim:
        yield Turn(_verb(after.claim), "asked", after.holder)


def _ended(before: Slot, after: Slot, claim: Claim) -> Iterator[Turn]:
    """What became of a command that was under way."""
    verb, holder = _verb(claim), before.holder
    if after.claim is claim:
        if before.reading is not Reading.UNKNOWN and after.reading is Reading.UNKNOWN and after.proof is Proof.NONE:
            yield Turn(verb, "unknown", holder)
        elif after.failures > before.failures and after.reading is before.reading is not Reading.UNKNOWN:
            yield Turn(verb, "refused", holder)
        return
    if after.claim is not None:
        return
    if after.reading is Reading.UNKNOWN:  # another lock stands there now
        yield Turn(verb, "unknown", holder)
        return
    there = after.reading is Reading.OCCUPIED
    foreign = there and after.holder is None
    puts = claim is not Claim.CLEARING
    obeyed = there and not foreign if puts else not there or foreign
    if claim is Claim.ENABLING:
        obeyed = obeyed and after.enabled
    if obeyed:
        yield Turn(verb, "done", holder, after.proof)
    elif puts and before.proven_at == after.proven_at:
        yield Turn(verb, "refused", holder)  # the lock said nothing of the slot itself
    else:
        yield Turn(verb, "lost", holder)
    if foreign:
        yield Turn("found", "foreign")


def _found(before: Slot, after: Slot) -> Iterator[Turn]:
    """What a lock answered, where that was news."""
    was_ours, is_ours = before.holder is not None, after.holder is not None
    if is_ours and not was_ours:
        yield Turn("adopt", "done", after.holder, after.proof)
    elif is_ours and before.reading is not Reading.OCCUPIED and after.reading is Reading.OCCUPIED:
        yield Turn("found", "ours", after.holder, after.proof)
    elif after.reading is Reading.EMPTY and (was_ours or before.reading is Reading.OCCUPIED):
        yield Turn("found", "empty", before.holder)
    elif after.reading is Reading.OCCUPIED and not is_ours and (was_ours or _known_of(before) != _known_of(after)):
        yield Turn("found", "foreign", before.holder)
    if is_ours and before.holder == after.holder and before.enabled != after.enabled:
        yield Turn("enable" if after.enabled else "disable", "done", after.holder)


def _known_of(slot: Slot) -> tuple[Reading, CodeTag | None]:
    return slot.reading, slot.tag


def as_before(before: Slot, after: Slot) -> bool:
    """Whether nothing has happened but that the lock said so again, or did not answer once more."""
    if (before.retry_at is None) != (after.retry_at is None) or after.failures < before.failures:
        return False
    after = replace(after, proven_at=before.proven_at, retry_at=before.retry_at)
    return replace(after, failures=before.failures, unheard=before.unheard) == before


# ---- who held it ---------------------------------------------------------------------------------------------------


def surely_there(slot: Slot) -> bool:
    """The lock said that the holder's code is in this slot, and nothing has cast doubt on that."""
    return slot.holder is not None and slot.claim is None and slot.reading is Reading.OCCUPIED


def in_doubt(slot: Slot) -> bool:
    """Something else than we may have changed what is in it."""
    return slot.holder is not None and slot.claim is None and slot.reading is not Reading.OCCUPIED
