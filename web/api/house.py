"""Properties, units and channels, as the operator described them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Annotated

from pydantic import Field

from hub import accounts, forgetting
from hub.contracts.diaries import Diary, in_words
from hub.manifests import discover
from hub.model.keeping import MOST_GUEST_DAYS, MOST_LOG_DAYS
from hub.model.values import ChannelId, PropertyId, UnitId
from hub.store import house, listings
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, ClosedMeans, Property, Unit
from hub.store.listings import NightsState
from hub.store.stays import ChannelState
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told, Whole


class PropertyOut(Out):
    id: str
    name: str
    timezone: str
    check_in: str = Field(description="local, as 15:00")
    check_out: str = Field(description="local, as 11:00")
    code_lead_s: int = Field(description="how many seconds before check-in a code begins to work")
    digits: int = Field(description="of a new PIN")
    backups: int = Field(description="how many backup codes each of its locks keeps, where there is room")
    log_days: int = Field(description="how many days the access log is kept")
    guest_days: int = Field(description="how many days after departure it is kept who a guest was; 0: for ever")


class UnitOut(Out):
    id: str
    property: str
    name: str
    locks: list[str] = Field(description="the doors its guests pass")
    closed_means: ClosedMeans


class PropertyPage(Page[PropertyOut]):
    pass


class UnitPage(Page[UnitOut]):
    pass


def _property(row: Property) -> PropertyOut:
    return PropertyOut(
        id=row.id,
        name=row.name,
        timezone=row.zone.key,
        check_in=f"{row.check_in:%H:%M}",
        check_out=f"{row.check_out:%H:%M}",
        code_lead_s=round(row.code_lead.total_seconds()),
        digits=row.digits,
        backups=row.backups,
        log_days=row.log_days,
        guest_days=row.guest_days,
    )


class KeepingIn(In):
    """What is null or left out stays as it is."""

    log_days: Annotated[int, Field(ge=1, le=MOST_LOG_DAYS), Whole] | None = Field(
        None, description="how long the access log is kept"
    )
    guest_days: Annotated[int, Field(ge=0, le=MOST_GUEST_DAYS), Whole] | None = Field(
        None, description="how long after departure it is kept who a guest was; 0: for ever"
    )


async def keep_data(call: Call, query: Nothing, body: KeepingIn) -> PropertyOut:
    id_ = PropertyId(call.path["property"])

    def work(tx: Tx) -> PropertyOut:
        if house.property_with(tx, id_) is None:
            raise missing("property", id_)
        now = call.hub.clock.now()
        return _property(forgetting.keep(tx, id_, body.log_days, body.guest_days, call.actor, now))

    return await call.hub.store.write(work)


def _unit(row: Unit) -> UnitOut:
    return UnitOut(
        id=row.id, property=row.property, name=row.name, locks=list(row.locks), closed_means=row.closed_means
    )


async def list_properties(call: Call, query: ByName, body: Nothing) -> PropertyPage:
    cut = cut_by_name(await call.hub.store.read(house.properties), lambda row: row.id, query)
    return PropertyPage(items=[_property(row) for row in cut.rows], next=cut.next)


async def get_property(call: Call, query: Nothing, body: Nothing) -> PropertyOut:
    id_ = PropertyId(call.path["property"])
    row = await call.hub.store.read(lambda tx: house.property_with(tx, id_))
    if row is None:
        raise missing("property", id_)
    return _property(row)


class UnitQuery(ByName):
    property: str | None = None


async def list_units(call: Call, query: UnitQuery, body: Nothing) -> UnitPage:
    wanted = query.property
    rows = await call.hub.store.read(
        lambda tx: house.units(tx) if wanted is None else house.units_in(tx, PropertyId(wanted))
    )
    cut = cut_by_name(rows, lambda row: row.id, query)
    return UnitPage(items=[_unit(row) for row in cut.rows], next=cut.next)


async def get_unit(call: Call, query: Nothing, body: Nothing) -> UnitOut:
    id_ = UnitId(call.path["unit"])
    row = await call.hub.store.read(lambda tx: house.unit_with(tx, id_))
    if row is None:
        raise missing("unit", id_)
    return _unit(row)


# ---- channels -------------------------------------------------------------------------------------------------------


class Reading(Enum):
    OFF = "off"
    """Its settings cannot work; `why` says which."""
    WAITING = "waiting"
    """Nothing was read yet."""
    GOOD = "good"
    FAILING = "failing"


class ChannelOut(Out):
    id: str
    unit: str | None = Field(description="null: an account, which tells of several")
    units: dict[str, str] = Field(description="of an account: by its own word for each, the units here")
    integration: str
    state: Reading
    why: str
    good_at: Told | None = Field(description="when it was last read well")
    failing_since: Told | None
    reports: int = Field(description="how many stays it listed then")
    can: list[str] = Field(description="what this connection does")
    cannot: list[str] = Field(description="what it does not")
    notices: list[str] = Field(description="what the other side is going to change, or has changed lately")
    unread: list[str] = Field(description="of an account: listings in whose calendar nobody can see what people closed")


class ChannelPage(Page[ChannelOut]):
    pass


def _channel(call: Call, row: ChannelRow, known: ChannelState | None, failing: Sequence[NightsState]) -> ChannelOut:
    known = known or ChannelState(row.id)
    manifest = discover().get(f"integration/{row.integration}")
    condition = call.hub.plugins.conditions.get(row.id)
    off = condition is not None and condition.state == "off"
    if condition is not None and off:
        state, why = Reading.OFF, condition.why
    elif known.failing_since is not None:
        state, why = Reading.FAILING, known.failing_why or ""
    else:
        state, why = (Reading.WAITING if known.good_at is None else Reading.GOOD), ""
    now = call.hub.clock.now()
    notices = () if manifest is None else (each for each in manifest.notices if each.due(now))
    return ChannelOut(
        id=row.id,
        unit=row.unit,
        units=dict(row.units),
        integration=row.integration,
        state=state,
        why=why,
        good_at=known.good_at,
        failing_since=known.failing_since,
        reports=known.reports,
        can=[] if manifest is None else list(manifest.can),
        cannot=[] if manifest is None else list(manifest.cannot),
        notices=[f"{each.title} {each.text}" for each in notices],
        unread=[each.listing for each in failing if each.channel_id == row.id and each.listing in row.units],
    )


async def list_channels(call: Call, query: ByName, body: Nothing) -> ChannelPage:
    def look(tx: Tx) -> tuple[list[ChannelRow], dict[ChannelId, ChannelState], Sequence[NightsState]]:
        return house.channels(tx), ledger.channel_states(tx), listings.nights_failing(tx)

    rows, states, failing = await call.hub.store.read(look)
    cut = cut_by_name(rows, lambda row: row.id, query)
    return ChannelPage(items=[_channel(call, row, states.get(row.id), failing) for row in cut.rows], next=cut.next)


async def get_channel(call: Call, query: Nothing, body: Nothing) -> ChannelOut:
    id_ = ChannelId(call.path["channel"])

    def look(tx: Tx) -> tuple[ChannelRow | None, dict[ChannelId, ChannelState], Sequence[NightsState]]:
        return house.channel_with(tx, id_), ledger.channel_states(tx), listings.nights_failing(tx)

    row, states, failing = await call.hub.store.read(look)
    if row is None:
        raise missing("channel", id_)
    return _channel(call, row, states.get(id_), failing)


class TestOut(Out):
    good: bool
    words: str = Field(description="what came of it, for a person")


async def test_channel(call: Call, query: Nothing, body: Nothing) -> TestOut:
    id_ = ChannelId(call.path["channel"])
    await get_channel(call, query, body)
    plugged = call.hub.plugins.integration(id_)
    if not isinstance(plugged, Diary):
        raise Problem("refused", f"the channel “{id_}” is switched off, or there is nothing to be tried")
    found = await in_words(plugged)
    return TestOut(good=found.good, words=found.words)


# ---- accounts -------------------------------------------------------------------------------------------------------


class ListingOut(Out):
    listing: str = Field(description="the account's own word for it")
    name: str
    unit: str | None = Field(description="null: bookings of it are kept, and nothing is done with them")
    by_site: bool = Field(description="the site file says which unit it is, so it is changed there")
    waiting: int = Field(description="how many bookings of it are kept")


class WaitingOut(Out):
    """A booking of a listing that is no unit here."""

    booking: str = Field(description="the account's own word for it")
    listing: str
    arrival: date | None
    departure: date | None
    status: str = Field(description="the account's own word")
    note: str


class LetsOut(Out):
    listings: list[ListingOut]
    waiting: list[WaitingOut]


class JoinIn(In):
    listing: Annotated[str, Field(max_length=200, description="empty: of bookings that name none")]
    unit: str | None = Field(description="null: none")


def _account(tx: Tx, id_: ChannelId) -> accounts.Lets:
    row = house.channel_with(tx, id_)
    if row is None or row.unit is not None:
        raise missing("account", id_)
    return accounts.lets(tx, id_)


async def list_listings(call: Call, query: Nothing, body: Nothing) -> LetsOut:
    id_ = ChannelId(call.path["channel"])
    told = await call.hub.store.read(lambda tx: _account(tx, id_))
    return LetsOut(
        listings=[
            ListingOut(listing=each.listing, name=each.name, unit=each.unit, by_site=each.by_site, waiting=each.waiting)
            for each in told.listings
        ],
        waiting=[
            WaitingOut(
                booking=each.uid,
                listing=each.listing,
                arrival=each.arrival,
                departure=each.departure,
                status=each.status,
                note=each.note,
            )
            for each in told.waiting
        ],
    )


async def join_listing(call: Call, query: Nothing, body: JoinIn) -> LetsOut:
    hub, id_ = call.hub, ChannelId(call.path["channel"])
    unit = None if body.unit is None else UnitId(body.unit)

    def work(tx: Tx) -> None:
        _account(tx, id_)
        accounts.join(tx, id_, body.listing, unit, call.actor, hub.clock.now())

    await hub.store.write(work)
    return await list_listings(call, query, Nothing())
