"""Radio networks: their devices, the conversations that add and remove them, and what is kept for the day they break."""

from __future__ import annotations

import base64
import json
from typing import Annotated, Final

from pydantic import Field

from hub.contracts.radio import Asked, Ended, NodeState, Prepared, RadioNode, Reach, Talk, Wish
from hub.errors import Rejected
from hub.housing import NewLock
from hub.model.values import Address, LockId, PropertyId, Secret, UnitId
from hub.radio import SHOW_KEYS, Errand, Outcome, Work
from hub.store import doors
from web.api.doors import LockOut, lock_fields
from web.api.paging import ByName, Page, cut_by_name
from web.api.problems import Problem, missing
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told

LARGEST_MEMORY: Final = 1024 * 1024
"""Base64 of three quarters of that: more than any stick has."""
_BASE64: Final = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def _radio(call: Call) -> str:
    name = call.path["radio"]
    if name not in call.hub.radios.names:
        raise missing("radio", name)
    return name


def _node(call: Call) -> tuple[str, Address]:
    radio, address = _radio(call), Address(call.path["node"])
    if all(node.address != address for node in call.hub.radios.survey(radio).nodes):
        raise missing("device", address)
    return radio, address


# ---- looking -------------------------------------------------------------------------------------------------------


class NodeOut(Out):
    node: str
    lock: str | None = Field(description="the lock of the house that it is; null: it has no name yet")
    model: str
    firmware: str
    is_lock: bool
    reach: Reach
    state: NodeState
    security: str = Field(description="the security class in use; empty: none")
    heard_at: Told | None
    rssi_dbm: int | None
    route: list[str]
    rate_kbit: float | None
    neighbours: list[str]
    sent: int
    lost: int
    heard: int
    remarks: list[str]


def _node_out(node: RadioNode, lock: str | None) -> NodeOut:
    return NodeOut(
        node=node.address,
        lock=lock,
        model=node.model,
        firmware=node.firmware,
        is_lock=node.is_lock,
        reach=node.reach,
        state=node.state,
        security=node.security,
        heard_at=node.heard_at,
        rssi_dbm=node.rssi_dbm,
        route=[*node.route],
        rate_kbit=node.rate_kbit,
        neighbours=sorted(node.neighbours),
        sent=node.sent,
        lost=node.lost,
        heard=node.heard,
        remarks=[*node.remarks],
    )


class PreparedOut(Out):
    tail: str = Field(description="the number on its label without the PIN; names the entry")
    since: Told
    joined: str | None
    trouble: str


def _prepared(each: Prepared) -> PreparedOut:
    return PreparedOut(tail=each.tail, since=each.since, joined=each.joined, trouble=each.trouble)


class ErrandOut(Out):
    """A piece of work that was asked of a device or of the stick."""

    id: int
    work: Work
    node: str | None
    begun_at: Told
    outcome: Outcome = Field(description="`under_way`: look again at the radio's `errands`; `unknown`: no answer")
    sentence: str
    milliseconds: float | None
    rssi_dbm: int | None


def _errand(errand: Errand) -> ErrandOut:
    echo = errand.echo
    return ErrandOut(
        id=errand.id,
        work=errand.work,
        node=errand.address,
        begun_at=errand.begun_at,
        outcome=errand.outcome,
        sentence=errand.sentence,
        milliseconds=None if echo is None else echo.milliseconds,
        rssi_dbm=None if echo is None else echo.rssi_dbm,
    )


class RadioOut(Out):
    radio: str
    connected: bool
    stick: str
    network: str
    own: str | None = Field(description="the stick's own node")
    busy: str = Field(description="long work under way, in a sentence")
    jammed: bool
    noise_dbm: list[int]
    codes_set: int
    code_frames: int = Field(description="frames sent and received in setting them, reading back included")
    idle_frames: int = Field(description="frames of the last 24 hours that belong to no order")
    since: Told | None = Field(description="when counting began")
    remarks: list[str] = Field(description="what a person should know of the network, in sentences")
    nodes: list[NodeOut]
    prepared: list[PreparedOut]
    errands: list[ErrandOut] = Field(description="the last ones, newest first")


class RadioPage(Page[RadioOut]):
    pass


async def _radio_out(call: Call, name: str) -> RadioOut:
    survey = call.hub.radios.survey(name)
    known = await call.hub.store.read(doors.doors)
    named = {door.address: door.id for door in known if door.driver == name}
    return RadioOut(
        radio=name,
        connected=survey.connected,
        stick=survey.stick,
        network=survey.network,
        own=survey.own,
        busy=survey.busy,
        jammed=survey.jammed,
        noise_dbm=[*survey.noise_dbm],
        codes_set=survey.codes_set,
        code_frames=survey.code_frames,
        idle_frames=survey.idle_frames,
        since=survey.since,
        remarks=[*survey.remarks],
        nodes=[_node_out(node, named.get(node.address)) for node in survey.nodes],
        prepared=[_prepared(each) for each in survey.prepared],
        errands=[_errand(errand) for errand in call.hub.radios.errands(name)],
    )


async def list_radios(call: Call, query: ByName, body: Nothing) -> RadioPage:
    cut = cut_by_name(call.hub.radios.names, lambda name: name, query)
    return RadioPage(items=[await _radio_out(call, name) for name in cut.rows], next=cut.next)


async def get_radio(call: Call, query: Nothing, body: Nothing) -> RadioOut:
    return await _radio_out(call, _radio(call))


class TraceOut(Out):
    lines: list[str] = Field(description="oldest first; PINs and keys are left out")


async def get_trace(call: Call, query: Nothing, body: Nothing) -> TraceOut:
    return TraceOut(lines=[*call.hub.radios.trace(_radio(call))])


# ---- conversations -------------------------------------------------------------------------------------------------


class QuestionOut(Out):
    asked: Asked
    sentence: str
    until: Told = Field(description="then the conversation ends by itself")
    choices: list[str] = Field(description="`grant`: the security classes on offer, the strongest first")
    tail: str = Field(description="`pin`: what stands after it on the label")


class TalkOut(Out):
    id: str
    wish: Wish
    step: int
    steps: int
    sentence: str
    question: QuestionOut | None
    ended: Ended | None
    node: str | None
    security: str


def _talk(talk: Talk) -> TalkOut:
    question = talk.question
    return TalkOut(
        id=talk.id,
        wish=talk.wish,
        step=talk.step,
        steps=talk.steps,
        sentence=talk.sentence,
        question=None
        if question is None
        else QuestionOut(
            asked=question.asked,
            sentence=question.sentence,
            until=question.until,
            choices=[*question.choices],
            tail=question.tail,
        ),
        ended=talk.ended,
        node=talk.address,
        security=talk.security,
    )


Label = Annotated[str, Field(min_length=1, max_length=600, description="what the QR code says, or the DSK")]


class TalkIn(In):
    wish: Wish
    label: Annotated[Label | None, Field(repr=False)] = None
    node: Annotated[str, Field(max_length=200, description="`replace`: the device that failed")] | None = None
    unencrypted: Annotated[bool, Field(description="it may go without encryption: anybody near can open it")] = False


class AnswerIn(In):
    talk: Annotated[str, Field(max_length=200)]
    words: Annotated[str, Field(max_length=200, repr=False)]


class CancelIn(In):
    talk: Annotated[str, Field(max_length=200)]


async def begin_talk(call: Call, query: Nothing, body: TalkIn) -> TalkOut:
    talk = await call.hub.radios.begin(
        _radio(call),
        body.wish,
        call.actor,
        label=None if body.label is None else Secret(body.label),
        address=None if body.node is None else Address(body.node),
        unencrypted=body.unencrypted,
    )
    return _talk(talk)


async def get_talk(call: Call, query: Nothing, body: Nothing) -> TalkOut:
    return _last_talk(call)


def _last_talk(call: Call) -> TalkOut:
    talk = call.hub.radios.talk(_radio(call))
    if talk is None:
        raise Problem("not_found", "no conversation was begun yet")
    return _talk(talk)


async def answer_talk(call: Call, query: Nothing, body: AnswerIn) -> TalkOut:
    await call.hub.radios.answer(_radio(call), body.talk, body.words, call.actor)
    return _last_talk(call)


async def cancel_talk(call: Call, query: Nothing, body: CancelIn) -> TalkOut:
    await call.hub.radios.cancel(_radio(call), body.talk, call.actor)
    return _last_talk(call)


# ---- a device becomes a lock of the house --------------------------------------------------------------------------


class NewLockIn(In):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    property: Annotated[str, Field(max_length=64)]
    id: Annotated[str, Field(max_length=64, description="empty: made from the name")] = ""
    units: Annotated[list[str], Field(default_factory=list, max_length=200, description="whose guests pass it")]


class PlaceIn(In):
    lock: Annotated[str, Field(max_length=64, description="the lock of the house whose device was replaced")]


async def name_lock(call: Call, query: Nothing, body: NewLockIn) -> LockOut:
    radio, address = _node(call)
    units = tuple(UnitId(unit) for unit in body.units)
    new = NewLock(body.name, PropertyId(body.property), body.id, units)
    return await _lock(call, await call.hub.radios.name_lock(radio, address, new, call.actor))


async def take_place(call: Call, query: Nothing, body: PlaceIn) -> LockOut:
    radio, address = _node(call)
    await call.hub.radios.take_place(radio, address, LockId(body.lock), call.actor)
    return await _lock(call, LockId(body.lock))


async def _lock(call: Call, id_: LockId) -> LockOut:
    door = await call.hub.store.read(lambda tx: doors.door(tx, id_))
    if door is None:
        raise missing("lock", id_)
    return lock_fields(door)


# ---- errands -------------------------------------------------------------------------------------------------------


async def ping_node(call: Call, query: Nothing, body: Nothing) -> ErrandOut:
    return await _send(call, Work.PING, *_node(call))


async def interview_node(call: Call, query: Nothing, body: Nothing) -> ErrandOut:
    return await _send(call, Work.INTERVIEW, *_node(call))


async def heal_node(call: Call, query: Nothing, body: Nothing) -> ErrandOut:
    return await _send(call, Work.HEAL, *_node(call))


async def forget_node(call: Call, query: Nothing, body: Nothing) -> ErrandOut:
    return await _send(call, Work.FORGET, *_node(call))


async def heal_radio(call: Call, query: Nothing, body: Nothing) -> ErrandOut:
    return await _send(call, Work.HEAL, _radio(call))


async def _send(
    call: Call, work: Work, radio: str, address: Address | None = None, *, memory: bytes = b""
) -> ErrandOut:
    errand = await call.hub.radios.send(radio, work, call.actor, address, memory=memory)
    await errand.settle()
    return _errand(errand)


# ---- SmartStart ----------------------------------------------------------------------------------------------------


class PrepareIn(In):
    label: Annotated[Label, Field(repr=False)]


async def prepare_device(call: Call, query: Nothing, body: PrepareIn) -> PreparedOut:
    return _prepared(await call.hub.radios.prepare(_radio(call), Secret(body.label), call.actor))


async def unprepare_device(call: Call, query: Nothing, body: Nothing) -> RadioOut:
    radio = _radio(call)
    await call.hub.radios.unprepare(radio, call.path["tail"], call.actor)
    return await _radio_out(call, radio)


# ---- the stick's memory and the keys -------------------------------------------------------------------------------


class MemoryOut(Out):
    memory: str = Field(description="the stick's memory, base64; the network keys are not in it")


class MemoryIn(In):
    memory: Annotated[str, Field(min_length=4, pattern=f"^{_BASE64}$", repr=False, description="base64")]


class ExportIn(In):
    confirm: Annotated[str, Field(max_length=60, description=f"the words “{SHOW_KEYS}”")]


Key = Annotated[str, Field(pattern="^[0-9A-Fa-f]{32}$")]


class KeysIn(In):
    S0_Legacy: Annotated[Key | None, Field(repr=False)] = None
    S2_Unauthenticated: Annotated[Key | None, Field(repr=False)] = None
    S2_Authenticated: Annotated[Key | None, Field(repr=False)] = None
    S2_AccessControl: Annotated[Key | None, Field(repr=False)] = None
    replace: Annotated[bool, Field(description="even if devices that are joined are cut off by it")] = False


class KeysOut(Out):
    keys: dict[str, str] = Field(description="by security class; whoever has them can open every lock", repr=False)


async def back_up_radio(call: Call, query: Nothing, body: Nothing) -> MemoryOut:
    memory = await call.hub.radios.back_up(_radio(call), call.actor)
    return MemoryOut(memory=base64.b64encode(memory).decode())


async def restore_radio(call: Call, query: Nothing, body: MemoryIn) -> ErrandOut:
    return await _send(call, Work.RESTORE, _radio(call), memory=base64.b64decode(body.memory))


async def export_keys(call: Call, query: Nothing, body: ExportIn) -> KeysOut:
    radio = _radio(call)
    if body.confirm != SHOW_KEYS:
        raise Rejected(f"confirm it with the words “{SHOW_KEYS}”")
    return KeysOut(keys=json.loads((await call.hub.radios.export_keys(radio, call.actor)).reveal()))


async def import_keys(call: Call, query: Nothing, body: KeysIn) -> RadioOut:
    radio = _radio(call)
    given = Secret(body.model_dump_json(exclude_none=True, exclude_defaults=True))
    await call.hub.radios.import_keys(radio, given, call.actor)
    return await _radio_out(call, radio)
