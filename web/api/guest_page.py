"""The guests' page: links, the text that is sent, and what guests read there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub import guest_page, guest_text
from hub.errors import Rejected
from hub.guest_text import Words
from hub.model.guest_page import MOST_INSTRUCTIONS, notice
from hub.model.guest_told import MOST_TELL_HOURS
from hub.model.people import Scope
from hub.model.values import PropertyId, StayId, UnitId
from hub.store import guest_page as links
from hub.store import house, staying
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import Property, Unit
from hub.store.stays import StayRow
from web.api.problems import missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told, Whole

Instructions = Annotated[str, Field(max_length=MOST_INSTRUCTIONS)]


# ---- links ----------------------------------------------------------------------------------------------------------


class LinkOut(Out):
    stay: str
    possible: bool = Field(description="`public_url` is set, and a guest is sure to come or there")
    made_at: Told | None = Field(description="null: there is no link")
    opened_at: Told | None = Field(description="when a browser first opened it; previews do not count")
    code_seen_at: Told | None = Field(description="when the guest first had the code shown there")
    ends_at: Told | None = Field(description="with the stay; earlier when it is revoked")


class LinkIn(In):
    anew: bool = Field(default=False, description="another one; the old one leads nowhere any more")


class LinkGiven(LinkOut):
    url: str = Field(description="whoever has it can see the code; audited")


class TextOut(Out):
    text: str = Field(description="with the link where `public_url` is set, else with the code; audited")


def _row(tx: Tx, id_: StayId) -> StayRow:
    row = ledger.stay(tx, id_)
    if row is None:
        raise missing("stay", id_)
    return row


def _link(tx: Tx, call: Call, row: StayRow) -> LinkOut:
    link = links.link_of(tx, row.id)
    return LinkOut(
        stay=row.id,
        possible=call.hub.config.public_url is not None and guest_page.has_page(tx, row, call.hub.desk),
        made_at=None if link is None else link.made_at,
        opened_at=None if link is None else link.opened_at,
        code_seen_at=None if link is None else link.shown_at,
        ends_at=None if link is None else staying.ends(tx, row),
    )


async def get_link(call: Call, query: Nothing, body: Nothing) -> LinkOut:
    id_ = StayId(call.path["stay"])
    return await call.hub.store.read(lambda tx: _link(tx, call, _row(tx, id_)))


async def make_link(call: Call, query: Nothing, body: LinkIn) -> LinkGiven:
    call.demand(Scope.CODES_READ)
    id_, hub = StayId(call.path["stay"]), call.hub

    def work(tx: Tx) -> LinkGiven:
        row, public = _row(tx, id_), hub.config.public_url
        if public is None:
            raise Rejected("guests have no page: set public_url in gatehouse.toml")
        token = guest_page.token_of(tx, hub.desk, id_, call.actor, anew=body.anew)
        return LinkGiven(**_link(tx, call, row).model_dump(), url=guest_page.address(public, token).reveal())

    return await hub.store.write(work)


async def revoke_link(call: Call, query: Nothing, body: Nothing) -> LinkOut:
    id_ = StayId(call.path["stay"])

    def work(tx: Tx) -> LinkOut:
        row = _row(tx, id_)
        guest_page.revoke(tx, call.hub.desk, id_, call.actor)
        return _link(tx, call, row)

    return await call.hub.store.write(work)


async def write_text(call: Call, query: Nothing, body: Nothing) -> TextOut:
    id_, hub = StayId(call.path["stay"]), call.hub

    def work(tx: Tx) -> TextOut:
        _row(tx, id_)
        return TextOut(text=guest_text.write(tx, hub.desk, id_, call.actor, hub.config.public_url))

    return await hub.store.write(work)


# ---- what guests read -----------------------------------------------------------------------------------------------


class PlaceWords(Out):
    property: str
    phone: str = Field(description="whom guests call; empty: nobody")
    instructions: str
    privacy: str = Field(description="the property's own notice of what is kept of guests; empty: the usual")
    notice: str = Field(description="what guests read of it")
    tell_hours: int = Field(description="so long before check-in they are told their codes by themselves; 0: by hand")


class PlaceIn(In):
    """What is null or left out stays as it is."""

    phone: Annotated[str, Field(max_length=40)] | None = None
    instructions: Instructions | None = None
    privacy: Instructions | None = Field(None, description="empty: the usual notice")
    tell_hours: Annotated[int, Field(ge=0, le=MOST_TELL_HOURS), Whole] | None = None


class UnitWords(Out):
    unit: str
    instructions: str = Field(description="besides those of the property")


class UnitIn(In):
    instructions: Instructions


def _of_property(tx: Tx, id_: PropertyId) -> Property:
    row = house.property_with(tx, id_)
    if row is None:
        raise missing("property", id_)
    return row


def _of_unit(tx: Tx, id_: UnitId) -> Unit:
    row = house.unit_with(tx, id_)
    if row is None:
        raise missing("unit", id_)
    return row


def _place_words(row: Property) -> PlaceWords:
    told = notice(row.privacy, row.log_days, row.guest_days, row.guest_phone)
    return PlaceWords(
        property=row.id,
        phone=row.guest_phone,
        instructions=row.instructions,
        privacy=row.privacy,
        notice=told,
        tell_hours=row.tell_hours,
    )


async def get_of_property(call: Call, query: Nothing, body: Nothing) -> PlaceWords:
    id_ = PropertyId(call.path["property"])
    return _place_words(await call.hub.store.read(lambda tx: _of_property(tx, id_)))


async def set_of_property(call: Call, query: Nothing, body: PlaceIn) -> PlaceWords:
    id_, now = PropertyId(call.path["property"]), call.hub.clock.now()

    def work(tx: Tx) -> Property:
        was = _of_property(tx, id_)
        phone = was.guest_phone if body.phone is None else body.phone
        text = was.instructions if body.instructions is None else body.instructions
        return guest_text.of_property(tx, id_, Words(phone, text, body.privacy, body.tell_hours), call.actor, now)

    return _place_words(await call.hub.store.write(work))


async def get_of_unit(call: Call, query: Nothing, body: Nothing) -> UnitWords:
    id_ = UnitId(call.path["unit"])
    row = await call.hub.store.read(lambda tx: _of_unit(tx, id_))
    return UnitWords(unit=row.id, instructions=row.instructions)


async def set_of_unit(call: Call, query: Nothing, body: UnitIn) -> UnitWords:
    id_, now = UnitId(call.path["unit"]), call.hub.clock.now()

    def work(tx: Tx) -> Unit:
        _of_unit(tx, id_)
        return guest_text.of_unit(tx, id_, body.instructions, call.actor, now)

    row = await call.hub.store.write(work)
    return UnitWords(unit=row.id, instructions=row.instructions)
