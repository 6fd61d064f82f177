"""Functions of the Serial API for looking after a network: noise, neighbours, routes, the stick's own memory.

Numbers: ZW_SerialAPI.h. Layouts: INS13954-13 where a section is named, else zwave-js 15, packages/serial.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from drivers.zwave.cc.codec import Reader, numbered
from drivers.zwave.functions import Call
from drivers.zwave.report import dbm
from hub.errors import Garbled

SET_UP = 0x0B
SET_RADIO = 0x10
NVM_GET_ID = 0x29
NVM_EXT_READ = 0x2A
NVM_EXT_WRITE = 0x2B
NVM_OPERATIONS = 0x2E
GET_NOISE = 0x3B
NVM_OPERATIONS_EXTENDED = 0x3D
"""zwave-js 15 FunctionType.ExtendedNVMOperations: for memories of more than 64 kB."""
ASSIGN_RETURN_ROUTE = 0x46
UPDATE_NEIGHBOURS = 0x48
GET_NEIGHBOURS = 0x80
STOP_WATCHDOG = 0xD3

LOOK_WITHIN_S = 1.0
"""For what the stick knows by itself and a person at a door would otherwise wait for."""
_WHOLE_MASK = 29


def get_noise() -> Call:
    """INS13954 4.3.2.3."""
    return Call(GET_NOISE, response_within_s=LOOK_WITHIN_S)


def noise(response: bytes) -> tuple[int, ...]:
    """dBm by channel; a channel that was not measured is left out."""
    return tuple(level for byte in response[:4] if (level := dbm(byte)) is not None)


def have_transmit_reports() -> Call:
    """INS13954 4.3.3.1.7."""
    return Call(SET_UP, b"\x02\x01", response_within_s=LOOK_WITHIN_S)


def get_neighbours(node: int) -> Call:
    """INS13954 4.4.16: all of them, with bad links and with those that do not repeat."""
    return Call(GET_NEIGHBOURS, bytes((node, 0, 0, 0)), response_within_s=LOOK_WITHIN_S)


def neighbours(response: bytes) -> frozenset[int]:
    return numbered(response[:_WHOLE_MASK], first=1)


class Update(Enum):
    """ZW_controller_api.h, REQUEST_NEIGHBOR_UPDATE_*."""

    STARTED = 0x21
    DONE = 0x22
    FAILED = 0x23

    @classmethod
    def decode(cls, callback: bytes) -> Update:
        try:
            return cls(Reader(callback, "news of a device's neighbours").u8())
        except ValueError as error:
            raise Garbled("the Z-Wave stick reported a state of neighbours that does not exist") from error


def update_neighbours(node: int) -> Call:
    """INS13954 4.4.27. It calls back when it starts, which answers the call, and again when it is done."""
    return Call(UPDATE_NEIGHBOURS, bytes((node,)), responds=False, callback_at=1)


def assign_return_route(node: int, to: int) -> Call:
    """INS13954 4.4.4."""
    return Call(ASSIGN_RETURN_ROUTE, bytes((node, to)), callback_at=2)


# ---- the stick's memory ----------------------------------------------------------------------------------------------


def set_radio(*, on: bool) -> Call:
    """While its memory is read or written the stick must not change it: zwave-js 15 turns its radio off as well."""
    return Call(SET_RADIO, bytes((on,)))


def stop_watchdog() -> Call:
    return Call(STOP_WATCHDOG, responds=False)


class Operation(Enum):
    """zwave-js 15 NVMOperationsCommand."""

    OPEN = 0x00
    READ = 0x01
    WRITE = 0x02
    CLOSE = 0x03


_OK, _END = 0x00, 0xFF


@dataclass(frozen=True, slots=True)
class Operated:
    """The answer to an operation on the memory of a 700 or 800 series stick."""

    at: int
    """Where the data is from; when opening, how large the memory is."""
    data: bytes
    end: bool

    @classmethod
    def decode(cls, response: bytes, *, extended: bool) -> Operated:
        """Raises Garbled: it refused, or its answer is cut short."""
        reader = Reader(response, "the Z-Wave stick's memory")
        status, length = reader.u8(), reader.u8()
        if status not in {_OK, _END}:
            raise Garbled("the Z-Wave stick refused to touch its memory")
        width = 4 if extended else 2
        at = int.from_bytes(reader.take(width), "big") if reader.left >= width else 0
        return cls(at, reader.take(length) if reader.left >= length else b"", status == _END)


def operate(operation: Operation, at: int = 0, data: bytes = b"", *, length: int = 0, extended: bool) -> Call:
    """`length`: how much to read; a write says it by its data."""
    function = NVM_OPERATIONS_EXTENDED if extended else NVM_OPERATIONS
    if operation in {Operation.OPEN, Operation.CLOSE}:
        return Call(function, bytes((operation.value,)))
    head = bytes((operation.value, length or len(data))) + at.to_bytes(4 if extended else 2, "big")
    return Call(function, head + data)


def get_memory_id() -> Call:
    """INS13954 4.3.8.10."""
    return Call(NVM_GET_ID)


def memory_size(response: bytes) -> int | None:
    """Bytes in the memory of a 500 series stick; None when it does not know. The exponents: zwave-js 15 NVMSize."""
    reader = Reader(response, "the kind of memory that the Z-Wave stick has")
    reader.take(3)  # length, maker, type
    exponent = reader.u8()
    return 1 << exponent if 0x0E <= exponent <= 0x18 else None


def read_external(at: int, length: int) -> Call:
    """INS13954 4.3.8.13."""
    return Call(NVM_EXT_READ, at.to_bytes(3, "big") + length.to_bytes(2, "big"))


def write_external(at: int, data: bytes) -> Call:
    """INS13954 4.3.8.14."""
    return Call(NVM_EXT_WRITE, at.to_bytes(3, "big") + len(data).to_bytes(2, "big") + data)
