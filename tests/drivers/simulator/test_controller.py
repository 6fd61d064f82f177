"""What the stick says of itself (INS12350 §7, INS13954 §4)."""

from __future__ import annotations

import pytest

from drivers.simulator.controller import answer

HOME = 0xC0DE1001


def told(function: int, body: str = "", locks: tuple[int, ...] = (2, 3, 10, 232)) -> str | None:
    found = answer(function, bytes.fromhex(body), HOME, locks)
    return None if found is None else found.hex()


def test_the_version_is_twelve_bytes_of_text_and_the_library_type() -> None:
    assert told(0x15) == (b"Z-Wave 7.18\x00" + b"\x01").hex()


def test_the_node_list_has_a_bit_for_each_node_from_one() -> None:
    nodes = bytearray(29)
    for node in (1, 2, 3, 10, 232):
        nodes[(node - 1) // 8] |= 1 << ((node - 1) % 8)
    assert told(0x02) == "08081d" + nodes.hex() + "0700"


def test_the_function_list_has_a_bit_for_each_function_from_one() -> None:
    found = bytes.fromhex(told(0x07) or "")
    functions = {8 * byte + bit + 1 for byte, bits in enumerate(found[8:]) for bit in range(8) if bits >> bit & 1}
    assert len(found) == 40
    assert functions == {0x02, 0x04, 0x05, 0x07, 0x08, 0x0A, 0x13, 0x15, 0x16, 0x20, 0x41, 0x49, 0x56, 0x60}


@pytest.mark.parametrize(
    ("function", "body", "expected"),
    [
        (0x05, "", "1c"),
        (0x20, "", "c0de100101"),
        (0x56, "", "01"),
        (0x41, "01", "d39601020201"),
        (0x41, "02", "53dc01044003"),
        (0x41, "07", "000000000000"),
        (0x41, "", "000000000000"),
    ],
)
def test_single_answers(function: int, body: str, expected: str) -> None:
    assert told(function, body) == expected


def test_a_lock_is_woken_by_a_beam_and_does_not_listen_always() -> None:
    info = bytes.fromhex(told(0x41, "02") or "")
    assert not info[0] & 0x80
    assert info[1] & 0x40


def test_what_needs_the_radio_is_not_answered_from_memory() -> None:
    assert told(0x13) is None
    assert told(0x60, "02") is None
