"""Channels that people add, change and remove while the hub runs; the site file does the same with its own (hub/apply.py).

What a channel is told besides its unit is secret as a whole: it is sealed as soon as it is known to make sense, and nothing here
gives a secret back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError

from hub import feeds
from hub.calendars import cancel
from hub.channel_kinds import Kind, Shape, kind_called
from hub.config import Problem, misconfigured, problems
from hub.errors import Misconfigured, Rejected
from hub.hub import Hub
from hub.model.effects import SetNights
from hub.model.publishing import platform_of
from hub.model.values import CODED, ChannelId, StayStatus, UnitId
from hub.plugins import settings_model
from hub.rehearsal import leading_away
from hub.site import checked_id
from hub.store import house, listings, log, removing
from hub.store import publishing as outlets
from hub.store import stays as ledger
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.stays import StayRow
from hub.trying import Trial, tried

TURNED: Final = "is not on this machine; in a rehearsal nothing else is reached"
RESERVED: Final = frozenset({"new"})
"""Names that would hide a page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as somebody wants it to be."""

    id: ChannelId
    """Empty: one is found for it."""
    integration: str
    unit: UnitId | None
    """None: it tells of several, as an account does."""
    settings: Mapping[str, Any] = field(repr=False)


class Stays(Enum):
    """What becomes of the stays of a channel that is removed."""

    KEEP = "keep"
    CANCEL = "cancel"
    """Those that have not begun, and that no other channel tells of."""


# ---- what is wrong with it ------------------------------------------------------------------------------------------


def faults(tx: Tx, hub: Hub, wanted: Wanted, *, new: bool) -> list[Problem]:
    """By setting, or by `id`, `unit` or `integration`; clauses without the name of what is wrong."""
    try:
        kind = kind_called(wanted.integration)
    except Misconfigured as error:
        return [Problem(error.key, error.why)]
    found = [*_of_name(tx, wanted), *_of_unit(tx, kind, wanted)] if new else []
    return [*found, *_of_settings(tx, hub, kind, wanted)]


def _of_name(tx: Tx, wanted: Wanted) -> Iterator[Problem]:
    if not wanted.id:
        return
    try:
        checked_id(wanted.id)
    except ValueError as error:
        yield Problem("id", str(error))
        return
    if wanted.id in RESERVED or house.channel_with(tx, wanted.id) is not None:
        yield Problem("id", "is taken; choose another one")


def _of_unit(tx: Tx, kind: Kind, wanted: Wanted) -> Iterator[Problem]:
    if kind.account:
        if wanted.unit is not None:
            yield Problem("unit", "is not asked for here: an account lets several")
    elif wanted.unit is None:
        if not kind.several:
            yield Problem("unit", "is missing")
    elif house.unit_with(tx, wanted.unit) is None:
        yield Problem("unit", "is none that is known here")


def _of_settings(tx: Tx, hub: Hub, kind: Kind, wanted: Wanted) -> Iterator[Problem]:
    model = settings_model("integration", wanted.integration, "integration")
    extra = {name: value for name, value in _from_house(tx, wanted).items() if name in model.model_fields}
    try:
        settings = model.model_validate({**extra, **common(hub, wanted.integration), **wanted.settings})
    except ValidationError as error:
        yield from (each for each in problems(error, model) if each.key not in extra)
        return
    if hub.clock is not hub.wall:
        yield from (Problem(name, TURNED) for name in leading_away(_bare(settings)))
    if _is_ours(tx, str(_bare(settings).get("url", ""))):
        yield Problem("url", "is a calendar of this hub itself; copy the link that the platform shows under export")
    for row in twins(tx, hub, kind, wanted):
        if row.unit == wanted.unit:
            yield Problem(_key(kind), f"is a channel already: {row.id}")


def _bare(settings: BaseModel) -> dict[str, Any]:
    """What it says, secrets included; for looking at, and never for telling."""
    told = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {name: each.get_secret_value() if isinstance(each, SecretStr) else each for name, each in told.items()}


def _is_ours(tx: Tx, address: str) -> bool:
    """What is told to platforms must not come back as news."""
    unit, _, rest = address.partition(feeds.PATH)[2].partition("/")
    channel, _, file = rest.partition("/")
    return feeds.find(tx, channel, unit, file.removesuffix(".ics")) is not None


def _key(kind: Kind) -> str:
    """The setting that tells one source from another."""
    return next((each.name for each in kind.settings if each.needed), "")


def twins(tx: Tx, hub: Hub, kind: Kind, wanted: Wanted) -> list[ChannelRow]:
    """Other channels that ask the same source. One that is only called may share its secret with others."""
    if kind.webhook and not kind.account:
        return []
    needed = [each.name for each in kind.settings if each.needed]
    told = {**common(hub, kind.name), **wanted.settings}
    same = [row for row in house.channels(tx) if row.integration == kind.name and row.id != wanted.id]
    return [row for row in same if all(_said(hub, row).get(name) == told.get(name) for name in needed)]


def _said(hub: Hub, row: ChannelRow) -> dict[str, Any]:
    return {**common(hub, row.integration), **house.opened_settings(row, hub.vault)}


def common(hub: Hub, integration: str) -> Mapping[str, Any]:
    """What gatehouse.toml says of all channels of a kind."""
    return hub.config.integrations.get(integration, {})


def _from_house(tx: Tx, wanted: Wanted) -> dict[str, Any]:
    place = None if wanted.unit is None else house.property_of(tx, wanted.unit)
    return {} if place is None else {"timezone": place.zone.key}


# ---- trying ---------------------------------------------------------------------------------------------------------


async def try_out(hub: Hub, wanted: Wanted, *, new: bool) -> Trial:
    """Ask it once. Raises Misconfigured with all that is wrong; else as `hub.trying.tried`."""

    def look(tx: Tx) -> tuple[list[Problem], dict[str, Any], ChannelId]:
        return faults(tx, hub, wanted, new=new), _from_house(tx, wanted), wanted.id or name_for(tx, hub, wanted)

    wrong, extra, id_ = await hub.store.read(look)
    if wrong:
        raise misconfigured(wrong)
    told = {**common(hub, wanted.integration), **wanted.settings}
    return await tried(hub.plugins, id_, wanted.integration, told, extra)


def name_for(tx: Tx, hub: Hub, wanted: Wanted) -> ChannelId:
    """After the platform and the unit: `airbnb-flat-1`."""
    told = {**common(hub, wanted.integration), **wanted.settings}
    platform = platform_of(str(told.get("source", "")), str(told.get("url", ""))) or wanted.integration
    parts = [platform.replace("_", "-"), *([] if wanted.unit is None else [wanted.unit])]
    first = "-".join(parts)[:60]
    taken = {row.id for row in house.channels(tx)}
    tries = (first, *(f"{first}-{number}" for number in range(2, len(taken) + 3)))
    return ChannelId(next(each for each in tries if each not in taken))


# ---- keeping --------------------------------------------------------------------------------------------------------


def add(tx: Tx, hub: Hub, wanted: Wanted, actor: str) -> ChannelRow:
    """It is started and read at once. Raises Misconfigured with all that is wrong."""
    wrong = faults(tx, hub, wanted, new=True)
    if wrong:
        raise misconfigured(wrong)
    id_ = wanted.id or name_for(tx, hub, wanted)
    sealed = house.sealed_settings(id_, wanted.settings, hub.vault)
    row = ChannelRow(id_, wanted.unit, wanted.integration, sealed, Origin.PAGES)
    house.keep_channel(tx, row)
    where = "an account" if row.unit is None else f"unit {row.unit}"
    log.record(tx, hub.clock.now(), actor, "channel added", f"channel:{id_}", detail=f"{row.integration}, {where}")
    return row


def change(tx: Tx, hub: Hub, id_: ChannelId, settings: Mapping[str, Any], actor: str) -> ChannelRow:
    """Other settings from now on; it is read anew as a whole. Raises Rejected, or Misconfigured with all that is wrong."""
    row = known(tx, id_)
    wanted = Wanted(row.id, row.integration, row.unit, settings)
    wrong = faults(tx, hub, wanted, new=False)
    if wrong:
        raise misconfigured(wrong)
    after = replace(row, settings=house.sealed_settings(id_, settings, hub.vault), origin=Origin.PAGES)
    house.keep_channel(tx, after)
    listings.read_anew(tx, id_)
    log.record(tx, hub.clock.now(), actor, "channel changed", f"channel:{id_}", detail=_changed(hub, row, settings))
    return after


def _changed(hub: Hub, row: ChannelRow, settings: Mapping[str, Any]) -> str:
    """Which settings, never what they say."""
    before = house.opened_settings(row, hub.vault)
    names = sorted(name for name in before.keys() | settings.keys() if before.get(name) != settings.get(name))
    return ", ".join(names) or "nothing"


def known(tx: Tx, id_: ChannelId) -> ChannelRow:
    """Raises Rejected."""
    row = house.channel_with(tx, id_)
    if row is None:
        raise Rejected(f"there is no channel called “{id_}”")
    return row


def merged(hub: Hub, row: ChannelRow, given: Mapping[str, Any]) -> dict[str, Any]:
    """Its settings with others in their place; None takes one away."""
    told = {**house.opened_settings(row, hub.vault), **given}
    return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of a channel's settings."""

    plain: Mapping[str, Any]
    kept: frozenset[str]
    """Secrets that are kept, by name."""
    for_all: frozenset[str]
    """What gatehouse.toml says of all channels of this kind."""


def shown(hub: Hub, kind: Kind, settings: Mapping[str, Any]) -> Shown:
    secret = {each.name for each in kind.settings if each.secret}
    plain = {name: value for name, value in settings.items() if name not in secret}
    return Shown(plain, frozenset(settings.keys() & secret), frozenset(common(hub, kind.name)))


def read_values(kind: Kind, typed: Mapping[str, str]) -> dict[str, Any]:
    """Settings from what was typed for them, where everything is text; what is empty counts as not given."""
    found: dict[str, Any] = {}
    for setting in kind.settings:
        text = typed.get(setting.name, "").strip()
        if setting.shape is Shape.YES:
            found[setting.name] = text.lower() in ("yes", "true", "on", "1")
        elif text:
            found[setting.name] = text.replace(",", " ").split() if setting.shape is Shape.LIST else text
    return found


# ---- taking it away --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Farewell:
    """What hangs on a channel, before it is removed."""

    coming: int
    """Guests who have not come yet, and of whom no other channel tells."""
    here: int
    """Guests whose stay has begun."""
    closures: int
    """Nights that only it closes here, run by run."""
    shared: int
    """What another channel tells of as well: it goes on."""
    links: int
    """Calendars that its platform fetches."""
    brings: bool
    """Nights are closed there by the hub; nobody opens them any more."""
    by_site: bool
    """The site file names it, and adds it again when it is applied."""


def farewell(tx: Tx, hub: Hub, id_: ChannelId) -> Farewell:
    """Raises Rejected."""
    row, live = known(tx, id_), _live(tx, hub, id_)
    alone = [stay for stay, shared in live if not shared]
    begun = [stay for stay in alone if stay.kind in CODED and _has_begun(stay, hub)]
    coded = sum(stay.kind in CODED for stay in alone)
    plugged = hub.plugins.integration(id_)
    return Farewell(
        coming=coded - len(begun),
        here=len(begun),
        closures=len(alone) - coded,
        shared=len(live) - len(alone),
        links=sum(each.token is not None for each in outlets.all_outlets(tx, id_)),
        brings=plugged is not None and SetNights in plugged.perform,
        by_site=row.origin is Origin.SITE,
    )


def _live(tx: Tx, hub: Hub, id_: ChannelId) -> list[tuple[StayRow, bool]]:
    """Stays of a channel that are not over, and whether another one tells of them as well."""
    now = hub.clock.now()
    told = {stay.id: stay for _, stay in ledger.sources_of(tx, id_, since=now)}
    others: set[str] = set()
    for row in house.channels(tx):
        if row.id != id_:
            others |= {stay.id for _, stay in ledger.sources_of(tx, row.id, since=now)}
    live = [stay for stay in told.values() if stay.status in (StayStatus.CONFIRMED, StayStatus.TENTATIVE)]
    return [(stay, stay.id in others) for stay in live]


def _has_begun(stay: StayRow, hub: Hub) -> bool:
    return stay.arrived_at is not None or (stay.check_in is not None and stay.check_in <= hub.clock.now())


def remove(tx: Tx, hub: Hub, id_: ChannelId, actor: str, stays: Stays) -> Farewell:
    """Its past stays remain, and so does whoever is here. Raises Rejected."""
    leaving = farewell(tx, hub, id_)
    if stays is Stays.CANCEL:
        for stay, shared in _live(tx, hub, id_):
            if not shared and not (stay.kind in CODED and _has_begun(stay, hub)):
                cancel(tx, hub.desk, stay, actor, f"the channel {id_} was removed")
    removing.remove_channel(tx, id_)
    what = "its stays that had not begun were cancelled" if stays is Stays.CANCEL else "its stays are kept"
    log.record(tx, hub.clock.now(), actor, "channel removed", f"channel:{id_}", detail=what)
    return leaving
