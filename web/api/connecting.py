"""Channels added, tried, changed and removed by programs. What is secret goes in, and never comes out again."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from hub import connecting, making
from hub.channel_kinds import Kind, Setting, Shape, kind_called, kinds
from hub.connecting import Farewell, Stays, Wanted
from hub.errors import Misconfigured
from hub.manifests import integration_called
from hub.model.values import ChannelId, UnitId
from hub.store import house
from hub.store.engine import Tx
from hub.store.house import ChannelRow
from hub.trying import Trial
from web.api.house import ChannelOut, get_channel
from web.api.problems import Fault, Problem, missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out

Value = str | bool | list[str] | None
Settings = dict[Annotated[str, Field(min_length=1, max_length=60)], Value]


class SettingOut(Out):
    name: str
    label: str
    hint: str
    shape: Shape
    secret: bool
    needed: bool
    values: list[str] = Field(description="of a choice")


class KindOut(Out):
    name: str = Field(description="as `integration` of a channel")
    title: str
    summary: str
    account: bool = Field(description="it lets several units, so none is named")
    several: bool = Field(description="it may tell of several units, and then none is named")
    makes: str = Field(description="the setting that names its calendar, where one can be made; empty: none can")
    webhook: str = Field(description="what it calls ends in this; empty: it does not call")
    settings: list[SettingOut]


class KindsOut(Out):
    items: list[KindOut]


class ChannelIn(In):
    id: str | None = Field(default=None, description="null: called after its platform and unit", max_length=64)
    integration: Annotated[str, Field(max_length=40), AfterValidator(integration_called)]
    unit: str | None = Field(default=None, description="null: an account")
    settings: Settings = Field(description="as `GET /channel-kinds` names them", repr=False)


class SettingsIn(In):
    settings: Settings = Field(description="in place of those that it has; null takes one away", repr=False)


class RemoveIn(In):
    stays: Stays = Field(
        default=Stays.KEEP, description="what becomes of those that have not begun and that no other channel tells of"
    )


class SettingsOut(Out):
    settings: Settings = Field(description="without secrets")
    secrets: list[str] = Field(description="those that it has, by name")


class UnclearOut(Out):
    why: str
    entries: int


class TrialOut(Out):
    asked: bool = Field(description="false: such a channel is never asked, it calls or is only brought something")
    good: bool
    words: str = Field(description="of a calendar that people keep: what it says of itself")
    entries: int
    stays: int
    closures: int
    first_night: date | None
    last_night: date | None
    unclear: list[UnclearOut]
    listings: list[str] = Field(description="of an account: what it lets")


class FarewellOut(Out):
    coming: int = Field(description="stays that have not begun")
    here: int = Field(description="stays that have")
    closures: int
    shared: int = Field(description="stays that another channel tells of as well; they go on")


# ---- kinds ----------------------------------------------------------------------------------------------------------


async def list_channel_kinds(call: Call, query: Nothing, body: Nothing) -> KindsOut:
    return KindsOut(items=[_kind(kind_called(each.name)) for each in kinds()])


def _kind(kind: Kind) -> KindOut:
    return KindOut(
        name=kind.name,
        title=kind.title,
        summary=kind.summary,
        account=kind.account,
        several=kind.several,
        makes=kind.makes,
        webhook=kind.webhook,
        settings=[_setting(each) for each in kind.settings],
    )


def _setting(each: Setting) -> SettingOut:
    return SettingOut(
        name=each.name,
        label=each.label,
        hint=each.hint,
        shape=each.shape,
        secret=each.secret,
        needed=each.needed,
        values=list(each.words),
    )


# ---- trying and adding -----------------------------------------------------------------------------------------------


def _wanted(body: ChannelIn) -> Wanted:
    settings = {name: value for name, value in body.settings.items() if value is not None}
    unit = None if body.unit is None else UnitId(body.unit)
    return Wanted(ChannelId(body.id or ""), body.integration, unit, settings)


def _refuse(call: Call, tx: Tx, wanted: Wanted, *, new: bool) -> None:
    wrong = connecting.faults(tx, call.hub, wanted, new=new)
    if wrong:
        faults = [Fault(where="body", field=each.key, why=each.why) for each in wrong]
        raise Problem("refused", "; ".join(f"{each.key} {each.why}" for each in wrong), faults)


async def try_channel(call: Call, query: Nothing, body: ChannelIn) -> TrialOut:
    wanted = _wanted(body)
    await call.hub.store.read(lambda tx: _refuse(call, tx, wanted, new=True))
    try:
        return _trial(await connecting.try_out(call.hub, wanted, new=True))
    except Misconfigured as error:
        raise Problem("refused", str(error)) from error


def _trial(trial: Trial) -> TrialOut:
    return TrialOut(
        asked=trial.asked,
        good=trial.good,
        words=trial.words,
        entries=trial.entries,
        stays=trial.stays,
        closures=trial.closures,
        first_night=trial.first,
        last_night=trial.last,
        unclear=[UnclearOut(why=why, entries=entries) for why, entries in trial.unclear],
        listings=[each.name or each.id for each in trial.listings],
    )


async def add_channel(call: Call, query: Nothing, body: ChannelIn) -> ChannelOut:
    hub, wanted = call.hub, _wanted(body)

    def work(tx: Tx) -> ChannelId:
        _refuse(call, tx, wanted, new=True)
        return connecting.add(tx, hub, wanted, call.actor).id

    id_ = await hub.store.write(work)
    return await get_channel(Call(hub, call.tokens, call.token, {"channel": id_}), query, Nothing())


async def make_calendar(call: Call, query: Nothing, body: ChannelIn) -> ChannelOut:
    hub, wanted = call.hub, _wanted(body)
    try:
        row = await making.make(hub, wanted, call.actor)
    except Misconfigured as error:
        raise Problem("refused", str(error)) from error
    return await get_channel(Call(hub, call.tokens, call.token, {"channel": row.id}), query, Nothing())


# ---- changing and removing -------------------------------------------------------------------------------------------


def _there(tx: Tx, call: Call) -> ChannelRow:
    row = house.channel_with(tx, ChannelId(call.path["channel"]))
    if row is None:
        raise missing("channel", call.path["channel"])
    return row


async def get_channel_settings(call: Call, query: Nothing, body: Nothing) -> SettingsOut:
    hub = call.hub
    row = await hub.store.read(lambda tx: _there(tx, call))
    shown = connecting.shown(hub, kind_called(row.integration), house.opened_settings(row, hub.vault))
    return SettingsOut(settings=dict(shown.plain), secrets=sorted(shown.kept))


async def set_channel_settings(call: Call, query: Nothing, body: SettingsIn) -> SettingsOut:
    hub = call.hub

    def work(tx: Tx) -> None:
        row = _there(tx, call)
        settings = connecting.merged(hub, row, body.settings)
        _refuse(call, tx, Wanted(row.id, row.integration, row.unit, settings), new=False)
        connecting.change(tx, hub, row.id, settings, call.actor)

    await hub.store.write(work)
    return await get_channel_settings(call, query, Nothing())


async def remove_channel(call: Call, query: RemoveIn, body: Nothing) -> FarewellOut:
    hub = call.hub

    def work(tx: Tx) -> Farewell:
        return connecting.remove(tx, hub, _there(tx, call).id, call.actor, query.stays)

    leaving = await hub.store.write(work)
    return FarewellOut(coming=leaving.coming, here=leaving.here, closures=leaving.closures, shared=leaving.shared)
