"""What an outcome makes of a slot: the lock obeyed, refused, told what is there, or was not heard; see hub/model/codes.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from hub.model.facts import CodeChange, SlotRead
from hub.model.slots import Claim, Clear, Enable, Limits, Policy, Reading, Schedule, Slot, Write
from hub.model.values import CodeTag, Proof


def patience(failures: int, policy: Policy, *, salt: int = 0) -> timedelta:
    """How long to wait after so many failures in a row; never more than `policy.longest_wait`.

    `salt` takes up to a quarter off, so that what failed together does not come back together.
    """
    doubled: timedelta = policy.first_wait * 2 ** min(max(failures, 1) - 1, 20)
    return min(doubled, policy.longest_wait) * (1 - (salt * 37 + failures * 11) % 64 / 256)


def _wait(slot: Slot, policy: Policy, now: datetime) -> Slot:
    failures = slot.failures + 1
    return replace(slot, failures=failures, retry_at=now + _patience(failures, policy, slot))


def _patience(failures: int, policy: Policy, slot: Slot) -> timedelta:
    return patience(failures, policy, salt=policy.salt + slot.number)


def claimed(slot: Slot, step: Write | Enable | Clear | Schedule, tag: CodeTag | None = None) -> Slot:
    """The slot as it must be on disk before the radio is used. `tag` is the grant's; only with Write."""
    match step:
        case Write(grant=grant, enabled=enabled, confined=confined):
            claim = Claim.WRITING if enabled else Claim.HOLDING
            proof = Proof.NONE if slot.reading is Reading.EMPTY else slot.proof
            hours = slot.hours if confined else slot.hours.rewritten()
            return replace(slot, claim=claim, holder=grant, tag=tag, proof=proof, hours=hours, unheard=0)
        case Enable():
            return replace(slot, claim=Claim.ENABLING)
        case Clear():  # how hard it was to write is no reason to let it stay for long
            return replace(slot, claim=Claim.CLEARING, failures=0 if slot.retry_at is None else slot.failures)
        case Schedule(window=window):
            return replace(slot, hours=slot.hours.claimed(window))
        case _:
            assert_never(step)


def after_write(slot: Slot, proof: Proof, limits: Limits, now: datetime) -> Slot:
    """The lock took a Write or an Enable. Where it could say more than it has said, the slot is in doubt until it is asked."""
    slot = replace(slot, proof=proof, written_at=now, retry_at=None)
    if _could_say_more(proof, limits):
        return replace(slot, reading=Reading.UNKNOWN)
    enabled = slot.claim is not Claim.HOLDING
    return replace(slot, claim=None, reading=Reading.OCCUPIED, enabled=enabled, proven_at=now)


def after_clear(slot: Slot, proof: Proof, limits: Limits, now: datetime) -> Slot:
    """The lock took the order to clear. Where it could say more, its word is needed before the slot counts as empty."""
    if _could_say_more(proof, limits):
        return replace(slot, reading=Reading.UNKNOWN, proof=proof, written_at=now, retry_at=None)
    kept_for = slot.tag if slot.holder is None else None  # a guest's that somebody else's had taken the place of
    return Slot(
        slot.number, reading=Reading.EMPTY, tag=kept_for, proof=proof, proven_at=now, written_at=now, hours=slot.hours
    )


def _could_say_more(proof: Proof, limits: Limits) -> bool:
    return proof is Proof.ACKNOWLEDGED or (limits.reads_codes and proof is not Proof.READ_BACK)


def after_ask(slot: Slot, seen: SlotRead, seen_tag: CodeTag | None, policy: Policy, now: datetime) -> Slot:
    """What the lock's answer makes of a slot. `seen_tag` is that of the digits it told, None if it told none."""
    if seen.empty:
        return _seen_empty(slot, policy, now)
    sent = slot.claim is not None or slot.proof is not Proof.NONE
    ours = seen_tag == slot.tag if seen_tag is not None else sent
    if ours and (slot.holder is not None or slot.claim is not None):
        return _seen_ours(slot, seen, seen_tag, policy, now)
    return Slot(
        slot.number, reading=Reading.OCCUPIED, tag=seen_tag, enabled=seen.enabled, proven_at=now, hours=slot.hours
    )


def _seen_empty(slot: Slot, policy: Policy, now: datetime) -> Slot:
    empty = Slot(
        slot.number,
        reading=Reading.EMPTY,
        proof=Proof.READ_BACK,
        proven_at=now,
        written_at=slot.written_at,
        hours=slot.hours,
    )
    kept = replace(empty, tag=slot.tag, failures=slot.failures)
    if slot.holder is None or slot.claim is Claim.CLEARING:
        return kept if slot.reading is Reading.EMPTY else empty
    return kept if slot.proof is Proof.NONE else _wait(kept, policy, now)


def _seen_ours(slot: Slot, seen: SlotRead, seen_tag: CodeTag | None, policy: Policy, now: datetime) -> Slot:
    told = Proof.READ_BACK if seen_tag is not None else _unread(slot.proof)
    found = replace(
        slot,
        reading=Reading.OCCUPIED,
        claim=None,
        enabled=seen.enabled,
        proof=told if told is not Proof.NONE else Proof.ACKNOWLEDGED,
        proven_at=now,
        written_at=slot.written_at if slot.took_orders or slot.claim in {None, Claim.CLEARING} else now,
        retry_at=None,
    )
    match slot.claim:
        case None:
            return replace(found, failures=0)
        case Claim.WRITING:
            return found if seen.enabled else _wait(found, policy, now)
        case Claim.ENABLING:
            return found if seen.enabled or not slot.took_orders else _wait(found, policy, now)
        case Claim.HOLDING:
            return _wait(found, policy, now) if seen.enabled else found
        case Claim.CLEARING:
            return _wait(found, policy, now) if slot.took_orders else found
        case _:
            assert_never(slot.claim)


def _unread(proof: Proof) -> Proof:
    """Digits that were read back once and are masked now were not read back now."""
    return Proof.CONFIRMED if proof is Proof.READ_BACK else proof


def after_failure(slot: Slot, policy: Policy, now: datetime) -> Slot:
    """No answer, or an Ask that was refused: what was claimed may or may not have happened."""
    if slot.claim is not None:
        slot = replace(slot, reading=Reading.UNKNOWN, proof=Proof.NONE)
    elif slot.reading is Reading.EMPTY:  # it was only asked: that is no code that the place lost
        unheard = slot.unheard + 1
        return replace(slot, unheard=unheard, retry_at=now + _patience(slot.failures + unheard, policy, slot))
    elif slot.reading is Reading.OCCUPIED and slot.retry_at is None:  # nor is it one to be slow in asking again
        slot = replace(slot, failures=0)
    return _wait(slot, policy, now)


def after_refusal(slot: Slot, policy: Policy, now: datetime) -> Slot:
    """The lock refused an order: the slot is as it was. After a Write the caller marks the grant as refused."""
    if slot.claim in {Claim.WRITING, Claim.HOLDING}:
        holder = None if slot.proof is Proof.NONE else slot.holder
        slot = replace(slot, claim=None, holder=holder, tag=None if slot.reading is Reading.EMPTY else slot.tag)
    elif slot.claim is Claim.ENABLING:
        slot = replace(slot, claim=None)
    return _wait(slot, policy, now)


def after_schedule(slot: Slot, step: Schedule, proof: Proof) -> Slot:
    """The lock took the hours. Nothing asks it for them again: a driver reads them back before it says more."""
    return replace(slot, hours=slot.hours.taken(step.window, proof))


def after_schedule_refusal(slot: Slot, step: Schedule, policy: Policy, now: datetime) -> Slot:
    """Hours that it cannot keep are given up. That it does not lift what it keeps may shut a guest out: it is tried again."""
    if step.window is None:
        return after_schedule_failure(slot, policy, now)
    refused = replace(slot, hours=slot.hours.rejected())
    if slot.reading is not Reading.EMPTY:
        return refused
    waiting = after_schedule_failure(slot, policy, now).hours  # the next code that waits would be tried here at once
    return replace(slot, hours=replace(refused.hours, failures=waiting.failures, retry_at=waiting.retry_at))


def after_schedule_failure(slot: Slot, policy: Policy, now: datetime) -> Slot:
    """No answer. The code itself need not wait for its hours, nor they for it."""
    return replace(slot, hours=slot.hours.waiting(now + _patience(slot.hours.failures + 1, policy, slot)))


def heard(slot: Slot) -> Slot:
    """A lock that had been silent gave a sign of life: what waits need not wait longer.

    What failed while it was silent says nothing of the place. Else one more command that is lost would cost the longest
    wait, with a code in the lock whose time is over. What a place lost, and hours that were refused, still count.
    """
    lost = slot.reading is Reading.EMPTY and slot.tag is not None
    hours = replace(slot.hours, failures=slot.hours.failures if slot.hours.refused else 0, retry_at=None)
    return replace(slot, failures=slot.failures if lost else 0, unheard=0, retry_at=None, hours=hours)


def forgotten(slot: Slot) -> Slot:
    """Another lock stands at this address, or the same one was reset: only asking it tells what is there."""
    return replace(Slot.unknown(slot.number), holder=slot.holder, tag=slot.tag)


ECHO: Final = timedelta(seconds=15)
"""A lock reports the code that we have just written ourselves; within this time that is no news.

Seen: BE469ZP repeats unsolicited reports after 4.2 to 4.5 s (facts/zwave.md §6, row 9).
"""
LATE_ECHO: Final = timedelta(minutes=10)
"""A lock may tell this late of the code that we wrote ourselves: radio and gateways keep messages back for minutes."""


def changed_outside(slot: Slot, change: CodeChange) -> Slot:
    """The lock told of a change in this slot. While a command of ours is under way, it is most likely its echo."""
    if change is CodeChange.DUPLICATE or slot.claim is not None:
        return slot
    return replace(slot, reading=Reading.UNKNOWN)


def told_of_ours(slot: Slot, at: datetime) -> bool:
    """Whether what the lock told then is the echo of our own command. What it was only asked for has none.

    What was written long after was written by a clock that has been set back.
    """
    return slot.claim is not None or (slot.written_at is not None and abs(at - slot.written_at) < ECHO)


def told_too_late(slot: Slot, at: datetime) -> bool:
    """Whether it is no echo even of a lock whose messages are kept back."""
    written_at = slot.written_at or slot.proven_at  # earlier versions kept no time of writing
    return written_at is None or at >= written_at + LATE_ECHO


def cleared_first(slot: Slot, at: datetime) -> Slot:
    """A place whose code may be another one by now: whatever is there is to go, and the place is kept for its code."""
    there = Slot.unknown(slot.number)
    return replace(
        there, tag=slot.tag, claim=Claim.CLEARING, proven_at=at, written_at=slot.written_at, hours=slot.hours
    )
