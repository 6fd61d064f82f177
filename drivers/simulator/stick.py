"""A Z-Wave controller on a serial line, as the host sees it: bytes in, bytes out, time and chance handed in.

Sources: INS12350 (Serial API Host Application Programming Guide) for framing and flow, INS13954 (500 Series Application
Programmers Guide) for the functions. Written apart from the driver, so that the two cannot share a misunderstanding.
"""

from __future__ import annotations

from drivers.simulator import controller
from drivers.simulator.building import Building
from drivers.simulator.frames import RESPONSE, Data
from drivers.simulator.line import Line
from drivers.simulator.quirks import Chance, Fate
from drivers.simulator.radio import Radio, Tally
from drivers.simulator.settings import Config


class Stick:
    def __init__(self, building: Building, settings: Config, chance: Chance) -> None:
        self._building = building
        self._settings = settings
        self._line = Line(settings, chance)
        self._radio = Radio(building, settings, chance, self._line.say)

    # ---- the line ----

    def plug(self) -> None:
        """A host has opened the line. What was meant for an earlier one is gone."""
        self._line.plug()

    def unplug(self) -> None:
        self._line.unplug()

    def receive(self, data: bytes, now: float) -> None:
        for asked in self._line.receive(data, now):
            self._obey(asked, now)
        self.timeout(now)

    def to_send(self) -> list[bytes]:
        """What goes out now, each element in a write of its own."""
        return self._line.to_send()

    def deadline(self) -> float | None:
        moments = [self._line.deadline(), self._radio.deadline(), self._building.deadline()]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        """Do whatever is due. Also to be called after somebody has touched a lock by hand."""
        self._line.expire(now)
        self._building.timeout(now)
        self._radio.timeout(now)
        self._line.timeout(now)

    @property
    def tally(self) -> Tally:
        return self._radio.tally

    def script(self, node: int, fates: tuple[Fate, ...]) -> None:
        """What becomes of the next commands to this node."""
        self._radio.script(node, fates)

    # ---- what the host asks ----

    def _obey(self, asked: Data, now: float) -> None:
        known = controller.answer(asked.function, asked.body, self._settings.home_id, self._building.locks)
        if known is not None:
            self._line.say(RESPONSE, asked.function, known)
            return
        match asked.function:
            case controller.SOFT_RESET:
                self._soft_reset(now)
            case controller.SEND_DATA:
                self._radio.send_data(asked.body, now)
            case controller.SEND_DATA_ABORT:
                self._radio.abort(now)
            case controller.REQUEST_NODE_INFO:
                self._radio.request_node_info(asked.body, now)

    def _soft_reset(self, now: float) -> None:
        self._radio.silence()
        self._line.drop()
        self._radio.later(now + self._settings.delay, controller.STARTED, controller.STARTED_AFTER_RESET)
