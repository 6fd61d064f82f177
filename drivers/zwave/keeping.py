"""Long work on the stick and its network, one at a time: routes looked for again, memory saved and written back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar

from drivers.zwave import memory, network_functions
from drivers.zwave import upkeep_functions as upkeep
from drivers.zwave.frame import Frame
from drivers.zwave.functions import Call, Transmitted
from drivers.zwave.memory import Kind
from drivers.zwave.network_functions import ASSIGN_SUC_RETURN_ROUTE, add_node_timeout, called_back
from drivers.zwave.radio import Radio
from drivers.zwave.session import Session
from drivers.zwave.upkeep_functions import Operation, Update
from hub.errors import Garbled, Rejected, Unavailable

_UPDATES_KEPT = 16
"""A search has two; more is noise, or of a search that was given up."""

_BEGINNINGS = 5
"""How often a reading of the memory begins before it is given up."""
_LET_IN_S = 10.0
"""By then whoever unlocks a door is through with the radio (the deadline of *Unlock now*, design.md §1)."""

T = TypeVar("T")


class Keeping:
    """`busy` says what is under way, in a sentence with its progress; empty: nothing is."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.busy = ""
        self._changed = changed
        self._updates: asyncio.Queue[Frame] = asyncio.Queue(_UPDATES_KEPT)

    def say(self, sentence: str) -> None:
        if sentence != self.busy:
            self.busy = sentence
            self._changed()

    @contextmanager
    def work(self, session: Session, sentence: str) -> Iterator[None]:
        """Raises Rejected: something else is under way."""
        if self.busy:
            raise Rejected(f"something else is under way: {self.busy}")
        self.say(sentence)
        session.occupied = True
        try:
            yield
        finally:
            session.occupied = False
            self.say("")

    # ---- routes ----------------------------------------------------------------------------------------------------

    def updated(self, frame: Frame) -> None:
        """The stick tells how far it is with a device's neighbours."""
        if not self._updates.full():
            self._updates.put_nowait(frame)

    async def find_routes(self, session: Session, node: int, others: tuple[int, int]) -> None:
        """Have one device look for its neighbours, and give it its way back to the stick.

        Args:
            others: how many devices listen, and how many are woken by a beam; they set how long it may take.

        Raises:
            Unavailable: it did not.
        """
        if session.knows(upkeep.UPDATE_NEIGHBOURS):
            await self._update_neighbours(session, node, add_node_timeout(*others))
        if session.knows(ASSIGN_SUC_RETURN_ROUTE) and await _is_suc(session):
            await _route(session, network_functions.assign_suc_return_route(node))
        elif session.knows(upkeep.ASSIGN_RETURN_ROUTE):
            await _route(session, upkeep.assign_return_route(node, session.own_node))

    async def _update_neighbours(self, session: Session, node: int, within_s: float) -> None:
        while not self._updates.empty():
            self._updates.get_nowait()
        begun = await session.manage(upkeep.update_neighbours(node))
        status = _update(begun.callback)
        try:
            async with asyncio.timeout(within_s):
                while status is Update.STARTED:
                    further = called_back(await self._updates.get(), upkeep.UPDATE_NEIGHBOURS, begun.id)
                    status = status if further is None else _update(further)
        except TimeoutError:
            raise Unavailable("the Z-Wave stick did not say what came of looking for neighbours") from None
        if status is not Update.DONE:
            raise Unavailable("the device could not find its neighbours")

    # ---- the stick's memory ----------------------------------------------------------------------------------------

    async def back_up(self, session: Session) -> bytes:
        """Somebody at a door gets in between, and then it begins anew: what was sent may have changed the memory.

        Raises:
            Unavailable, Rejected.
        """
        kind = memory.kind_of(session.stick.functions)
        with self.work(session, "Reading the stick's memory"):
            for _ in range(_BEGINNINGS):
                read = await self._read_whole(session, kind)
                if read is not None:
                    return memory.pack(read, kind, session.stick.version, session.stick.home_id)
                self.say("Reading the stick's memory: waiting while somebody is at a door")
                await asyncio.sleep(_LET_IN_S)
        raise Unavailable("somebody was at a door each time; save the stick's memory at a quieter hour")

    async def _read_whole(self, session: Session, kind: Kind) -> bytes | None:
        """None: something urgent came."""
        async with session.alone() as stick:
            async with _memory(session, stick, kind):
                reading = memory.read(kind, self._progress("Reading the stick's memory"))
                read = await _calls(stick, reading, lambda: session.hurried)
            if read is not None and kind is not Kind.EXTERNAL:
                # Seen: 700 series sticks behave strangely after their memory was read (zwave-js 15, backupNVMRaw).
                await session.restart()
        return read

    async def restore(self, session: Session, file: bytes) -> None:
        """Nobody gets in between, at whatever door: a stick whose memory is half written belongs to no network.

        Raises:
            Unavailable: the stick's memory may be half written; write it again.
            Rejected: nothing was written.
        """
        kind = memory.kind_of(session.stick.functions)
        content = memory.unpack(file, kind, session.stick.version)
        with self.work(session, "Writing the stick's memory"):
            async with session.alone(refusing="the memory of the Z-Wave stick is being written") as stick:
                async with _memory(session, stick, kind):
                    await _calls(stick, memory.write(kind, content, self._progress("Writing the stick's memory")))
                    read = await _calls(stick, memory.read(kind, self._progress("Comparing the stick's memory")))
                if read != content:
                    raise Unavailable("the memory of the Z-Wave stick is not what was written; write it again")
                await session.restart()

    def _progress(self, doing: str) -> memory.Progress:
        def progress(done: int, total: int) -> None:
            percent = f"{doing}: {100 * done // total} %"
            self.say(percent)

        return progress


async def forget(session: Session, node: int) -> None:
    """Have the stick strike a device out that does not answer.

    Raises:
        Rejected: it answers, or the stick cannot.
        Unavailable: the stick did not do it.
    """
    for function in (network_functions.IS_FAILED_NODE, network_functions.REMOVE_FAILED_NODE):
        if not session.knows(function):
            raise Rejected("this Z-Wave stick cannot strike out a device; remove it with the device in hand")
    failed = await session.manage(network_functions.is_failed_node(node))
    if failed.response[:1] == b"\x00":
        # The stick counts as failed what did not answer its last command: INS13954 4.4.19.
        with suppress(Unavailable):
            if await session.transmit(node, b"\x00", urgent=False) in {Transmitted.OK, Transmitted.VERIFIED}:
                raise Rejected("the device still answers; remove it with the device in hand")
    answered = await session.manage(network_functions.remove_failed_node(node))
    if answered.callback is None:
        raise Unavailable(network_functions.why_not(answered.response))
    try:
        outcome = network_functions.replaced(answered.callback)
    except Garbled as error:
        raise Unavailable(str(error)) from error
    if outcome is network_functions.Replaced.ANSWERS:
        raise Rejected("the device still answers; remove it with the device in hand")
    # The list is read twice over a line that garbles; a callback comes once.
    if outcome is not network_functions.Replaced.REMOVED or node in await session.nodes():
        raise Unavailable("the Z-Wave stick could not strike the device out")


async def _is_suc(session: Session) -> bool:
    """Whether the stick is the one that devices report to by their route to the SUC."""
    if not session.knows(network_functions.GET_SUC):
        return False
    answered = await session.manage(network_functions.get_suc())
    return answered.response[:1] == bytes((session.own_node,))


async def _route(session: Session, call: Call) -> None:
    answered = await session.manage(call)
    if answered.callback is None or answered.callback[:1] != bytes((Transmitted.OK.value,)):
        raise Unavailable("the device did not take its way back to the stick")


def _update(callback: bytes | None) -> Update:
    try:
        return Update.decode(callback or b"")
    except Garbled as error:
        raise Unavailable(str(error)) from error


@asynccontextmanager
async def _memory(session: Session, stick: Radio, kind: Kind) -> AsyncIterator[None]:
    """Keep the stick from changing its memory meanwhile, and leave it closed and listening whatever happens."""
    if session.knows(upkeep.STOP_WATCHDOG):
        await stick.call(upkeep.stop_watchdog())
    if session.knows(upkeep.SET_RADIO):
        await stick.call(upkeep.set_radio(on=False))
    try:
        yield
    finally:
        with suppress(Unavailable):
            if kind is not Kind.EXTERNAL:
                await stick.call(upkeep.operate(Operation.CLOSE, extended=kind is Kind.EXTENDED))
            if session.knows(upkeep.SET_RADIO):
                await stick.call(upkeep.set_radio(on=True))


async def _calls(
    stick: Radio, calls: Generator[Call, bytes, T], unless: Callable[[], bool] = lambda: False
) -> T | None:
    """None: it was given up, as `unless` said."""
    call = next(calls)
    while not unless():
        answered = await stick.call(call)
        try:
            call = calls.send(answered.response)
        except StopIteration as end:
            result: T = end.value
            return result
        except Garbled as error:
            raise Unavailable(str(error)) from error
    return None
