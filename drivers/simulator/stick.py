"""A Z-Wave controller on a serial line, as the host sees it: bytes in, bytes out, time and chance handed in.

Sources: INS12350 (Serial API Host Application Programming Guide) for framing and flow, INS13954 (500 Series Application
Programmers Guide) for the functions. Written apart from the driver, so that the two cannot share a misunderstanding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.simulator import controller
from drivers.simulator.building import Building
from drivers.simulator.faults import Faults, Trouble
from drivers.simulator.frames import RESPONSE, Data
from drivers.simulator.line import Line
from drivers.simulator.membership import Membership
from drivers.simulator.nodes import Node
from drivers.simulator.quirks import Chance, Fate
from drivers.simulator.radio import Radio, Tally
from drivers.simulator.settings import Config
from drivers.simulator.upkeep import Upkeep

Obey = Callable[[bytes, float], None]
"""A request's parameters, and now."""


class Stick:
    def __init__(self, building: Building, settings: Config, chance: Chance) -> None:
        self._building = building
        self._settings = settings
        self._trouble = Trouble(settings.faults, chance)
        self._line = Line(settings, chance, self._trouble)
        self._radio = Radio(building, settings, chance, self._trouble, self._line.say)
        self._radio.pull = self.pull
        self._held = False
        """There is a host, whether or not the stick is away."""
        self._away_until: float | None = None
        self._membership = Membership(building, settings, self._line.say)
        self._upkeep = Upkeep(building, settings, self._radio, self._membership, self._line.say)
        self._obey = self._functions()

    def _functions(self) -> dict[int, Obey]:
        radio, upkeep = self._radio, self._upkeep
        every: dict[int, Obey] = {
            controller.SOFT_RESET: self._soft_reset,
            controller.SEND_DATA: radio.send_data,
            controller.SEND_DATA_ABORT: radio.abort,
            controller.REQUEST_NODE_INFO: radio.request_node_info,
            controller.ADD_NODE: self._membership.add,
            controller.REMOVE_NODE: self._membership.remove,
            controller.SET_TIMEOUTS: upkeep.set_timeouts,
            controller.SETUP: upkeep.set_up,
            controller.RF_RECEIVE_MODE: upkeep.receive_mode,
            controller.NVM: upkeep.nvm,
            controller.BACKGROUND_RSSI: upkeep.background,
            controller.SET_DEFAULT: upkeep.forget_all,
            controller.NEIGHBOUR_UPDATE: upkeep.neighbour_update,
            controller.ROUTING_INFO: upkeep.routing_info,
            controller.SET_SUC_NODE_ID: upkeep.set_suc,
            controller.IS_FAILED_NODE: upkeep.is_failed,
            controller.REMOVE_FAILED_NODE: upkeep.remove_failed,
            controller.REPLACE_FAILED_NODE: upkeep.replace_failed,
        }
        for function in controller.RETURN_ROUTES:
            every[function] = partial(upkeep.return_route, function)
        return {function: obey for function, obey in every.items() if function in self._known}

    @property
    def _known(self) -> frozenset[int]:
        return controller.FUNCTIONS[self._settings.functions]

    # ---- the line ----

    def plug(self) -> None:
        """A host has opened the line. What was meant for an earlier one is gone."""
        self._held = True
        self._line.plug()

    def unplug(self) -> None:
        self._held = False
        self._line.unplug()

    def receive(self, data: bytes, now: float) -> None:
        for asked in self._line.receive(data, now):
            self._answer(asked, now)
        self.timeout(now)

    def to_send(self) -> list[bytes]:
        """What goes out now, each element in a write of its own."""
        return self._line.to_send()

    def deadline(self) -> float | None:
        working = (self._line, self._radio, self._membership, self._building)
        moments = [self._away_until, *(each.deadline() for each in working)]
        return min((moment for moment in moments if moment is not None), default=None)

    def timeout(self, now: float) -> None:
        """Do whatever is due. Also to be called after somebody has touched a lock by hand."""
        self._come_back(now)
        self._line.expire(now)
        self._building.timeout(now)
        self._radio.timeout(now)
        self._membership.timeout(now)
        self._line.timeout(now)

    # ---- what the host asks ----

    def _answer(self, asked: Data, now: float) -> None:
        if asked.function not in self._known:
            return
        building, functions = self._building, self._settings.functions
        known = controller.answer(asked.function, asked.body, building.home_id, building.table, functions)
        if known is not None:
            self._line.say(RESPONSE, asked.function, known)
        elif asked.function in self._obey:
            self._obey[asked.function](asked.body, now)
        if self._trouble.happens(self._trouble.faults.restarts):
            self.restart(now)

    def _soft_reset(self, _body: bytes, now: float) -> None:
        self._start(controller.STARTED_AFTER_RESET, now)

    def _start(self, why: bytes, now: float) -> None:
        self._radio.silence()
        self._membership.reset()
        self._line.drop()
        self._upkeep.restart()
        self._radio.later(now + self._settings.delay, controller.STARTED, why)

    # ---- trouble ----

    @property
    def faults(self) -> Faults:
        return self._trouble.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._trouble.faults = faults

    @property
    def away(self) -> bool:
        """Pulled out; whoever holds its line sees to it that the host notices."""
        return self._away_until is not None

    def pull(self, now: float, seconds: float | None = None) -> None:
        """Somebody pulls the stick out and puts it back after some seconds; None: those of the faults."""
        self._away_until = now + (self.faults.away_s if seconds is None else seconds)
        self._radio.silence()
        self._membership.reset()
        self._line.unplug()

    def _come_back(self, now: float) -> None:
        if self._away_until is not None and self._away_until <= now:
            self._away_until = None
            if self._held:
                self._line.plug()
            self._start(controller.STARTED_WITH_POWER, now)

    def restart(self, now: float) -> None:
        """The stick's watchdog bites."""
        self._start(controller.STARTED_BY_WATCHDOG, now)

    def jam(self, until: float) -> None:
        """Nothing comes through the air until then."""
        self._radio.jam(until)

    def flood(self, node: Node, now: float) -> None:
        self._radio.flood(node, now)

    # ---- hands ----

    @property
    def tally(self) -> Tally:
        return self._radio.tally

    def script(self, node: Node, fates: tuple[Fate, ...]) -> None:
        """What becomes of the next commands to this node."""
        self._radio.script(node, fates)

    def pair(self, node: Node, now: float) -> None:
        """Somebody presses the button of a device, or switches it on."""
        self._membership.pair(node, now)

    def awake(self, node: Node) -> bool:
        """Asking to be let in, or out."""
        return self._membership.awake(node)
