"""A radio network as its pages show it: surveys and conversations turned into what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.contracts.radio import CONSENT, Asked, NodeState, Question, RadioNode, Survey, Talk
from hub.hub import Hub
from hub.model.values import Address
from hub.radio import Errand, stamp
from hub.store import doors
from hub.store.doors import Door
from hub.store.engine import Tx
from web.ground import Ground
from web.radiomap import Map, draw, signal_of
from web.site import wakes
from web.words import Local, Moment


def security_words(security: str) -> str:
    """`S2_ACCESS_CONTROL` becomes `S2 Access Control`; words stay as they are."""
    parts = security.replace("_", " ").split()
    return " ".join(part if part[:1] == "S" and part[1:].isdigit() else part.capitalize() for part in parts)


def security_tone(security: str) -> str:
    words = security_words(security)
    if not words or words.startswith("S0"):
        return "bad"
    return "warn" if "Unauthenticated" in words else "ok"


@dataclass(frozen=True, slots=True)
class NodeLine:
    address: Address
    name: str
    """Of the house's lock, else the model."""
    lock_id: str
    """Empty: it has no name in the house."""
    model: str
    firmware: str
    is_lock: bool
    reach: str
    state: str
    security: str
    tone: str
    signal: str
    rssi: str
    heard: Moment | None
    sent: int
    lost: int
    got: int
    route: tuple[str, ...]
    neighbours: tuple[str, ...]
    rate_kbit: float | None
    remarks: tuple[str, ...]

    @property
    def title(self) -> str:
        """For whoever stands before it: what it is, and its number."""
        return f"{self.model} (node {self.address})" if self.model else f"Node {self.address}"


@dataclass(frozen=True, slots=True)
class PreparedLine:
    tail: str
    since: Moment
    joined: str
    trouble: str


@dataclass(frozen=True, slots=True)
class ErrandLine:
    id: int
    work: str
    name: str
    """Empty: the whole network, or the stick."""
    outcome: str
    sentence: str
    at: Moment


@dataclass(frozen=True, slots=True)
class TalkView:
    talk: Talk
    stamp: str
    question: Question | None
    until: Moment | None
    offered: tuple[tuple[str, str], ...]
    consent: str
    """The words to type; empty: no consent is asked."""
    name: str
    """Of the device it is about, where that is known."""
    security: str
    tone: str


@dataclass(frozen=True, slots=True)
class RadioView:
    name: str
    others: tuple[str, ...]
    survey: Survey
    map: Map
    nodes: tuple[NodeLine, ...]
    prepared: tuple[PreparedLine, ...]
    errands: tuple[ErrandLine, ...]
    talk: Talk | None
    """One that is under way."""
    nameless: tuple[NodeLine, ...]
    """Locks that have no name in the house yet."""
    bereft: tuple[str, ...]
    """Locks of the house that have no device any more."""
    frames_per_code: str
    noise: str
    since: Moment | None
    wakes: str


@dataclass(frozen=True, slots=True)
class Names:
    """What the devices of one radio are called."""

    locks: Mapping[Address, Door]
    nodes: Mapping[Address, RadioNode]
    own: Address | None

    def __call__(self, address: Address) -> str:
        if address == self.own:
            return "the stick"
        if address in self.locks:
            return self.locks[address].name
        node = self.nodes.get(address)
        return f"{node.model} (node {address})" if node is not None and node.model else f"node {address}"


def names_of(ground: Ground, name: str, survey: Survey) -> Names:
    locks = {door.address: door for door in ground.doors.values() if door.driver == name}
    return Names(locks, {node.address: node for node in survey.nodes}, survey.own)


def look(tx: Tx, hub: Hub, name: str) -> RadioView:
    survey = hub.radios.survey(name)
    ground = Ground.read(tx, hub.clock.now())
    local, real = ground.local(), Local(ground.local().zone, hub.wall.now())
    names = names_of(ground, name, survey)
    nodes = tuple(node_line(node, names, survey, local) for node in survey.nodes)
    talk = hub.radios.talk(name)
    return RadioView(
        name=name,
        others=tuple(other for other in hub.radios.names if other != name),
        survey=survey,
        map=draw(survey, {address: door.name for address, door in names.locks.items()}),
        nodes=nodes,
        prepared=tuple(
            PreparedLine(each.tail, local.moment(each.since), names(each.joined) if each.joined else "", each.trouble)
            for each in survey.prepared
        ),
        errands=tuple(errand_line(errand, names, real) for errand in hub.radios.errands(name)),
        talk=talk if talk is not None and talk.ended is None else None,
        nameless=tuple(line for line in nodes if line.is_lock and not line.lock_id),
        bereft=tuple(door.name for door in ground.doors.values() if door.driver == name and doors.has_no_device(door)),
        frames_per_code=f"{survey.code_frames / survey.codes_set:.1f}" if survey.codes_set else "",
        noise=_noise_words(survey.noise_dbm),
        since=local.maybe(survey.since),
        wakes=wakes(f"plugin:{name}", "house"),
    )


def _noise_words(levels: Sequence[int]) -> str:
    """By channel; empty where it is not measured."""
    told = ", ".join(str(level).replace("-", "−") for level in levels)
    return f"{told} dBm" if told else ""


def node_line(node: RadioNode, names: Names, survey: Survey, local: Local) -> NodeLine:
    door = names.locks.get(node.address)
    return NodeLine(
        address=node.address,
        name=node.model or f"Node {node.address}" if door is None else door.name,
        lock_id="" if door is None else door.id,
        model=node.model,
        firmware=node.firmware,
        is_lock=node.is_lock,
        reach=node.reach.value,
        state=node.state.value,
        security=security_words(node.security),
        tone=security_tone(node.security),
        signal=signal_of(node, survey.noise_dbm),
        rssi="" if node.rssi_dbm is None else f"{node.rssi_dbm} dBm".replace("-", "−"),
        heard=local.maybe(node.heard_at),
        sent=node.sent,
        lost=node.lost,
        got=node.heard,
        route=tuple(names(hop) for hop in node.route),
        neighbours=tuple(sorted(names(other) for other in node.neighbours)),
        rate_kbit=node.rate_kbit,
        remarks=node.remarks,
    )


def errand_line(errand: Errand, names: Names, real: Local) -> ErrandLine:
    name = "" if errand.address is None else names(errand.address)
    at = real.moment(errand.begun_at)
    return ErrandLine(errand.id, errand.work.value, name, errand.outcome.value, errand.sentence, at)


def talk_view(talk: Talk, names: Names, real: Local) -> TalkView:
    question = talk.question if talk.ended is None else None
    choices = () if question is None else question.choices
    return TalkView(
        talk=talk,
        stamp=stamp(talk),
        question=question,
        until=None if question is None else real.moment(question.until),
        offered=tuple((choice, security_words(choice)) for choice in choices),
        consent="" if question is None else CONSENT.get(question.asked, ""),
        name="" if talk.address is None else names(talk.address),
        security=security_words(talk.security),
        tone=security_tone(talk.security),
    )


def places_to_take(ground: Ground, name: str, survey: Survey) -> list[tuple[str, str]]:
    """Locks of the house whose device is gone, for another to take the place of."""
    there = {node.address: node for node in survey.nodes}

    def gone() -> Iterator[Door]:
        for door in ground.doors.values():
            node = there.get(door.address)
            if door.driver == name and (node is None or node.state is NodeState.DEAD):
                yield door

    return [(door.id, door.name) for door in gone()]


def gave(asked: Asked, posted: Mapping[str, object], granted: Sequence[str]) -> str:
    """The answer that a form gives, in the words of the contract."""
    if asked is Asked.GRANT:
        return " ".join(granted)
    return str(posted.get("words", "")).strip()
