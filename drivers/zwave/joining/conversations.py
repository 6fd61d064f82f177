"""Adding, replacing and removing a device, from the first word to the last.

Whoever joined and did not get the security that it must have is taken out again before the conversation ends, also when a
person cancels: nobody is left half joined. Where that does not succeed either, the sentence says so.
"""

from __future__ import annotations

from typing import Final, NoReturn

from drivers.zwave import network_functions as nf
from drivers.zwave.functions import Call
from drivers.zwave.joining import protocol
from drivers.zwave.joining.bootstrap import S2, Order, secure
from drivers.zwave.joining.protocol import Arrival, HalfJoinedError
from drivers.zwave.joining.steps import (
    DowngradedError,
    Enter,
    Outcome,
    TakenOutError,
    Talking,
    count,
    do,
    pause,
    ping,
    say,
)
from hub.errors import Rejected, Unavailable

ADD_STEPS: Final = 6
REMOVE_STEPS: Final = 3
LEAVES_BY_ITSELF: Final = 3
"""How often a device that asked to be joined is pinged until it has left after a failure (zwave-js, Controller.ts,
getRemoveFailedNodeTask)."""
LEAVING_S: Final = 2.0
PRESS: Final = "Now press the button on the device that makes it join; its manual says which."
PRESS_AGAIN: Final = "Now press the button on the device once more, so that it leaves the network again."


def add(order: Order) -> Talking[Outcome]:
    """Raises Rejected or Unavailable: nobody was added."""
    yield from _take_the_lead(order.own)
    return (yield from _let_in(order, nf.add_node(), PRESS))


def add_prepared(order: Order) -> Talking[Outcome]:
    """Join a device that asks for it by itself: SmartStart."""
    assert order.label is not None, "only labels are prepared"
    begin = nf.add_prepared_node(order.label.joining_home, order.label.authentic_home)
    return (yield from _let_in(order, begin, "A prepared device has asked to be joined.", by_itself=True))


def replace(order: Order, node: int) -> Talking[Outcome]:
    yield from say(1, f"The device {node} is asked whether it still answers.")
    try:
        arrival = yield from protocol.replace(node, PRESS)
    except HalfJoinedError as half:
        yield Enter(half.node)
        yield from _throw_out(half.node, half, by_itself=False, capable=False)
    return (yield from _equip(order, arrival, by_itself=False))


def remove() -> Talking[Outcome]:
    """Whoever's button is pressed leaves; node 0: it was in another network, or in none."""
    before = yield from count()
    try:
        number = yield from protocol.exclude(
            "Now press the button on the device that makes it leave; its manual says which."
        )
    except Rejected:
        gone = before.nodes - (yield from count()).nodes
        if not gone:
            raise
        number = min(gone)  # it left all the same, in the moment in which the stick was told to stop
    return Outcome(number if number in before.nodes else 0)


def _let_in(order: Order, begin: Call, invite: str, *, by_itself: bool = False) -> Talking[Outcome]:
    try:
        arrival = yield from protocol.include(begin, invite)
    except HalfJoinedError as half:
        yield Enter(half.node)
        yield from _throw_out(half.node, half, by_itself=by_itself, capable=False)
    return (yield from _equip(order, arrival, by_itself=by_itself))


def _take_the_lead(own: int) -> Talking[None]:
    """New devices ask the SUC for routes; the first host of a network is to be it (INS13954 4.4.33)."""
    try:
        suc = yield from do(nf.get_suc())
        if suc.response[:1] == b"\x00":
            yield from do(nf.become_suc(own))
    except Unavailable:
        return


def _equip(order: Order, arrival: Arrival, *, by_itself: bool) -> Talking[Outcome]:
    yield Enter(arrival.node)
    try:
        yield from _routes(arrival.node)
        security = yield from secure(order, arrival)
    except (Rejected, Unavailable) as why:
        said_so = arrival.info is not None and S2 in arrival.info.classes
        capable = said_so or order.label is not None or isinstance(why, DowngradedError)
        yield from _throw_out(arrival.node, why, by_itself=by_itself, capable=capable)
    return Outcome(arrival.node, security.name if security else "")


def _routes(node: int) -> Talking[None]:
    """Tell the device the way back to us. Old ones first: a dangling one would win (zwave-js, assignSUCReturnRoutes)."""
    for call in (nf.delete_suc_return_route(node), nf.assign_suc_return_route(node)):
        try:
            yield from do(call)
        except Unavailable:
            return


def _throw_out(node: int, why: Rejected | Unavailable, *, by_itself: bool, capable: bool) -> Talking[NoReturn]:
    """Take a device out that must not stay. Raises TakenOutError, with what became of it."""
    yield from say(5, f"It did not work: {why}. The device is taken out again.", stoppable=False)
    gone = yield from _gone(node, LEAVES_BY_ITSELF if by_itself else 1)
    if not gone and not by_itself:
        invite = f"It did not work: {why}. {PRESS_AGAIN}"
        try:
            while node in (yield from count()).nodes:
                yield from protocol.exclude(invite, step=5, stoppable=False)
            gone = True
        except (Rejected, Unavailable):
            gone = yield from _gone(node, 1)
    end = "the device was taken out of the network again"
    if not gone:
        end = f"the device is still in the network as {node} and is not used; remove it before you try again"
    raise TakenOutError(f"{why}; {end}", node, capable=capable, gone=gone) from why


def _gone(node: int, tries: int) -> Talking[bool]:
    """Whether the device left, or does not answer and could be taken out for that."""
    for again in range(tries):
        if again:
            yield from pause(LEAVING_S)
        if not (yield from ping(node)):
            return (yield from protocol.remove_failed(node))
    return False
