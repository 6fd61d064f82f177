"""What the stick says of itself and of its nodes: the questions that it answers without the radio.

Sources: INS12350 §7 and INS13954 §4, named at each.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from drivers.simulator.settings import Functions

OWN_NODE: Final = 1

INIT_DATA: Final = 0x02
APPLICATION_COMMAND: Final = 0x04
CONTROLLER_CAPABILITIES: Final = 0x05
SET_TIMEOUTS: Final = 0x06
SERIAL_API_CAPABILITIES: Final = 0x07
SOFT_RESET: Final = 0x08
STARTED: Final = 0x0A
SETUP: Final = 0x0B
RF_RECEIVE_MODE: Final = 0x10
SEND_DATA: Final = 0x13
LIBRARY_VERSION: Final = 0x15
SEND_DATA_ABORT: Final = 0x16
MEMORY_GET_ID: Final = 0x20
NVM: Final = 0x2E
BACKGROUND_RSSI: Final = 0x3B
NODE_PROTOCOL_INFO: Final = 0x41
SET_DEFAULT: Final = 0x42
ASSIGN_RETURN_ROUTE: Final = 0x46
DELETE_RETURN_ROUTE: Final = 0x47
NEIGHBOUR_UPDATE: Final = 0x48
APPLICATION_UPDATE: Final = 0x49
ADD_NODE: Final = 0x4A
REMOVE_NODE: Final = 0x4B
ASSIGN_SUC_RETURN_ROUTE: Final = 0x51
SET_SUC_NODE_ID: Final = 0x54
DELETE_SUC_RETURN_ROUTE: Final = 0x55
SUC_NODE_ID: Final = 0x56
REQUEST_NODE_INFO: Final = 0x60
REMOVE_FAILED_NODE: Final = 0x61
IS_FAILED_NODE: Final = 0x62
REPLACE_FAILED_NODE: Final = 0x63
ROUTING_INFO: Final = 0x80

_LEAN: Final = (
    INIT_DATA,
    APPLICATION_COMMAND,
    CONTROLLER_CAPABILITIES,
    SERIAL_API_CAPABILITIES,
    SOFT_RESET,
    STARTED,
    SEND_DATA,
    LIBRARY_VERSION,
    SEND_DATA_ABORT,
    MEMORY_GET_ID,
    NODE_PROTOCOL_INFO,
    APPLICATION_UPDATE,
    SUC_NODE_ID,
    REQUEST_NODE_INFO,
)
_FULL: Final = (
    *_LEAN,
    SET_TIMEOUTS,
    SETUP,
    RF_RECEIVE_MODE,
    NVM,
    BACKGROUND_RSSI,
    SET_DEFAULT,
    ASSIGN_RETURN_ROUTE,
    DELETE_RETURN_ROUTE,
    NEIGHBOUR_UPDATE,
    ADD_NODE,
    REMOVE_NODE,
    ASSIGN_SUC_RETURN_ROUTE,
    SET_SUC_NODE_ID,
    DELETE_SUC_RETURN_ROUTE,
    REMOVE_FAILED_NODE,
    IS_FAILED_NODE,
    REPLACE_FAILED_NODE,
    ROUTING_INFO,
)
RETURN_ROUTES: Final = (
    ASSIGN_RETURN_ROUTE,
    DELETE_RETURN_ROUTE,
    ASSIGN_SUC_RETURN_ROUTE,
    DELETE_SUC_RETURN_ROUTE,
)
FUNCTIONS: Final = {Functions.LEAN: frozenset(_LEAN), Functions.FULL: frozenset(_FULL)}

STARTED_AFTER_RESET: Final = bytes.fromhex("07000102010000")
STARTED_BY_WATCHDOG: Final = bytes.fromhex("03000102010000")
STARTED_WITH_POWER: Final = bytes.fromhex("05000102010000")
"""Reason software reset, no watchdog, listening, static controller, PC controller, no classes, no Long Range
(INS12350 §7.16; reason 7 as zwave-js reads it, the document ends at 5)."""

LOCK_CLASS: Final = bytes.fromhex("044003")
"""Routing end node, Entry Control, Secure Keypad Door Lock."""

# Listening, routing, 40 kbit/s, protocol 3; beaming, controller, optional functions; 100 kbit/s; static controller.
_OWN_INFO: Final = bytes.fromhex("d39601020201")
# Routing, 40 kbit/s, protocol 3; optional functions, woken by a beam of 1000 ms, beaming, routing end node; 100 kbit/s.
_LOCK_INFO: Final = bytes.fromhex("53dc01") + LOCK_CLASS


def answer(
    function: int, body: bytes, home_id: int, locks: Collection[int], functions: Functions = Functions.LEAN
) -> bytes | None:
    """The response's parameters; None if this function is not answered from memory."""
    match function:
        case 0x02:
            return _init_data(locks)
        case 0x05:
            return bytes([0x1C])  # SIS present, the first primary, SUC (INS13954 §4.4.11)
        case 0x07:
            return _capabilities(functions)
        case 0x15:
            return b"Z-Wave 7.18\x00\x01"  # 12 bytes of text, static controller (INS13954 §4.3.2.18)
        case 0x20:
            return home_id.to_bytes(4, "big") + bytes([OWN_NODE])
        case 0x41:
            return _protocol_info(body[0] if body else 0, locks)
        case 0x56:
            return bytes([OWN_NODE])
    return None


def _init_data(locks: Collection[int]) -> bytes:
    """INS12350 §7.4.1: version 8, controller and SIS, a bit for each node, chip 7.0."""
    nodes = sum(1 << (node - 1) for node in (OWN_NODE, *locks))
    return bytes([0x08, 0x08, 29]) + nodes.to_bytes(29, "little") + bytes([0x07, 0x00])


def _capabilities(known: Functions) -> bytes:
    """INS12350 §7.3: version 7.18, maker and product of a Silicon Labs 700 series stick, a bit for each function from 1."""
    functions = sum(1 << (function - 1) for function in FUNCTIONS[known])
    return bytes.fromhex("0712000000040004") + functions.to_bytes(32, "little")


def _protocol_info(node: int, locks: Collection[int]) -> bytes:
    """INS13954 §4.4.15: a generic class of 0 means that there is no such node."""
    if node == OWN_NODE:
        return _OWN_INFO
    return _LOCK_INFO if node in locks else bytes(6)
