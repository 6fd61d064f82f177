"""What a guest is sent: the link to their page, or, where guests cannot reach one, the code itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hub import backup_codes
from hub.errors import Rejected
from hub.guest_page import GuestPage, address, look, token_of
from hub.issuing import Desk
from hub.model.guest_page import instructions, telephone
from hub.model.guest_told import MOST_TELL_HOURS, tell_words
from hub.model.ladder import Withhold
from hub.model.values import LockId, Pin, PropertyId, Secret, StayId, UnitId
from hub.store import guest_page as links
from hub.store import house, log
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Origin, Property, Unit


def write(tx: Tx, desk: Desk, id_: StayId, actor: str, public_url: str | None) -> str:
    """The text for the guest of a stay. Audited.

    Raises:
        Rejected: no guest comes, or, without `public_url`, they may not be told the code yet.
    """
    if public_url is not None:
        token = token_of(tx, desk, id_, actor)
        return with_link(_page(tx, desk, id_), address(public_url, token))
    page = _page(tx, desk, id_)
    if isinstance(page.gate, Withhold):
        raise Rejected(f"the guest is not told the code yet: {page.gate.why}")
    return with_code(page, dict(backup_codes.for_guest(tx, desk, page.stay, actor)))


def _page(tx: Tx, desk: Desk, id_: StayId) -> GuestPage:
    row = ledger.stay(tx, id_)
    if row is None or row.check_in is None or row.check_out is None:
        raise Rejected("there is no such stay, or it has no dates")
    return look(tx, desk, row, links.link_of(tx, id_))


def with_link(page: GuestPage, url: Secret, opening: str = "") -> str:
    code = _sentence("your code", opening)
    return _letter(
        page,
        f"{opening}{code} for {_where(page)} is on this page, with everything else you need:\n{url.reveal()}",
        f"Your stay is from {_span(page, page.check_in, page.check_out)}. The page is yours alone: "
        "whoever has the link can see the code.",
    )


def with_code(page: GuestPage, pins: Mapping[LockId, Pin]) -> str:
    said = [f"{pin.reveal()} for {' and '.join(names)}" for pin, names in by_pin(page, pins)]
    if len(said) == 1:
        [(pin, names)] = by_pin(page, pins)
        told = f"your code for {' and '.join(names)} is {pin.reveal()}."
    else:
        told = f"your codes are {', '.join(said)}."
    works = f"It works from {_span(page, page.comes_at, page.until)}."
    return _letter(page, told, f"{works} Type it at the keypad and wait for the light.")


def with_place_for_code(page: GuestPage, code: str, opening: str = "") -> str:
    """As `with_code`, with a word where the digits are to stand."""
    works = f"It works from {_span(page, page.comes_at, page.until)}."
    how = f"{works} Type it at the keypad and wait for the light."
    return _letter(page, f"{opening}{_sentence('your code', opening)} for {_where(page)}: {code}", how)


def _where(page: GuestPage) -> str:
    return page.unit.name if page.unit.name == page.place.name else f"{page.unit.name}, {page.place.name}"


def _sentence(words: str, opening: str) -> str:
    return words.capitalize() if opening else words


def by_pin(page: GuestPage, pins: Mapping[LockId, Pin]) -> list[tuple[Pin, Sequence[str]]]:
    """Doors that one code opens, together."""
    found: dict[Pin, list[str]] = {}
    for door in page.doors:
        if door.lock in pins:
            found.setdefault(pins[door.lock], []).append(door.name)
    return list(found.items())


def _letter(page: GuestPage, *paragraphs: str) -> str:
    greeting = f"Hello {page.stay.guest}," if page.stay.guest else "Hello,"
    phone = page.place.guest_phone
    call = [f"If something does not work, call {phone}."] if phone else []
    return "\n\n".join([greeting, *paragraphs, *call])


def _span(page: GuestPage, start: datetime, end: datetime) -> str:
    zone = page.place.zone
    return f"{_long(start, zone)} until {_long(end, zone)}"


def _long(at: datetime, zone: ZoneInfo) -> str:
    """For somebody elsewhere, on another day: `Friday 21 November, 15:00`."""
    local = at.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"


# ---- what a manager writes for guests -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """Of a property."""

    phone: str
    instructions: str
    privacy: str | None = None
    """What guests read of what is kept; empty: the usual; None: as before."""
    tell_hours: int | None = None
    """So long before check-in they are told their codes; 0: by hand; None: as before."""


def of_property(tx: Tx, id_: PropertyId, said: Words, actor: str, at: datetime) -> Property:
    """Raises Rejected: there is no such property, or no such number."""
    was = house.property_with(tx, id_)
    if was is None:
        raise Rejected(f"there is no property called “{id_}”")
    if said.tell_hours is not None and not 0 <= said.tell_hours <= MOST_TELL_HOURS:
        raise Rejected(f"guests are told their codes {MOST_TELL_HOURS} hours before check-in at most; 0: by hand")
    row = replace(
        was,
        guest_phone=_told(telephone, "the number", said.phone),
        instructions=_told(instructions, "it", said.instructions),
        privacy=was.privacy if said.privacy is None else _told(instructions, "it", said.privacy),
        tell_hours=was.tell_hours if said.tell_hours is None else said.tell_hours,
    )
    if row != was:
        house.keep_property(tx, replace(row, origin=Origin.PAGES))
        told = tell_words(row.tell_hours) if row.tell_hours != was.tell_hours else ""
        log.record(tx, at, actor, "words for guests changed", f"property:{id_}", detail=told)
    return row


def of_unit(tx: Tx, id_: UnitId, text: str, actor: str, at: datetime) -> Unit:
    """Raises Rejected: there is no such unit."""
    was = house.unit_with(tx, id_)
    if was is None:
        raise Rejected(f"there is no unit called “{id_}”")
    row = replace(was, instructions=_told(instructions, "it", text))
    if row != was:
        house.keep_unit(tx, replace(row, origin=Origin.PAGES))
        log.record(tx, at, actor, "words for guests changed", f"unit:{id_}")
    return row


def _told(read: Callable[[str], str], what: str, text: str) -> str:
    try:
        return read(text)
    except ValueError as error:
        raise Rejected(f"{what} {error}") from error
