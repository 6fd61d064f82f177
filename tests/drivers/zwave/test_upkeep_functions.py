from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave import upkeep_functions as upkeep
from drivers.zwave.functions import Call
from drivers.zwave.upkeep_functions import Operated, Operation, Update
from hub.errors import Garbled


@pytest.mark.parametrize(
    ("call", "function", "payload"),
    [
        (upkeep.get_noise(), 0x3B, ""),
        (upkeep.get_neighbours(7), 0x80, "07000000"),
        (upkeep.update_neighbours(7), 0x48, "0721"),
        (upkeep.assign_return_route(7, 1), 0x46, "070121"),
        (upkeep.set_radio(on=False), 0x10, "00"),
        (upkeep.get_memory_id(), 0x29, ""),
        (upkeep.read_external(0x012345, 0x80), 0x2A, "0123450080"),
        (upkeep.write_external(0x012345, b"\xaa\xbb"), 0x2B, "0123450002aabb"),
        (upkeep.operate(Operation.OPEN, extended=False), 0x2E, "00"),
        (upkeep.operate(Operation.READ, 0x1234, length=0x80, extended=False), 0x2E, "01801234"),
        (upkeep.operate(Operation.WRITE, 0x1234, b"\xaa\xbb", extended=True), 0x3D, "020200001234aabb"),
        (upkeep.operate(Operation.CLOSE, extended=True), 0x3D, "03"),
    ],
)
def test_calls_look_as_documented(call: Call, function: int, payload: str) -> None:
    assert (call.function, call.payload(0x21).hex()) == (function, payload)


def test_noise_is_told_by_channel() -> None:
    assert upkeep.noise(bytes.fromhex("a4a57f")) == (-92, -91)
    assert upkeep.noise(b"") == ()


def test_neighbours_are_a_mask_of_nodes() -> None:
    assert upkeep.neighbours(bytes((0b00010001,)) + bytes(28)) == {1, 5}


@pytest.mark.parametrize(
    ("response", "extended", "said"),
    [
        ("0000" + "c000", False, Operated(0xC000, b"", end=False)),
        ("0003" + "0010" + "aabbcc", False, Operated(0x10, b"\xaa\xbb\xcc", end=False)),
        ("ff02" + "00010000" + "aabb", True, Operated(0x10000, b"\xaa\xbb", end=True)),
        ("0000", False, Operated(0, b"", end=False)),
    ],
)
def test_an_operation_on_the_memory_is_answered(response: str, extended: bool, said: Operated) -> None:
    assert Operated.decode(bytes.fromhex(response), extended=extended) == said


def test_a_refused_operation_is_not_taken_for_data() -> None:
    with pytest.raises(Garbled, match="refused"):
        Operated.decode(bytes.fromhex("01000000"), extended=False)


@pytest.mark.parametrize(("response", "size"), [("0401800f", 32768), ("04018012", 262144), ("040180ff", None)])
def test_the_size_of_the_memory_is_an_exponent(response: str, size: int | None) -> None:
    assert upkeep.memory_size(bytes.fromhex(response)) == size


@given(st.binary(max_size=40))
def test_any_bytes_are_understood_or_garbled(data: bytes) -> None:
    upkeep.noise(data)
    upkeep.neighbours(data)
    for decode in (
        Update.decode,
        upkeep.memory_size,
        lambda data: Operated.decode(data, extended=True),
        lambda data: Operated.decode(data, extended=False),
    ):
        with contextlib.suppress(Garbled):
            decode(data)
