"""What a stick does to keep its network in order: neighbours, return routes, nodes that failed, its own memory.

Sources: INS13954 and INS12350, named at each function.
"""

from __future__ import annotations

from typing import Final

from drivers.simulator import controller
from drivers.simulator.building import Building
from drivers.simulator.controller import OWN_NODE
from drivers.simulator.frames import REQUEST, RESPONSE
from drivers.simulator.membership import Membership
from drivers.simulator.nvm import Nvm, image, understood
from drivers.simulator.radio import COMPLETE_OK, Radio, Say, Transmission
from drivers.simulator.settings import Config

NEIGHBOURS_STARTED: Final = 0x21
NEIGHBOURS_DONE: Final = 0x22
NEIGHBOURS_FAILED: Final = 0x23
SEARCH_HOPS: Final = 20
"""Looking for neighbours takes a node so many hops."""

REMOVAL_STARTED: Final = 0x00
NO_CALLBACK: Final = 0x04
NOT_FAILED: Final = 0x08
NODE_OK: Final = 0x00
NODE_REMOVED: Final = 0x01
REPLACE_READY: Final = 0x03

_NOP: Final = b"\x00"
_ROUTE: Final = bytes(8)
"""As long as the frame that tells a node a route."""


class Upkeep:
    def __init__(self, building: Building, settings: Config, radio: Radio, membership: Membership, say: Say) -> None:
        self._building = building
        self._settings = settings
        self._radio = radio
        self._membership = membership
        self._say = say
        self._nvm = Nvm()
        self._timeouts = (150, 15)

    # ---- the stick itself ----

    def set_timeouts(self, body: bytes, _now: float) -> None:
        """INS12350 §6.2: ACK and byte, in units of 10 ms; answered with the old ones."""
        self._say(RESPONSE, controller.SET_TIMEOUTS, bytes(self._timeouts))
        if len(body) >= 2:
            self._timeouts = body[0], body[1]

    def set_up(self, body: bytes, _now: float) -> None:
        """INS12350 §7.10: which commands there are, and transmit reports, which are always on."""
        match list(body):
            case [0x01, *_]:
                told = bytes([0x01, 0x01 | 0x02])
            case [0x02, *_]:
                told = bytes([0x02, 0x01])
            case [asked, *_]:
                told = bytes([0x00, asked])
            case _:
                told = bytes([0x00, 0x00])
        self._say(RESPONSE, controller.SETUP, told)

    def receive_mode(self, body: bytes, _now: float) -> None:
        """INS13954 §4.3.2.16 ZW_SetRFReceiveMode: a stick that does not listen hears no lock."""
        self._radio.deaf = bool(body) and not body[0]
        self._say(RESPONSE, controller.RF_RECEIVE_MODE, b"\x01")

    def background(self, _body: bytes, now: float) -> None:
        """INS13954 §4.3.2.3: dBm of three channels."""
        self._say(RESPONSE, controller.BACKGROUND_RSSI, bytes(each & 0xFF for each in self._radio.noise(now)))

    def nvm(self, body: bytes, _now: float) -> None:
        self._say(RESPONSE, controller.NVM, self._nvm.answer(body, self._image()))

    def _image(self) -> bytes:
        return image(self._building.home_id, {OWN_NODE} | self._building.table)

    def restart(self) -> None:
        """What was written into the memory counts now."""
        if self._nvm.written is not None:
            told = understood(self._nvm.written)
            if told is not None:
                self._building.believe(told[0], told[1] - {OWN_NODE})
            self._nvm.written = None

    def forget_all(self, body: bytes, _now: float) -> None:
        """INS13954 §4.4.32 ZW_SetDefault: the stick knows nobody; the nodes do not know that."""
        self._building.believe(self._settings.home_id, set())
        if body and body[0]:
            self._say(REQUEST, controller.SET_DEFAULT, body[:1])

    # ---- routes ----

    def routing_info(self, body: bytes, _now: float) -> None:
        """INS13954 §4.4.16: node, remove bad links, remove what does not repeat. A sleeping lock repeats nothing."""
        node = body[0] if body else 0
        found = self._building.neighbours(node)
        if len(body) >= 3 and body[2]:
            found = {each for each in found if each == OWN_NODE}
        bits = sum(1 << (each - 1) for each in found)
        self._say(RESPONSE, controller.ROUTING_INFO, bits.to_bytes(29, "little"))

    def neighbour_update(self, body: bytes, now: float) -> None:
        """INS13954 §4.4.27."""
        node, callback = (body[0], body[-1]) if len(body) >= 2 else (0, 0)
        self._radio.later(now, controller.NEIGHBOUR_UPDATE, bytes([callback, NEIGHBOURS_STARTED]))

        def ended(status: int, then: float) -> None:
            told = NEIGHBOURS_DONE if status == COMPLETE_OK else NEIGHBOURS_FAILED
            wait = SEARCH_HOPS * self._settings.delay if status == COMPLETE_OK else 0.0
            self._radio.later(then + wait, controller.NEIGHBOUR_UPDATE, bytes([callback, told]))

        self._radio.probe(Transmission(node, _ROUTE, 0, then=ended), now)

    def return_route(self, function: int, body: bytes, now: float) -> None:
        """INS13954 §4.4.4, §4.4.5, §4.4.9, §4.4.10: node, perhaps a destination, callback."""
        known = len(body) >= 2 and body[0] in self._building.table
        self._say(RESPONSE, function, bytes([known]))
        if known:
            self._radio.probe(Transmission(body[0], _ROUTE, body[-1], function=function), now)

    def set_suc(self, body: bytes, _now: float) -> None:
        """INS13954 §4.4.33: for the stick itself there is only the response."""
        self._say(RESPONSE, controller.SET_SUC_NODE_ID, bytes([bool(body) and body[0] == OWN_NODE]))

    # ---- nodes that failed ----

    def is_failed(self, body: bytes, _now: float) -> None:
        """INS13954 §4.4.18."""
        self._say(RESPONSE, controller.IS_FAILED_NODE, bytes([bool(body) and body[0] in self._radio.failed]))

    def remove_failed(self, body: bytes, now: float) -> None:
        """INS13954 §4.4.20: it must be on the list of those that failed, and then not answer to a NOP."""

        def ended(status: int, _then: float) -> None:
            told = NODE_OK if status == COMPLETE_OK else NODE_REMOVED
            if told == NODE_REMOVED:
                self._forget(body[0])
            self._say(REQUEST, controller.REMOVE_FAILED_NODE, bytes([body[-1], told]))

        if self._begins(controller.REMOVE_FAILED_NODE, body):
            self._radio.probe(Transmission(body[0], _NOP, 0, then=ended), now)

    def replace_failed(self, body: bytes, now: float) -> None:
        """INS13954 §4.4.21."""

        def ended(status: int, then: float) -> None:
            told = NODE_OK if status == COMPLETE_OK else REPLACE_READY
            self._say(REQUEST, controller.REPLACE_FAILED_NODE, bytes([body[-1], told]))
            if told == REPLACE_READY:
                self._radio.failed.discard(body[0])
                self._membership.replace(body[0], body[-1], then)

        if self._begins(controller.REPLACE_FAILED_NODE, body):
            self._radio.probe(Transmission(body[0], _NOP, 0, then=ended), now)

    def _forget(self, number: int) -> None:
        self._radio.failed.discard(number)
        self._building.believe(self._building.home_id, self._building.table - {number})

    def _begins(self, function: int, body: bytes) -> bool:
        told = REMOVAL_STARTED
        if len(body) < 2 or not body[-1]:
            told = NO_CALLBACK
        elif body[0] not in self._radio.failed:
            told = NOT_FAILED
        self._say(RESPONSE, function, bytes([told]))
        return told == REMOVAL_STARTED
