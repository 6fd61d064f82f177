"""What the command line may ask of a radio network, answered; the use cases themselves are in hub/radio.py."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue

from hub.commandline import asks
from hub.commandline.asks import Ask
from hub.contracts.radio import Prepared, Question, RadioNode, Survey, Talk
from hub.errors import Misconfigured, Rejected, Unavailable
from hub.hub import Hub
from hub.model.values import Address, Secret
from hub.radio import Errand, Work, stamp
from hub.store import house

LOOK_AGAIN: Final = timedelta(seconds=20)
"""Real time. A follower asks again at least as often, so that one who went away costs nothing."""

FRAMES_WITHIN: Final = timedelta(seconds=1)
"""How late a frame is told to whoever follows the trace."""


# ---- in words that a program can read ------------------------------------------------------------------------------


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _survey(survey: Survey, names: Mapping[Address, str]) -> dict[str, JsonValue]:
    return {
        "connected": survey.connected,
        "stick": survey.stick,
        "network": survey.network,
        "own": survey.own,
        "busy": survey.busy,
        "jammed": survey.jammed,
        "noise_dbm": list(survey.noise_dbm),
        "codes_set": survey.codes_set,
        "code_frames": survey.code_frames,
        "idle_frames": survey.idle_frames,
        "since": _told(survey.since),
        "remarks": list(survey.remarks),
        "nodes": [_node(node, names) for node in survey.nodes],
        "prepared": [_prepared(each) for each in survey.prepared],
    }


def _node(node: RadioNode, names: Mapping[Address, str]) -> dict[str, JsonValue]:
    return {
        "address": node.address,
        "name": names.get(node.address),
        "model": node.model,
        "is_lock": node.is_lock,
        "firmware": node.firmware,
        "reach": node.reach.value,
        "state": node.state.value,
        "security": node.security,
        "heard_at": _told(node.heard_at),
        "rssi_dbm": node.rssi_dbm,
        "route": list(node.route),
        "rate_kbit": node.rate_kbit,
        "neighbours": [*sorted(node.neighbours)],
        "sent": node.sent,
        "lost": node.lost,
        "heard": node.heard,
        "remarks": list(node.remarks),
    }


def _prepared(each: Prepared) -> dict[str, JsonValue]:
    return {"tail": each.tail, "since": _told(each.since), "joined": each.joined, "trouble": each.trouble}


def _talk(talk: Talk) -> dict[str, JsonValue]:
    return {
        "id": talk.id,
        "wish": talk.wish.value,
        "step": talk.step,
        "steps": talk.steps,
        "sentence": talk.sentence,
        "question": None if talk.question is None else _question(talk.question),
        "ended": None if talk.ended is None else talk.ended.value,
        "address": talk.address,
        "security": talk.security,
        "stamp": stamp(talk),
    }


def _question(question: Question) -> dict[str, JsonValue]:
    return {
        "asked": question.asked.value,
        "sentence": question.sentence,
        "until": _told(question.until),
        "choices": list(question.choices),
        "tail": question.tail,
    }


def _errand(errand: Errand) -> dict[str, JsonValue]:
    echo = errand.echo
    return {
        "work": errand.work.value,
        "address": errand.address,
        "sentence": errand.sentence,
        "milliseconds": None if echo is None else round(echo.milliseconds, 1),
        "rssi_dbm": None if echo is None else echo.rssi_dbm,
    }


# ---- the answers ---------------------------------------------------------------------------------------------------


def _on_air(hub: Hub) -> None:
    if not hub.running:
        raise Unavailable("the hub does not run, and only a running one reaches the radio; start it first")


def _at_hand(hub: Hub, name: str) -> None:
    """Without a running hub its driver is made all the same: what it keeps on disk needs no stick."""
    if hub.running or name in hub.plugins.radios:
        return
    if name not in hub.config.drivers:
        raise Misconfigured(f"drivers.{name}", "is missing; name the stick's port there")
    hub.plugins.prepare_driver(name, hub.config.drivers[name])
    condition = hub.plugins.conditions.get(name)
    if condition is not None and condition.state == "off":
        key, _, why = condition.why.partition(": ")
        raise Misconfigured(key, why)


async def _status(hub: Hub, actor: str, ask: asks.RadioStatus) -> JsonValue:
    _at_hand(hub, ask.radio)
    survey = hub.radios.survey(ask.radio)
    rows = await hub.store.read(house.locks)
    names = {row.address: row.name for row in rows if row.driver == ask.radio}
    return {"running": hub.running, **_survey(survey, names)}


async def _begin(hub: Hub, actor: str, ask: asks.RadioBegin) -> JsonValue:
    _on_air(hub)
    talk = await hub.radios.begin(
        ask.radio,
        ask.wish,
        actor,
        label=None if ask.label is None else Secret(ask.label),
        address=None if ask.address is None else Address(ask.address),
        unencrypted=ask.unencrypted,
    )
    return _talk(talk)


async def _follow(hub: Hub, actor: str, ask: asks.RadioFollow) -> JsonValue:
    _on_air(hub)
    async with hub.bus.listen(f"plugin:{ask.radio}") as ear:
        told = _current(hub, ask)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN.total_seconds()):
                while told["stamp"] == ask.seen and told["ended"] is None:
                    await anext(ear)
                    told = _current(hub, ask)
    return told


def _current(hub: Hub, ask: asks.RadioFollow) -> dict[str, JsonValue]:
    talk = hub.radios.talk(ask.radio)
    if talk is None or talk.id != ask.talk:
        raise Rejected("that conversation is over, and another one was begun since")
    return _talk(talk)


async def _answer(hub: Hub, actor: str, ask: asks.RadioAnswer) -> JsonValue:
    _on_air(hub)
    await hub.radios.answer(ask.radio, ask.talk, ask.words, actor)
    return {}


async def _cancel(hub: Hub, actor: str, ask: asks.RadioCancel) -> JsonValue:
    _on_air(hub)
    await hub.radios.cancel(ask.radio, ask.talk, actor)
    return {}


async def _work(hub: Hub, actor: str, ask: asks.RadioWork) -> JsonValue:
    address = None if ask.address is None else Address(ask.address)
    return await _done(hub, asks.RadioWork.patience, ask.radio, Work(ask.work), actor, address)


async def _restore(hub: Hub, actor: str, ask: asks.RadioRestore) -> JsonValue:
    return await _done(hub, asks.RadioRestore.patience, ask.radio, Work.RESTORE, actor, memory=ask.memory)


async def _done(
    hub: Hub,
    patience: timedelta,
    radio: str,
    work: Work,
    actor: str,
    address: Address | None = None,
    memory: bytes = b"",
) -> JsonValue:
    _on_air(hub)
    errand = await hub.radios.send(radio, work, actor, address, memory=memory)
    await errand.settle(patience)
    errand.insist()
    return _errand(errand)


async def _prepare(hub: Hub, actor: str, ask: asks.RadioPrepare) -> JsonValue:
    _on_air(hub)
    return _prepared(await hub.radios.prepare(ask.radio, Secret(ask.label), actor))


async def _unprepare(hub: Hub, actor: str, ask: asks.RadioUnprepare) -> JsonValue:
    _on_air(hub)
    await hub.radios.unprepare(ask.radio, ask.tail, actor)
    return {}


async def _backup(hub: Hub, actor: str, ask: asks.RadioBackup) -> JsonValue:
    _on_air(hub)
    return {"memory": base64.b64encode(await hub.radios.back_up(ask.radio, actor)).decode()}


async def _keys_export(hub: Hub, actor: str, ask: asks.RadioKeysExport) -> JsonValue:
    _at_hand(hub, ask.radio)
    keys: JsonValue = json.loads((await hub.radios.export_keys(ask.radio, actor)).reveal())
    return keys


async def _keys_import(hub: Hub, actor: str, ask: asks.RadioKeysImport) -> JsonValue:
    _at_hand(hub, ask.radio)
    await hub.radios.import_keys(ask.radio, Secret(ask.keys), actor)
    return {}


async def _trace(hub: Hub, actor: str, ask: asks.RadioTrace) -> JsonValue:
    _on_air(hub)
    if ask.after is None:
        return list(hub.radios.trace(ask.radio))
    async with hub.bus.listen(f"plugin:{ask.radio}") as ear:
        for _ in range(LOOK_AGAIN // FRAMES_WITHIN):
            if found := _since(hub.radios.trace(ask.radio), ask.after):
                return found
            with suppress(TimeoutError):  # not every frame is a reason to look again at a page
                async with asyncio.timeout(FRAMES_WITHIN.total_seconds()):
                    await anext(ear)
    return []


def _since(lines: Sequence[str], after: str) -> list[JsonValue]:
    """All of them, where that line is forgotten already."""
    known = len(lines) - lines[::-1].index(after) if after in lines else 0
    return list(lines[known:])


COMMANDS: Final[Mapping[type[Ask], Callable[[Hub, str, Any], Awaitable[JsonValue]]]] = {
    asks.RadioStatus: _status,
    asks.RadioBegin: _begin,
    asks.RadioFollow: _follow,
    asks.RadioAnswer: _answer,
    asks.RadioCancel: _cancel,
    asks.RadioWork: _work,
    asks.RadioPrepare: _prepare,
    asks.RadioUnprepare: _unprepare,
    asks.RadioBackup: _backup,
    asks.RadioRestore: _restore,
    asks.RadioKeysExport: _keys_export,
    asks.RadioKeysImport: _keys_import,
    asks.RadioTrace: _trace,
}
