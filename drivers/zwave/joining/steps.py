"""What the conversations with a device that joins or leaves are made of.

A conversation is a generator, as in `security.joining`, whose steps it may use as well. It knows neither the radio nor the
time nor the page: each answer says when it came, in seconds of a clock that never goes back. A step that the stick does not
carry out raises Unavailable where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.zwave.functions import Call, NodeInfo
from drivers.zwave.security import joining as security
from drivers.zwave.security.joining import Cancelled, Heard, TimedOut, Told
from hub.contracts.radio import Asked
from hub.errors import Rejected

CANCELLED = "joining was cancelled"


@dataclass(frozen=True, slots=True)
class Do:
    """Have the stick do something. Answered with `Done`."""

    call: Call


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the next callback of a call that goes on calling back. Answered with `News`, `TimedOut` or `Cancelled`."""

    function: int
    id: int
    until: float
    stoppable: bool = False
    """Whether it may be answered with `Cancelled`; a cancelling that comes meanwhile is kept for a step that may."""


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the person where it is. Answered with `Told`."""

    step: int
    sentence: str
    stoppable: bool = True
    """Whether the person may cancel from here on."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the person. Answered with `Said`, `TimedOut`, `Cancelled`, or `Heard` when the device ends the key exchange."""

    asked: Asked
    sentence: str
    until: float
    check: Callable[[str], None]
    """Raises Rejected: that is no answer; the question stands."""
    choices: tuple[str, ...] = ()
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Enter:
    """From here on what this node says belongs to the conversation, and it is half joined. Answered with `Told`."""

    node: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Whether a node acknowledges a frame. Answered with `Reached`."""

    node: int


@dataclass(frozen=True, slots=True)
class Describe:
    """Have a node describe itself. Answered with `Described`."""

    node: int


@dataclass(frozen=True, slots=True)
class Count:
    """Who is in the network. Answered with `Counted`."""

    kinds: bool = False
    """How many of them listen or are beamed, too: the stick is asked for each."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Answered with `Told` or, if it may be stopped, `Cancelled`."""

    seconds: float = 0.0
    stoppable: bool = True


Step = Do | Listen | Say | Ask | Enter | Ping | Describe | Count | Pause | security.Step


@dataclass(frozen=True, slots=True)
class Done:
    response: bytes
    callback: bytes | None
    id: int
    at: float


@dataclass(frozen=True, slots=True)
class News:
    payload: bytes
    """Without the callback id."""
    at: float


@dataclass(frozen=True, slots=True)
class Said:
    words: str = field(repr=False)
    at: float


@dataclass(frozen=True, slots=True)
class Reached:
    reached: bool
    at: float


@dataclass(frozen=True, slots=True)
class Described:
    info: NodeInfo | None
    at: float


@dataclass(frozen=True, slots=True)
class Counted:
    nodes: frozenset[int]
    """All but the stick."""
    listening: int
    beamed: int
    at: float


Answer = Done | News | Said | Reached | Described | Counted | security.Answer

T = TypeVar("T")
Talking = Generator[Step, Answer, T]


@dataclass(frozen=True, slots=True)
class Outcome:
    node: int
    security: str = ""
    """The strongest key that it was given."""


class TakenOutError(Rejected):
    """A device joined, did not get the security that it must have, and is not used.

    `capable`: it could have had good security, so somebody may have interfered. `gone`: it is out of the network again.
    """

    def __init__(self, words: str, node: int, *, capable: bool, gone: bool) -> None:
        super().__init__(words)
        self.node = node
        self.capable = capable
        self.gone = gone


class NotWaitedError(Rejected):
    """The device gave up while a person was typing the consent that it needed."""

    def __init__(self, words: str, info: NodeInfo) -> None:
        super().__init__(words)
        self.info = info
        """How the device described itself for which it was typed; more is not known of one that has no key."""


class DowngradedError(Rejected):
    """Somebody may have interfered, so that a device gets less security than it is capable of."""


# ---- steps with the one kind of answer they have ------------------------------------------------------------------------


def do(call: Call) -> Talking[Done]:
    answer = yield Do(call)
    assert isinstance(answer, Done)
    return answer


def ping(node: int) -> Talking[bool]:
    answer = yield Ping(node)
    assert isinstance(answer, Reached)
    return answer.reached


def describe(node: int) -> Talking[NodeInfo | None]:
    answer = yield Describe(node)
    assert isinstance(answer, Described)
    return answer.info


def count(*, kinds: bool = False) -> Talking[Counted]:
    answer = yield Count(kinds)
    assert isinstance(answer, Counted)
    return answer


def say(step: int, sentence: str, *, stoppable: bool = True) -> Talking[float]:
    """When it was said."""
    answer = yield Say(step, sentence, stoppable)
    assert isinstance(answer, Told)
    return answer.at


def pause(seconds: float) -> Talking[None]:
    yield Pause(seconds, stoppable=False)


def last_chance() -> Talking[None]:
    """Raises Rejected: a person has cancelled meanwhile."""
    if isinstance((yield Pause()), Cancelled):
        raise Rejected(CANCELLED)


__all__ = [
    "CANCELLED",
    "Answer",
    "Ask",
    "Cancelled",
    "Count",
    "Counted",
    "Describe",
    "Described",
    "Do",
    "Done",
    "DowngradedError",
    "Enter",
    "Heard",
    "Listen",
    "News",
    "NotWaitedError",
    "Outcome",
    "Pause",
    "Ping",
    "Reached",
    "Said",
    "Say",
    "Step",
    "TakenOutError",
    "Talking",
    "TimedOut",
    "Told",
    "count",
    "describe",
    "do",
    "last_chance",
    "pause",
    "ping",
    "say",
]
