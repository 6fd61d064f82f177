"""How a device gets into the network and out of it, before anybody speaks of keys: INS13954-13, 4.4.

The stick says how far it is. From the moment it has found a device until it has finished with it, it must not be
interrupted: that makes ghosts (INS13954 4.4.1.1.3).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from drivers.zwave import network_functions as nf
from drivers.zwave.functions import Call, NodeInfo
from drivers.zwave.joining.steps import (
    CANCELLED,
    Cancelled,
    Counted,
    Done,
    Listen,
    News,
    Talking,
    TimedOut,
    count,
    do,
    ping,
    say,
)
from drivers.zwave.network_functions import Notice, Replaced, Status
from hub.errors import Garbled, Rejected, Unavailable

NOBODY_CAME: Final = "no device came within a minute; start again and press its button while the hub is waiting"
CAME_LATE: Final = "a device came when the stick was already told to stop"
NOT_FIRST: Final = "the stick is not the first controller of its network, so it cannot change who is in it"
CROSSING_S: Final = 2.0
"""How long after it was told to stop a stick is listened to: it may have found a device in the same instant."""
NOBODY: Final = frozenset({0, 0xFF})
"""Node numbers that stand for none."""


@dataclass(frozen=True, slots=True)
class Arrival:
    node: int
    info: NodeInfo | None
    """What it said of itself when it joined; nobody vouches for it. None: it replaces another and was not asked."""


class HalfJoinedError(Rejected):
    """The stick did not finish, and yet the device counts as being in the network."""

    def __init__(self, words: str, node: int) -> None:
        super().__init__(words)
        self.node = node


class _TooLateError(Exception):
    pass


class _FailedError(Exception):
    pass


# ---- adding ----------------------------------------------------------------------------------------------------------


def include(begin: Call, invite: str) -> Talking[Arrival]:
    """Let one device into the network.

    Args:
        begin: what lets in whom.
        invite: tells a person what to do so that it comes.

    Raises:
        Rejected: none came in, or it was cancelled; the network is as it was.
        HalfJoinedError: see there.
    """
    before = yield from count(kinds=True)
    ready = yield from _begin(begin, nf.leave_adding())
    yield from say(1, invite)
    try:
        _, found = yield from _next(ready, {Status.FOUND}, ready.at + nf.FOUND_WITHIN_S, stoppable=True)
    except (_TooLateError, _FailedError, Rejected) as ended:
        left = yield from do(nf.leave_adding())
        if not isinstance(ended, _FailedError) and (yield from _crossed(ready, left.at)) is not None:
            with suppress(_TooLateError, _FailedError):
                yield from _next(ready, {Status.PROTOCOL_DONE}, left.at + nf.ADDING_WITHIN_S)
            yield from _finish_adding()
        yield from _look_for_half_joined(before)
        raise _as_rejected(ended, NOBODY_CAME) from None
    yield from say(2, "A device was found and is being let in; this takes up to two minutes.")
    try:
        device, at = yield from _next(ready, {Status.DEVICE, Status.CONTROLLER}, found + nf.ADDING_WITHIN_S)
        nodes = len(before.nodes) if device.status is Status.CONTROLLER else None
        until = found + nf.add_node_timeout(before.listening, before.beamed, nodes=nodes)
        yield from _next(ready, {Status.PROTOCOL_DONE}, max(until, at))
    except (_TooLateError, _FailedError):
        yield from _finish_adding()
        yield from _look_for_half_joined(before)
        raise Rejected("the stick could not let the device in; hold them nearer to each other and try again") from None
    number = (yield from _finish_adding()) or device.node
    if number in NOBODY:
        raise Rejected("the stick gave the device no number; try again")
    if number in before.nodes:
        raise Rejected(f"the device is in the network already, as {number}; remove it first")
    return Arrival(number, device.info)


def _finish_adding() -> Talking[int]:
    """INS13954 4.4.1.2.5 and 4.4.1.2.6. Returns the new node's number, 0 if there is none."""
    try:
        ended = yield from do(nf.stop_adding())
    except Unavailable:  # the last word must be said all the same
        ended = Done(b"", None, 0, 0.0)
    yield from do(nf.leave_adding())
    notice = _understood(ended.callback or b"")
    return notice.node if notice is not None and notice.status is Status.DONE else 0


def _look_for_half_joined(before: Counted) -> Talking[None]:
    after = yield from count()
    new = after.nodes - before.nodes
    if new:
        raise HalfJoinedError("the stick could not let the device in completely", min(new))


# ---- replacing -------------------------------------------------------------------------------------------------------


def replace(node: int, invite: str) -> Talking[Arrival]:
    """Let a device into the network in the place of one that failed: INS13954 4.4.21.

    Raises:
        Rejected: the one that failed still answers, or none came, or it was cancelled.
        HalfJoinedError: one came although it was cancelled.
    """
    if (yield from ping(node)):
        raise Rejected(f"the device {node} still answers: remove it, and add the new one")
    begun = yield from do(nf.replace_failed_node(node))
    if begun.callback is None:
        raise Rejected(f"the stick does not replace the device {node}: {nf.why_not(begun.response)}")
    first = nf.replaced(begun.callback) if begun.callback else Replaced.FAILED
    if first is Replaced.ANSWERS:
        raise Rejected(f"the device {node} still answers: remove it, and add the new one")
    if first is not Replaced.READY:
        raise Rejected(f"the stick could not begin to replace the device {node}; try again")
    yield from say(1, invite)
    until = begun.at + nf.FOUND_WITHIN_S + nf.ADDING_WITHIN_S  # nothing is said when a device is found
    while True:
        match (yield Listen(nf.REPLACE_FAILED_NODE, begun.id, until, stoppable=True)):
            case News(payload=payload):
                if payload[:1] == bytes((Replaced.DONE.value,)):
                    return Arrival(node, None)
                if payload[:1] in {bytes((Replaced.FAILED.value,)), bytes((Replaced.ANSWERS.value,))}:
                    raise Rejected(
                        "the stick could not let the device in; hold them nearer to each other and try again"
                    )
            case Cancelled():
                yield from _stop_replacing(node, begun.id)
                raise Rejected(CANCELLED)
            case _:
                yield from _stop_replacing(node, begun.id)
                raise Rejected(NOBODY_CAME)


def _stop_replacing(node: int, call: int) -> Talking[None]:
    """Raises HalfJoinedError: a device took the place in the moment in which the stick was told to stop."""
    left = yield from do(nf.leave_adding())  # as zwave-js does, Controller.ts, stopInclusion
    yield from say(1, "The stick is being stopped, and listened to for ten seconds more.", stoppable=False)
    until = left.at + nf.STOPPED_WITHIN_S  # nothing is said when a device is found: its whole way in is waited for
    while isinstance(heard := (yield Listen(nf.REPLACE_FAILED_NODE, call, until)), News):
        if heard.payload[:1] == bytes((Replaced.DONE.value,)):
            raise HalfJoinedError(CAME_LATE, node)


def remove_failed(node: int) -> Talking[bool]:
    """Whether a device that does not answer is now out of the network: INS13954 4.4.20."""
    try:
        answered = yield from do(nf.remove_failed_node(node))
    except Unavailable:
        return False
    return answered.callback is not None and answered.callback[:1] == bytes((Replaced.REMOVED.value,))


# ---- removing --------------------------------------------------------------------------------------------------------


def exclude(invite: str, *, step: int = 1, stoppable: bool = True) -> Talking[int]:
    """Let one device out of its network, whichever that is. Returns its number here, 0 if it had none.

    Raises:
        Rejected: none went, or it was cancelled before one was found.
    """
    ready = yield from _begin(nf.remove_node(), nf.leave_removing())
    yield from say(step, invite, stoppable=stoppable)
    try:
        first = yield from _next(ready, {Status.FOUND}, ready.at + nf.FOUND_WITHIN_S, stoppable=stoppable)
    except (_TooLateError, _FailedError, Rejected) as ended:
        left = yield from do(nf.leave_removing())
        crossed = None if isinstance(ended, _FailedError) else (yield from _crossed(ready, left.at))
        if crossed is None:
            raise _as_rejected(ended, NOBODY_CAME) from None
        first = crossed
    device, found = first
    yield from say(step + 1, "A device was found and is being taken out.", stoppable=False)
    number, done = 0, False
    try:
        if device.status is Status.FOUND:
            device, _ = yield from _next(ready, {Status.DEVICE, Status.CONTROLLER}, found + nf.REMOVED_WITHIN_S)
        number = 0 if device.node in NOBODY else device.node
        last, _ = yield from _next(ready, {Status.DONE, Status.PROTOCOL_DONE}, found + nf.REMOVED_WITHIN_S)
        done = last.status is Status.DONE
    except (_TooLateError, _FailedError):
        pass
    if not done:
        yield from _stop_removing()
    yield from do(nf.leave_removing())
    after = yield from count()
    if number in after.nodes or not (done or number):
        raise Rejected("the stick could not take the device out; hold them nearer to each other and try again")
    return number


def _stop_removing() -> Talking[None]:
    try:
        yield from do(nf.stop_removing())
    except Unavailable:
        return


# ---- what both have in common ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Begun:
    function: int
    id: int
    at: float


def _begin(call: Call, leave: Call) -> Talking[_Begun]:
    try:
        ready = yield from do(call)
    except Unavailable:
        yield from do(leave)  # INS13954 4.4.1.2.1
        raise
    notice = _understood(ready.callback or b"")
    if notice is not None and notice.status is Status.READY:
        return _Begun(call.function, ready.id, ready.at)
    yield from do(leave)
    if notice is not None and notice.status is Status.NOT_PRIMARY:
        raise Rejected(NOT_FIRST)
    raise Rejected("the stick is busy with its network; try again in a minute")


def _next(call: _Begun, wanted: set[Status], until: float, *, stoppable: bool = False) -> Talking[tuple[Notice, float]]:
    """The next callback of that kind, and when it came. One that repeats what was said before is passed over."""
    while True:
        match (yield Listen(call.function, call.id, until, stoppable)):
            case News(payload=payload, at=at):
                notice = _understood(payload)
                if notice is None:
                    continue
                if notice.status in wanted:
                    return notice, at
                if notice.status is Status.FAILED:
                    raise _FailedError
            case TimedOut():
                raise _TooLateError
            case Cancelled():
                raise Rejected(CANCELLED)
            case _:
                pass


def _crossed(call: _Begun, stopped: float) -> Talking[tuple[Notice, float] | None]:
    """What the stick says of a device that it found in the moment in which it was told to stop: it goes on with it."""
    try:
        return (yield from _next(call, {Status.FOUND, Status.DEVICE, Status.CONTROLLER}, stopped + CROSSING_S))
    except (_TooLateError, _FailedError):
        return None


def _understood(payload: bytes) -> Notice | None:
    try:
        return Notice.decode(payload)
    except Garbled:
        return None


def _as_rejected(ended: Exception, late: str) -> Rejected:
    if isinstance(ended, Rejected):
        return ended
    return Rejected(late if isinstance(ended, _TooLateError) else "the stick ended it; try again")
