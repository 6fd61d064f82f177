"""People and passes of a site file: what the house has in the file's words, and what the file has in the house's ledgers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from hub import people
from hub.config import Problem, nearest
from hub.errors import Rejected
from hub.io.vault import Vault
from hub.issuing import Desk
from hub.model.alerts import ways_in_words
from hub.model.passes import EveryWeek, Turnover, hours_in_words
from hub.model.people import ToldBy
from hub.people import Wish
from hub.site import PassSaid, PersonSaid, named
from hub.store import codes, passes, persons
from hub.store.alerts import Wishes
from hub.store.engine import Tx
from hub.store.house import Origin
from hub.store.passes import Pass
from hub.store.persons import Person

BY = "site file"


def person_said(row: Person, vault: Vault) -> PersonSaid:
    contact = persons.opened_contact(row, vault)
    told = contact.get("phone", ""), contact.get("email", "")
    return PersonSaid(row.id, row.name, row.kind, row.property, *told, row.origin, row.told_by)


def pass_said(row: Pass) -> PassSaid:
    """That it is paused, over or used up is not the file's to say."""
    return PassSaid(row.id, row.person, row.locks, row.when, row.good.end, row.uses, row.name, row.origin, row.note)


NO_NOTE: Final = "without a note"
TOLD_BY_EMAIL: Final = "told codes by e-mail"
_TOLD_BY: Final = {
    ToldBy.EMAIL: TOLD_BY_EMAIL,
    ToldBy.SMS: "told codes by SMS",
    ToldBy.HAND: "told codes by hand",
}


def words(row: PersonSaid | PassSaid) -> dict[str, str]:
    """What there is to say of it, without what only the house needs to know."""
    match row:
        case PersonSaid():
            where = "of every property" if row.property is None else f"of {row.property}"
            reached = "reached as the file says" if row.phone or row.email else "reached nobody knows how"
            told = {"name": f"“{row.name}”", "kind": row.kind.value, "property": where, "contact": reached}
            return told | {"codes": _TOLD_BY[row.told_by]}
        case PassSaid():
            return {
                "person": f"for {row.person}",
                "doors": "doors " + ", ".join(row.locks),
                "when": _when(row),
                "until": "until somebody ends it" if row.until is None else f"until {row.until:%Y-%m-%d %H:%M} UTC",
                "uses": "as often as they like" if row.uses is None else f"{row.uses} times at each door",
                "name": f"“{row.name}”" if row.name else "without a name",
                "note": f"with the note “{row.note}”" if row.note else NO_NOTE,
            }
        case _:
            assert_never(row)


def _when(row: PassSaid) -> str:
    match row.when:
        case EveryWeek(spans=spans):
            return hours_in_words(spans)
        case Turnover(unit=unit, longest=longest):
            return f"between stays of {unit}, {longest // timedelta(minutes=1)} minutes at most"
        case _:
            return "at any time"


def untold(row: Wishes, people: Mapping[str, PersonSaid], left: Collection[str]) -> Iterator[Problem]:
    """Whom a file lists as to be told, and nobody can tell."""
    for listed in row.told if row.origin is Origin.SITE else ():
        key = f"{named('property', row.id)}.{'escalation' if listed in row.people else 'booking_news'}"
        if listed.person not in people:
            near = nearest(listed.person, people)
            cure = "add the person first" if near is None else f'did you mean "{near}"?'
            yield Problem(key, f'there is no person "{listed.person}"; {cure}')
        elif listed.person in left:
            cure = "take them out of the list, or let them come back on the page People"
            yield Problem(key, f"{people[listed.person].name} has left and would never be told; {cure}")


MANAGERS_READ: Final = "tells the managers of bookings"


def readers_words(row: Wishes) -> dict[str, str]:
    """Who is told of bookings; the managers go without saying."""
    if row.readers is None:
        return {"bookings": MANAGERS_READ}
    told = ", ".join(f"{each.person} by {ways_in_words(each.ways)}" for each in row.readers)
    return {"bookings": f"tells {told or 'nobody'} of bookings"}


def keep_passes(tx: Tx, desk: Desk, rows: Iterable[object]) -> None:
    """Those among them. In the transaction in which they were compared, once the doors are there.

    Raises:
        Rejected: a pass cannot work as the file has it; names it.
    """
    for each in (row for row in rows if isinstance(row, PassSaid)):
        try:
            _keep_pass(tx, desk, each)
        except Rejected as error:
            raise Rejected(f"{named('pass', each.id)}: {error}; nothing was changed") from error


def keep_person(tx: Tx, said: PersonSaid, vault: Vault, now: datetime) -> None:
    contact = persons.sealed_contact(said.id, {"phone": said.phone, "email": said.email}, vault)
    was = persons.person(tx, said.id)
    new = was or Person(said.id, said.name, said.kind, said.property, contact, said.origin, now)
    row = replace(new, name=said.name, kind=said.kind, property=said.property, contact=contact, origin=said.origin)
    row = replace(row, told_by=said.told_by)
    persons.keep(tx, row)


def _keep_pass(tx: Tx, desk: Desk, said: PassSaid) -> None:
    wish = Wish(said.locks, said.when, None, said.until, said.uses, said.name, said.note)
    was = passes.pass_with(tx, said.id)
    if was is not None and was.person != said.person:
        raise Rejected("it is somebody else's already; give the new one an id of its own")
    if was is None:
        people.give(tx, desk, said.person, wish, BY, id_=said.id, origin=said.origin)
    else:
        people.alter(tx, desk, said.id, wish, BY, origin=said.origin)


def remove(tx: Tx, row: PersonSaid | PassSaid, now: datetime) -> None:
    """Its codes leave the locks as soon as those answer."""
    gone = passes.of_person(tx, row.id) if isinstance(row, PersonSaid) else [passes.pass_with(tx, row.id)]
    granted = passes.granted(tx)
    for each in gone:
        if each is not None:
            codes.revoke(tx, [entry.grant.id for entry in granted.get(each.id, ())], now)
            passes.remove(tx, [each.id])
            tx.ends[f"pass:{each.id}"] = now
    if isinstance(row, PersonSaid):
        persons.remove(tx, row.id)
        tx.ends[f"person:{row.id}"] = now
