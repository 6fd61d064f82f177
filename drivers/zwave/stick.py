"""Getting to know the stick, and speaking to nodes through it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.zwave import functions
from drivers.zwave.functions import (
    Call,
    Capabilities,
    Identity,
    InitData,
    NodeInfo,
    ProtocolInfo,
    ProtocolVersion,
    Transmitted,
    Update,
)
from drivers.zwave.link import Answered
from drivers.zwave.radio import Radio
from drivers.zwave.report import TransmitReport
from hub.errors import Garbled, Unavailable

RESTARTED_WITHIN_S = 1.5
"""INS12350 6.1.2: the pause after a soft reset. Sticks that say when they are up again are not waited for longer."""
_CONTRADICTIONS = 4
"""How often the stick may say something else over a line that garbles, before it is not believed at all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a command."""

    outcome: Transmitted
    report: TransmitReport | None = None
    """How it went, where the stick says so."""
    aborted: bool = False
    """It made way for something urgent; the outcome says nothing of the node."""


@dataclass(frozen=True, slots=True)
class Stick:
    version: str
    functions: frozenset[int]
    home_id: str
    node: int
    """Its own number in the network."""
    nodes: frozenset[int]
    """All others."""

    async def transmit(self, radio: Radio, node: int, command: bytes, *, urgent: bool) -> Sent:
        """Send a command to a node.

        Raises:
            Unavailable: the stick did not say what became of it.
        """
        if functions.SEND_DATA_BRIDGE in self.functions:
            call = functions.send_data_bridge(self.node, node, command)
        else:
            call = functions.send_data(node, command)
        answered = await radio.call(call, urgent=urgent)
        if answered.callback is None:
            raise Unavailable("the Z-Wave stick is too busy to send")
        try:
            outcome, report = Transmitted.decode(answered.callback), TransmitReport.decode(answered.callback[1:])
        except Garbled as error:
            raise Unavailable(str(error)) from error
        return Sent(outcome, report, answered.aborted)


async def greet(radio: Radio, started: asyncio.Event, *, reset: bool) -> Stick:
    """Ask the stick who it is, in the order in which other hosts ask (zwave-js 15, as captured).

    Args:
        started: set by whoever hears the stick say that it has started.
        reset: restart it, which ends whatever an earlier host left it doing. Some sticks leave the bus when restarted;
            that shows as a lost port, and the next greeting is made without.

    Raises:
        Unavailable: it did not answer, or not like a Z-Wave stick.
    """
    capabilities = await ask(radio, functions.get_capabilities(), Capabilities.decode)
    if functions.SEND_DATA_ABORT in capabilities.functions:
        radio.allow_abort()
    init = await ask(radio, functions.get_init_data(), InitData.decode)
    version = await ask(radio, functions.get_version(), ProtocolVersion.decode)
    if reset and functions.SOFT_RESET in capabilities.functions:
        await _restart(radio, started)
    identity = await ask(radio, functions.get_identity(), Identity.decode)
    nodes = init.nodes - {identity.node}
    return Stick(version.text, capabilities.functions, identity.home_id, identity.node, nodes)


async def protocol_info(radio: Radio, node: int) -> ProtocolInfo:
    """What the stick itself remembers of a node; costs no radio."""
    return await ask(radio, functions.get_node_protocol_info(node), ProtocolInfo.decode)


async def node_info(radio: Radio, node: int) -> NodeInfo:
    """What a node says of itself; this asks the node.

    Raises:
        Unavailable: it did not answer.
    """
    answered = await _certain(radio, functions.request_node_info(node))
    if answered.callback is None:
        raise Unavailable("the Z-Wave stick is too busy to ask")
    try:
        update = Update.decode(answered.callback)
    except Garbled as error:
        raise Unavailable(str(error)) from error
    if update.info is None:
        raise Unavailable("the lock did not answer when asked what it is")
    return update.info


async def ask(radio: Radio, call: Call, decode: Callable[[bytes], T]) -> T:
    """Raises Unavailable: no answer, or one that the function does not have."""
    answered = await _certain(radio, call)
    try:
        return decode(answered.response)
    except Garbled as error:
        raise Unavailable(str(error)) from error


async def _certain(radio: Radio, call: Call) -> Answered:
    """Over a line that garbles, what was said twice in a row. Raises Unavailable: the answers contradict each other."""
    answered = await radio.call(call)
    for _ in range(_CONTRADICTIONS):
        if not radio.noisy:
            return answered
        before, answered = answered, await radio.call(call)
        if (before.response, before.callback) == (answered.response, answered.callback):
            return answered
    raise Unavailable("the line to the Z-Wave stick garbles what it says")


async def _restart(radio: Radio, started: asyncio.Event) -> None:
    started.clear()
    await radio.call(functions.soft_reset())
    try:
        async with asyncio.timeout(RESTARTED_WITHIN_S):
            await started.wait()
    except TimeoutError:
        return
