"""What is wrong with codes that should work by now, in sentences: the rungs of the deadline ladder, and backup codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from hub import backup_codes, ladder, stubborn
from hub.backup_codes import Shortage
from hub.findings import Look
from hub.ladder import OnLadder
from hub.model.access import when
from hub.model.alerts import Finding, Kind
from hub.model.codes import Reading
from hub.model.facts import Mode
from hub.model.ladder import DoorNow, Own, Rung, deadlines, takes_backup
from hub.model.values import LockId, StayId, StayStatus
from hub.store import code_list, codes, doors, guest_page, house, nearby, settings, staying, stays
from hub.store import ladder as ledger
from hub.store.codes import Issued
from hub.store.doors import Door
from hub.store.engine import Tx
from hub.store.guest_page import Complaint
from hub.store.ladder import Pooled, Stairs
from hub.store.stays import StayRow

_CLEARED_WITHIN: Final = timedelta(minutes=1)
"""Facts on reliability 1.8, R3: an alarm within 60 s where a code that ended is not known to be gone."""
_FILLED_WITHIN: Final = timedelta(hours=1)


def of_stays(look: Look) -> Iterator[Finding]:
    """Where stays stand on the deadline ladder. While nobody knows the time, nobody knows that either."""
    if not look.clock.trusted or settings.safe_mode(look.tx):
        return
    span = ladder.span(look.tx, look.now)
    ids = nearby.unsettled(look.tx, look.now, span.over, look.now + span.ahead)
    for edge in nearby.edges(look.tx, look.now, span.ahead):
        look.reached(edge)
    for where in ladder.standing(look.tx, ladder.rows(look.tx, ids), look.now).values():
        if where.next is not None:
            look.reached(where.next)
        wrong: dict[tuple[Rung, Kind], list[DoorNow]] = defaultdict(list)
        for door, standing in where.doors:
            if (kind := _kind_at(where.stairs, door, standing.rung)) is not None:
                wrong[standing.rung, kind].append(door)
        for (rung, kind), at in wrong.items():
            yield _finding(look, where, rung, kind, at)


_KINDS: Final = {Rung.LATE: Kind.CODE_LATE, Rung.SWITCHED: Kind.CODE_SWITCHED, Rung.MISSING: Kind.CODE_MISSING}


def _kind_at(stairs: Stairs, door: DoorNow, rung: Rung) -> Kind | None:
    """What a switch means hangs on what the guest knows: nothing yet, digits that do not open, or the backup code."""
    if rung is Rung.SWITCHED and _knows_wrong(stairs, door):
        return Kind.CODE_KNOWN_WRONG
    return _KINDS.get(rung)


def _knows_wrong(stairs: Stairs, door: DoorNow) -> bool:
    own, backup = stairs.own.get(door.lock), stairs.backups.get(door.lock)
    return own is not None and own.told_at is not None and (backup is None or backup.told_at is None)


def _finding(look: Look, where: OnLadder, rung: Rung, kind: Kind, at: Sequence[DoorNow]) -> Finding:
    stay, said = where.stairs.stay, [_sentence(look, where, rung, door) for door in at]
    cures = dict.fromkeys(cure for _, cure in said)
    since = min(_since(rung, door) for door in at)
    return Finding(kind, f"stay:{stay.id}", " ".join(sentence for sentence, _ in said), " ".join(cures), since)


def _since(rung: Rung, door: DoorNow) -> datetime:
    due = deadlines(door)
    return {Rung.LATE: due.warn, Rung.SWITCHED: due.switch}.get(rung, due.call)


def _sentence(look: Look, where: OnLadder, rung: Rung, door: DoorNow) -> tuple[str, str]:
    """What is wrong at one door, and what to do."""
    tx, stay = look.tx, where.stairs.stay
    whose, name, own = _whose(stay), _name(tx, door.lock), where.stairs.own.get(door.lock)
    if door.shut:
        return _shut(tx, door.lock, whose, name)
    if own is not None and (rung is not Rung.LATE or door.waits or look.now >= door.hours.works_from):
        why, cure = _why(tx, own)
        sentence = f"The code of {whose} is not proven in {name}{why}."
    else:
        sentence, cure = _unprepared(look, stay, door, name)
    match rung:
        case Rung.SWITCHED:
            knows = " The guest was told the code that does not work." if _knows_wrong(where.stairs, door) else ""
            return f"{sentence} A backup code has taken its place.{knows}", _tell(look, stay, door)
        case Rung.LATE:
            return sentence, _ahead(look, stay, door)
    return sentence, cure


def _shut(tx: Tx, lock: LockId, whose: str, name: str) -> tuple[str, str]:
    """Whatever code is in it."""
    door = doors.door(tx, lock)
    if door is not None and door.mode is Mode.VACATION:
        cure = "Switch it off at the lock with its programming code, as its manual says; until then let the guest in another way."
        return f"{name} is in vacation mode: no code opens it, that of {whose} neither.", cure
    cure = "Check that the door is closed and nothing blocks the bolt, then lock or unlock it once."
    return f"The bolt of {name} is jammed: no code opens it, that of {whose} neither.", cure


def _unprepared(look: Look, stay: StayRow, door: DoorNow, name: str) -> tuple[str, str]:
    """Of a lock that gets its codes shortly before check-in."""
    if door.own is Own.NOT_DRAWN:
        return f"{_whose(stay)} has no code for {name}.", "Draw another code, or open the door yourself."
    if not door.room:
        return f"{name} has no place for the code of {_whose(stay)}.", "Delete a code that nobody needs."
    heard = (
        "was never heard" if door.answered_at is None else f"was last heard {_local(look.tx, stay, door.answered_at)}"
    )
    return f"{name} {heard}, and {_whose(stay)} is about to come.", "Look at the lock."


def _tell(look: Look, stay: StayRow, door: DoorNow) -> str:
    at = door.hours.works_from
    from_ = "" if look.now >= at else f" from {_local(look.tx, stay, at)} on, not before"
    return f"Tell the guest the backup code{from_}; it is on the stay's page."


def _ahead(look: Look, stay: StayRow, door: DoorNow) -> str:
    due = deadlines(door)
    at, then = (
        (due.switch, "a backup code takes its place") if look.now < due.switch else (due.call, "somebody is called")
    )
    return f"It is tried again by itself; {then} at {_local(look.tx, stay, at)}. Look at the lock meanwhile."


def _local(tx: Tx, stay: StayRow, at: datetime) -> str:
    place = house.property_of(tx, stay.unit_id)
    return f"{at:%Y-%m-%d %H:%M} UTC" if place is None else when(at, place.zone)


# ---- what guests say ------------------------------------------------------------------------------------------------

BY_GUEST: Final = "guest"
"""Who pulled a backup code on the guests' page."""


def of_complaints(look: Look) -> Iterator[Finding]:
    """Until a code of the stay opens that door, the guest gets other codes, or the stay is over."""
    said: dict[StayId, list[Complaint]] = defaultdict(list)
    for each in guest_page.all_complaints(look.tx):
        said[each.stay].append(each)
    for id_, each_ in said.items():
        row = stays.stay(look.tx, id_)
        if row is not None and _still_comes(look, row):
            yield from _said_by_guest(look, row, [each for each in each_ if not guest_page.opened_since(look.tx, each)])


def _still_comes(look: Look, row: StayRow) -> bool:
    end = staying.ends(look.tx, row)
    over = look.clock.trusted and end is not None and look.reached(end)
    return row.status is StayStatus.CONFIRMED and row.left_at is None and not over


def _said_by_guest(look: Look, row: StayRow, said: Sequence[Complaint]) -> Iterator[Finding]:
    placed = ladder.standing(look.tx, [row], look.now).get(row.id)
    helped = set() if placed is None else {door.lock for door in placed.stairs.doors if takes_backup(door)}
    got = [each for each in said if each.lock in helped and each.again_at is None]
    outside = [each for each in said if each not in got]
    whose, about = _whose(row), f"stay:{row.id}"
    if got:
        sentence = f"{whose} says that the code does not work in {_names(look.tx, got)}, and got a backup code."
        since = min(each.said_at for each in got)
        yield Finding(Kind.CODE_COMPLAINT, about, sentence, "Ask whether the door opens now.", since)
    if outside:
        why = (
            "nor does the backup code"
            if any(each.again_at for each in outside)
            else "and no backup code is ready there"
        )
        sentence = f"{whose} says that the code does not work in {_names(look.tx, outside)}, {why}."
        cure = "Call the guest, and open the door from the Locks page or with a key: somebody may be standing before it now."
        yield Finding(Kind.GUEST_OUTSIDE, about, sentence, cure, min(each.last_at for each in outside))


def _names(tx: Tx, said: Iterable[Complaint]) -> str:
    return " and ".join(sorted(_name(tx, each.lock) for each in said))


# ---- codes without a stay -------------------------------------------------------------------------------------------


def of_people(look: Look) -> Iterator[Finding]:
    if settings.safe_mode(look.tx):
        return  # nothing is written before a person has looked, and that is said
    for entry in code_list.unproven(look.tx, look.now):
        if entry.stay is None:
            why, cure = _why(look.tx, entry)
            sentence = f"The code of {entry.label} is not proven in {_name(look.tx, entry.lock)}{why}."
            yield Finding(_kind(entry, why), f"lock:{entry.lock}", sentence, cure, entry.grant.window.start)


def _kind(entry: Issued, why: str) -> Kind:
    if entry.refused:
        return Kind.CODE_REFUSED
    return Kind.NO_ROOM if why.startswith(": all ") else Kind.CODE_UNPROVEN


def _why(tx: Tx, entry: Issued) -> tuple[str, str]:
    """A clause, if there is something to say, and the cure."""
    if entry.refused:
        cure = "It is not tried again. Draw another code, or open the door yourself."
        return f": the lock refuses it ({entry.refused})", cure
    slots, managed = codes.slots_of(tx, entry.lock), codes.managed_slots(tx, entry.lock)
    held = any(slot.holder == entry.grant.id for slot in slots)
    if managed and not held and all(slot.reading is Reading.OCCUPIED for slot in managed):
        return (
            f": all {len(managed)} places of the lock are taken",
            "Delete a code that nobody needs, at the lock or here.",
        )
    if lost := stubborn.told_in_vain(slots, entry.grant):
        cure = "It is tried again, ever more seldom. Be ready to open the door, and look at the lock."
        return f": the lock was told it {lost} times, and did not keep it", cure
    if any(slot.holder == entry.grant.id and stubborn.ends_early(slot, entry.grant) for slot in slots):
        cure = "It is asked again, ever more seldom. Delete the code's schedule at the lock, or open the door yourself."
        return ": the lock keeps to earlier hours, which are over, and does not give them up", cure
    return "", "It is tried again by itself; be ready to open the door."


# ---- backup codes ---------------------------------------------------------------------------------------------------


def of_backups(look: Look) -> Iterator[Finding]:
    if (ending := ledger.next_ending(look.tx, look.now - _CLEARED_WITHIN)) is not None:
        look.reached(ending + _CLEARED_WITHIN)
    safe = settings.safe_mode(look.tx)
    ended = {entry.lock: entry.grant.window.end for entry in ledger.lingering(look.tx, look.now - _CLEARED_WITHIN)}
    for lock, end in ended.items():
        name = _name(look.tx, lock)
        sentence = f"A backup code that ended may still open {name}: the lock has not said that it is gone."
        when = "when safe mode is left" if safe else "as soon as the lock answers"
        cure = f"It is cleared {when}. Delete it at the lock if that cannot wait."
        yield Finding(Kind.BACKUP_LINGERS, f"lock:{lock}", sentence, cure, end)
    if safe or not look.clock.trusted:
        return
    pools = ledger.pool(look.tx)
    wanted = ledger.wanted(look.tx)
    for door in look.doors:
        number, pool = wanted.get(door.id, 0), pools.get(door.id, [])
        proven = sum(each.proven(look.now) for each in pool)
        if proven < number and not _is_away(door):
            yield from _short(look, door, pool, proven, number)


def _is_away(door: Door) -> bool:
    """That nothing reaches it is said already."""
    return door.silent_since is not None or door.unanswered_at is not None or bool(door.quarantined)


def _short(look: Look, door: Door, pool: Sequence[Pooled], proven: int, number: int) -> Iterator[Finding]:
    """It had an hour to be filled: since it was met, and since a code of it was last proven, pulled or given up."""
    known = [at for at in (door.met_at, ledger.turned_at(look.tx, door.id)) if at is not None]
    since = max(known, default=look.now)
    if not look.reached(since + _FILLED_WITHIN):
        return
    why = backup_codes.shortage(look.tx, door.id, pool, number, since, look.now)
    clause, cure = _SHORT[why]
    if not proven:
        sentence = f"No backup code is proven in {door.name}{clause}."
        cure = f"{cure} Until then no code can stand in for a guest's there."
        yield Finding(Kind.BACKUPS_MISSING, f"lock:{door.id}", sentence, cure, since)
    elif why is not Shortage.NO_ROOM:  # a small lock keeps fewer, as the rule is
        sentence = f"{proven} of {number} backup codes are proven in {door.name}{clause}."
        yield Finding(Kind.BACKUPS_FEW, f"lock:{door.id}", sentence, cure, since)


_SHORT: Final = {
    Shortage.REFUSED: (
        ": it refuses new ones",
        "Others are drawn, three a day. Look whether somebody made codes at its keypad, and how long they may be.",
    ),
    Shortage.NO_ROOM: (
        ": too few of its places are free",
        "Delete codes that nobody needs at the lock, or say on the page Codes that it keeps none.",
    ),
    Shortage.UNPROVEN: (
        ": it has not confirmed them",
        "They are tried again by themselves. If it never confirms codes, say on the page Codes that it keeps none.",
    ),
}


def _whose(stay: StayRow) -> str:
    return stay.guest or stay.reference or "a guest"


def _name(tx: Tx, lock: LockId) -> str:
    door = doors.door(tx, lock)
    return lock if door is None else door.name
