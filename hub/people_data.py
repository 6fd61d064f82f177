"""What is kept of somebody who works in the house or owns a part of it, told and taken out on request (GDPR, articles 15,
17 and 20).

As hub/guests.py does for guests. Digits are not in it: they are shown on the person's page, and that is written down.
"""

from __future__ import annotations

from typing import Any, Final

from hub.errors import Rejected
from hub.issuing import Desk
from hub.model.chain import HOUSE, Link, told, written
from hub.model.keeping import REGISTER
from hub.model.passes import EveryWeek, Turnover, When, hours_in_words
from hub.model.values import PersonId
from hub.people import there
from hub.store import alerts, chain, log, passes, persons
from hub.store.engine import Tx
from hub.store.guests import SHORTEST_NAME
from hub.store.house import Origin
from hub.store.passes import Pass

_TABLES: Final = frozenset(
    {"people", "passes", "access_log", "audit", "tellings", "booking_readers", "chain", "emergencies"}
)
"""Where something of them may stand."""
_MOST: Final = 100_000


def export(tx: Tx, desk: Desk, id_: PersonId, actor: str) -> dict[str, Any]:
    """Everything that is kept of a person, in words and values that any program reads. Written down.

    Raises Rejected when there is nobody of that id.
    """
    row = there(tx, id_)
    log.record(tx, desk.now(), actor, "person's data exported", f"person:{id_}")
    given = passes.of_person(tx, id_)
    return {
        "made_at": written(desk.now()),
        "person": {
            "id": row.id,
            "name": row.name,
            "kind": row.kind.value,
            "property": row.property,
            "since": written(row.made_at),
            "left_at": None if row.ended_at is None else written(row.ended_at),
            "told_codes_by": row.told_by.value,
            "contact": persons.opened_contact(row, desk.vault) or ("(does not open)" if row.contact else {}),
        },
        "passes": [_pass(each) for each in given],
        "uses": [
            {"pass": pass_, "door": lock, "at": written(at)}
            for (pass_, lock), uses in sorted(passes.counted(tx, [each.id for each in given]).items())
            for at in uses
        ],
        "called": [
            {"property": place, "step": number, "ways": sorted(way.value for way in each.ways)}
            for place, wishes in sorted(alerts.wishes(tx).items())
            for number, each in enumerate(wishes.people, 1)
            if each.person == id_
        ],
        "told_of_bookings": [
            {"property": place, "ways": sorted(way.value for way in each.ways)}
            for place, wishes in sorted(alerts.wishes(tx).items())
            for each in wishes.readers or ()
            if each.person == id_
        ],
        "told": [
            {"at": written(each.promised_at), "way": each.way.value, "what": each.what, "state": each.state.value}
            for each in alerts.told_to(tx, id_)
        ],
        "access_log": [
            {"at": written(each.at), "door": each.lock, "what": each.what, "how": each.how, "who": each.who}
            for each in passes.opened_by(tx, id_, limit=_MOST)
        ],
        "audit_trail": [
            {"at": written(each.at), "action": each.action, "outcome": each.outcome, "detail": each.detail}
            for each in log.deeds(tx, f"person:{id_}", limit=_MOST)
        ],
        "audit_chain": [told(link) | {"seal": link.seal} for link in _links(tx, id_)],
        "why": [
            {"data": kept.data, "purpose": kept.purpose, "ground": kept.ground, "how_long": kept.how_long}
            for kept in REGISTER
            if _TABLES.intersection(kept.tables)
        ],
    }


def _pass(row: Pass) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "note": row.note,
        "when": _when(row.when),
        "from": written(row.good.start),
        "until": None if row.good.end is None else written(row.good.end),
        "uses": row.uses,
        "given_at": written(row.made_at),
        "paused_at": None if row.paused_at is None else written(row.paused_at),
        "ended_at": None if row.ended_at is None else written(row.ended_at),
        "ended_why": row.ended_why,
        "doors": [{"door": door.lock, "digits": door.digits} for door in row.doors],
    }


def _when(when: When) -> str:
    match when:
        case EveryWeek(spans=spans):
            return hours_in_words(spans)
        case Turnover(unit=unit):
            return f"between the stays of {unit or 'a unit that was removed'}"
        case _:
            return "always"


def _links(tx: Tx, id_: PersonId) -> list[Link]:
    """Under the person's own alias, and under those of their codes."""
    whose = [f"person:{id_}", *(f"grant:{grant}" for grant in passes.grants_of(tx, id_))]
    known = [alias for each in whose if (alias := chain.known_alias(tx, each)) is not None]
    found = {link.number: link for alias in known for link in chain.about(tx, alias)}
    return [found[number] for number in sorted(found)]


def remove(tx: Tx, desk: Desk, id_: PersonId, actor: str) -> int:
    """Of somebody who has left, with their passes. What they did remains, of nobody; how many lines of the access log.

    Raises:
        Rejected: they have not left, the site file names them, or a lock may still hold a code of theirs.
    """
    row, now = there(tx, id_), desk.now()
    if row.ended_at is None:
        raise Rejected(f"{row.name} has not left; say so first")
    if row.origin is Origin.SITE:
        raise Rejected(
            f"the site file names {row.name}, who would come back; take them out there and apply it with --prune"
        )
    if persons.still_coded(tx, id_):
        raise Rejected("a lock may still hold a code of theirs: wait until it is proven gone, then try again")
    codes = passes.grants_of(tx, id_)
    log.record(tx, now, actor, "person removed", f"person:{id_}")
    lines = persons.unname(tx, row, codes)
    log.empty_lines(tx, [f"person:{id_}"], row.name if len(row.name) >= SHORTEST_NAME else "", now)
    alias = chain.known_alias(tx, f"person:{id_}")
    chain.append(tx, now, HOUSE, "erased", "done", subject=alias, actor=chain.GATEHOUSE)
    chain.forget_aliases(tx, [f"person:{id_}", *(f"grant:{code}" for code in codes)])
    persons.remove(tx, id_)
    return lines
