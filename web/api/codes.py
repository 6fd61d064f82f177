"""Codes: what each keypad holds or should hold, and codes for somebody who has no stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from hub import issuing
from hub.adopting import Wish
from hub.errors import Unavailable
from hub.hub import Hub
from hub.model.codes import CodeState
from hub.model.people import Scope
from hub.model.values import GrantId, LockId, PersonId, Pin, Proof, Purpose, StayId, clean
from hub.store import code_list, codes, doors, log, persons
from hub.store.code_list import Code
from hub.store.engine import Tx
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import missing, unavailable
from web.api.routes import Call
from web.api.wire import Flag, In, Instant, Nothing, Out, Told


class CodeOut(Out):
    id: str | None = Field(description="null: somebody else's code, or one of the hub's own that it no longer knows")
    lock: str
    slot: int | None
    state: CodeState = Field(
        description="`held`: it is in the lock and opens nothing before `valid_from`. `clearing` without an `id`: the hub "
        "gave it and has forgotten to whom, as after a restore; it is taken out, in safe mode once that is left"
    )
    proof: Proof
    proven_at: Told | None = Field(description="when the lock last said that it is there")
    written_at: Told | None = Field(description="when the lock last took what it was told of this place")
    holder: str
    purpose: Purpose | None = Field(description="null: somebody else's code")
    stay: str | None
    valid_from: Told | None
    valid_until: Told | None
    refused: str | None = Field(description="the lock's words")
    ends_in_lock: bool = Field(description="the lock itself ends it at `valid_until`, even if the hub is not there")
    pin: str | None = Field(
        description="the digits, if they were asked for; never of a backup code that is nobody's yet"
    )


class CodePage(Page[CodeOut]):
    pass


class CodeQuery(ByName):
    lock: str | None = None
    stay: str | None = None
    reveal: Annotated[Flag, Field(description="with the digits; needs the scope `codes:read`, and is audited")] = False


async def list_codes(call: Call, query: CodeQuery, body: Nothing) -> CodePage:
    if query.reveal:
        call.demand(Scope.CODES_READ)
        return await call.hub.store.write(lambda tx: _codes(tx, call, query))
    return await call.hub.store.read(lambda tx: _codes(tx, call, query))


def _codes(tx: Tx, call: Call, query: CodeQuery) -> CodePage:
    lock = None if query.lock is None else LockId(query.lock)
    stay = None if query.stay is None else StayId(query.stay)
    shown = [code for code in code_list.listing(tx, lock=lock, stay=stay) if _state(code, call.hub) is not None]
    page = cut_by_name(shown, _place, query)
    pins = _reveal(tx, call, page.rows) if query.reveal else {}
    return CodePage(items=[_code(code, pins, call.hub) for code in page.rows], next=page.next)


def _place(code: Code) -> str:
    slot = 999 if code.slot is None else code.slot.number
    return f"{code.lock}/{slot:03}/{'' if code.issued is None else code.issued.grant.id}"


def _state(code: Code, hub: Hub) -> CodeState | None:
    return code.state(hub.clock.now(), hub.tagbook.tags)


def _code(code: Code, pins: Mapping[GrantId, Pin], hub: Hub) -> CodeOut:
    state = _state(code, hub)
    assert state is not None  # those without one are left out of the list
    grant = None if code.issued is None else code.issued.grant
    pin = None if grant is None else pins.get(grant.id)
    return CodeOut(
        id=None if grant is None else grant.id,
        lock=code.lock,
        slot=None if code.slot is None else code.slot.number,
        state=state,
        proof=Proof.NONE if code.slot is None else code.slot.proof,
        proven_at=None if code.slot is None else code.slot.proven_at,
        written_at=None if code.slot is None else code.slot.written_at,
        holder=code.guest,
        purpose=None if code.issued is None else code.issued.purpose,
        stay=None if code.issued is None else code.issued.stay,
        valid_from=None if grant is None else grant.window.start,
        valid_until=None if grant is None else grant.window.end,
        refused=None if code.issued is None else code.issued.refused,
        ends_in_lock=state is CodeState.SET and code.slot is not None and code.slot.hours.kept,
        pin=None if pin is None else pin.reveal(),
    )


def _reveal(tx: Tx, call: Call, shown: Sequence[Code]) -> dict[GrantId, Pin]:
    """The digits of these codes. Each stay, or door without one, gets its line in the audit trail."""
    issued = [code.issued for code in shown if code.issued is not None and not code.issued.pooled]
    entries = [entry for entry in issued if entry.sealed_pin is not None]
    now = call.hub.clock.now()
    codes.told(tx, [entry.grant.id for entry in entries], now)
    for subject in sorted({f"lock:{entry.lock}" if entry.stay is None else f"stay:{entry.stay}" for entry in entries}):
        log.record(tx, now, call.actor, "code shown", subject)
    return {
        entry.grant.id: call.hub.vault.open_pin(entry.sealed_pin, about=f"grant:{entry.grant.id}")
        for entry in entries
        if entry.sealed_pin is not None
    }


class CodeIn(In):
    """A code that works from now on, for somebody who has no stay."""

    label: Annotated[str, Field(min_length=1, max_length=60, description="whose it is")]
    locks: Annotated[list[str], Field(min_length=1, max_length=50)]
    until: Instant


class CodeGiven(Out):
    pin: str
    locks: list[str]
    until: Told


async def give_code(call: Call, query: Nothing, body: CodeIn) -> CodeGiven:
    call.demand(Scope.CODES_READ)
    locks = [LockId(lock) for lock in dict.fromkeys(body.locks)]
    label = clean(body.label, limit=60)

    def draw(tx: Tx) -> Pin:
        pin = issuing.code_now(tx, call.hub.desk, locks, label, body.until)
        for lock in locks:
            log.record(tx, call.hub.clock.now(), call.actor, "code given", f"lock:{lock}", detail=label)
        return pin

    pin = await call.hub.store.write(draw)
    return CodeGiven(pin=pin.reveal(), locks=list(locks), until=body.until)


class AdoptIn(In):
    label: Annotated[str, Field(max_length=60, description="whose it is; not needed beside `person`")] = ""
    person: str | None = Field(None, max_length=100, description="whose it is: it becomes a pass of theirs")
    until: Instant | None = Field(None, description="null: until somebody ends it")
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,10}$")] | None = Field(
        None, description="its digits, for a lock that hides them, and for no other"
    )


class Adopted(Out):
    id: str
    lock: str
    slot: int
    holder: str
    valid_until: Told | None


async def adopt_code(call: Call, query: Nothing, body: AdoptIn) -> Adopted:
    call.demand(Scope.CODES_READ)
    lock, place = LockId(call.path["lock"]), call.path["slot"]
    if await call.hub.store.read(lambda tx: doors.door(tx, lock)) is None:
        raise missing("lock", lock)
    if not re.fullmatch("[0-9]{1,5}", place):
        raise missing("place in the keypad", place)
    person = None if body.person is None else PersonId(body.person)
    label = body.label if person is None else await call.hub.store.read(lambda tx: _name(tx, person))
    wish = Wish(lock, int(place), label, body.until, person, None if body.pin is None else Pin(body.pin))
    try:
        id_ = await call.hub.adopting.adopt(wish, call.actor)
    except Unavailable as error:  # said as an end: nothing was done, and the same request may be sent again
        raise unavailable(str(error), error.wait) from error
    return Adopted(id=id_, lock=lock, slot=wish.number, holder=clean(label, limit=60), valid_until=body.until)


def _name(tx: Tx, person: PersonId) -> str:
    row = persons.person(tx, person)
    if row is None:
        raise missing("person", person)
    return row.name


class Ended(Out):
    id: str


async def end_code(call: Call, query: Nothing, body: Nothing) -> Ended:
    id_ = GrantId(call.path["code"])

    def end(tx: Tx) -> None:
        if codes.issued(tx, id_) is None:
            raise missing("code", id_)
        call.hub.intake.end_code(tx, id_, call.actor)

    await call.hub.store.write(end)
    return Ended(id=id_)
