"""What the command line may ask about people and their passes, answered; the decisions themselves are in hub/people.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue

from hub import people, people_data
from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.errors import Rejected
from hub.hub import Hub
from hub.issuing import Desk
from hub.model.passes import ALWAYS, LONGEST_TURNOVER, EveryWeek, Turnover, When, hours_in_words, read_hours
from hub.model.values import LockId, PassId, PropertyId, UnitId
from hub.people import Who, Wish
from hub.standing import PassState, Standing, standings
from hub.store import persons
from hub.store.engine import Tx
from hub.store.persons import Person


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _pass(each: Standing) -> dict[str, JsonValue]:
    row = each.row
    return {
        "pass": row.id,
        "person": row.person,
        "name": each.person.name,
        "kind": each.person.kind.value,
        "for": row.name,
        "locks": list(row.locks),
        "when": when_in_words(row.when),
        "state": each.state.value,
        "opens_from": None if each.window is None else _told(each.window.start),
        "opens_until": None if each.window is None else _told(each.window.end),
        "valid_until": _told(row.good.end),
        "uses": row.uses,
        "note": row.note,
        "proven": [door.lock for door in each.doors if door.proven],
        "told": None if each.telling is None else each.telling.state.value,
    }


def when_in_words(when: When) -> str:
    match when:
        case EveryWeek(spans=spans):
            return hours_in_words(spans)
        case Turnover(unit=unit):
            return f"between stays of {unit or 'a unit that was removed'}"
        case _:
            return "always"


_DONE: Final = {PassState.OVER, PassState.USED_UP}


_WITHOUT: Final[Mapping[str, JsonValue]] = {
    "pass": None,
    "for": "",
    "locks": [],
    "when": None,
    "state": None,
    "opens_from": None,
    "opens_until": None,
    "valid_until": None,
    "uses": None,
    "note": "",
    "proven": [],
    "told": None,
}


async def _people(hub: Hub, actor: str, ask: asks.People) -> JsonValue:
    """Once for each pass; a person without one is listed, too."""

    def look(tx: Tx) -> JsonValue:
        found = [each for each in standings(tx, hub.desk) if ask.past or each.state not in _DONE]
        having = {each.person.id for each in found}
        bare = [row for row in persons.persons(tx) if row.id not in having and (ask.past or row.ended_at is None)]
        rows = [_pass(each) for each in found]
        rows += [{**_WITHOUT, "person": row.id, "name": row.name, "kind": row.kind.value} for row in bare]
        return [*sorted(rows, key=lambda row: (str(row["name"]), str(row["pass"])))]

    return await hub.store.read(look)


async def _add(hub: Hub, actor: str, ask: asks.PersonAdd) -> JsonValue:
    place = None if ask.property is None else PropertyId(ask.property)
    who = Who(ask.name, ask.what, place, ask.phone, ask.email, ask.told_by)
    id_ = await hub.store.write(lambda tx: people.add(tx, hub.desk, who, actor))
    return {"person": id_, "name": who.name, "kind": who.kind.value}


def meant(tx: Tx, words: str) -> Person:
    """Raises Rejected."""
    known = persons.persons(tx)
    named = [row for row in known if row.id == words] or [row for row in known if row.name == words]
    if not named:
        raise Rejected(f"there is nobody called “{words}”; see `gatehouse people list`")
    if len(named) > 1:
        raise Rejected(f"{len(named)} people are called “{words}”; say which by its id, from `gatehouse people list`")
    return named[0]


async def _do(hub: Hub, actor: str, ask: asks.PersonDo) -> JsonValue:
    deeds = {"leave": people.leave, "return": people.come_back, "remove": people_data.remove}

    def work(tx: Tx) -> JsonValue:
        row = meant(tx, ask.person)
        deeds[ask.deed](tx, hub.desk, row.id, actor)
        return {"person": row.id, "name": row.name, "deed": ask.deed}

    return await hub.store.write(work)


async def _told_by(hub: Hub, actor: str, ask: asks.PersonToldBy) -> JsonValue:
    def work(tx: Tx) -> JsonValue:
        row = meant(tx, ask.person)
        people.tell_by(tx, hub.desk, row.id, ask.told_by, actor)
        why = hub.pass_teller.untold_because(people.there(tx, row.id)) if hub.running else ""
        return {"person": row.id, "name": row.name, "told_by": ask.told_by.value, "by_hand_because": why or None}

    return await hub.store.write(work)


async def _export(hub: Hub, actor: str, ask: asks.PersonExport) -> JsonValue:
    return await hub.store.write(lambda tx: people_data.export(tx, hub.desk, meant(tx, ask.person).id, actor))


async def _give(hub: Hub, actor: str, ask: asks.PassGive) -> JsonValue:
    locks = tuple(LockId(lock) for lock in dict.fromkeys(ask.locks))
    wish = Wish(locks, _when(ask), ask.start, ask.until, ask.uses, ask.name, ask.note)

    def work(tx: Tx) -> JsonValue:
        id_ = people.give(tx, hub.desk, meant(tx, ask.person).id, wish, actor)
        return _shown(tx, hub, id_, actor)

    return await hub.store.write(work)


def _when(ask: asks.PassGive) -> When:
    """Raises Rejected."""
    if ask.hours is not None and ask.between_stays is not None:
        raise Rejected("a pass is for hours of the week or between stays, not both")
    if ask.between_stays is not None:
        longest = LONGEST_TURNOVER if ask.longest_hours is None else timedelta(hours=ask.longest_hours)
        return Turnover(UnitId(ask.between_stays), longest)
    if ask.hours is None:
        return ALWAYS
    try:
        return EveryWeek(read_hours(ask.hours))
    except ValueError as error:
        raise Rejected(str(error)) from None


def _shown(tx: Tx, hub: Hub, id_: PassId, actor: str) -> JsonValue:
    pins = people.reveal(tx, hub.desk, id_, actor)
    told = _pass(standings(tx, hub.desk, only=id_)[0])
    return told | {"pins": {lock: pin.reveal() for lock, pin in pins}}


_DEEDS: Final[Mapping[str, Callable[[Tx, Desk, PassId, str], None]]] = {
    "pause": people.pause,
    "resume": people.resume,
    "end": people.end,
    "reopen": people.reopen,
    "redraw": people.redraw,
}


async def _on_pass(hub: Hub, actor: str, ask: asks.PassDo) -> JsonValue:
    id_ = PassId(ask.pass_)

    def work(tx: Tx) -> JsonValue:
        people.pass_there(tx, id_)
        if ask.deed == "tell":
            if not hub.running:
                raise Rejected("the hub does not run; it sends what is due by itself once it does")
            hub.pass_teller.send_again(tx, id_, actor)
        elif ask.deed != "reveal":
            _DEEDS[ask.deed](tx, hub.desk, id_, actor)
        if ask.deed in {"reveal", "redraw"}:
            return _shown(tx, hub, id_, actor)
        return _pass(standings(tx, hub.desk, only=id_)[0])

    return await hub.store.write(work)


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.People: _people,
    asks.PersonAdd: _add,
    asks.PersonToldBy: _told_by,
    asks.PersonDo: _do,
    asks.PersonExport: _export,
    asks.PassGive: _give,
    asks.PassDo: _on_pass,
}
