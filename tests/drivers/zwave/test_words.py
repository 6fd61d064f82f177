"""Commands in words: what they are, never what they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave import cc
from drivers.zwave.words import words


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("00", "No Operation"),
        ("6201ff", "Door Lock Operation Set, mode secured"),
        ("63010401" + b"4711".hex(), "User Code Set, user 4, status enabled"),
        ("63030401" + b"4711".hex(), "User Code Report, user 4, status enabled"),
        ("6c01c508" + "63010401" + b"4711".hex(), "Supervision Get, session 5: User Code Set, user 4, status enabled"),
        ("700610021267", "Configuration Report, parameter 16, size 2"),
        ("80035a", "Battery Report, percent 90"),
        ("9f03010011223344556677889900", "Security S2 message, 14 bytes"),
        ("9f0201011122334455667788990011223344556677", "Security S2 Nonce Report, 21 bytes"),
        ("9881" + "00" * 20, "Security S0 message, 22 bytes"),
        ("980600112233445566778899aabbccddeeff", "Security S0 0x06, 18 bytes"),
        ("83" + "7f" + b"4711".hex(), "User Credential 0x7f, 6 bytes"),
        ("ee01" + b"4711".hex(), "class 0xee 0x01, 6 bytes"),
        ("6303", "User Code: a code report is cut short"),
        ("", "nothing: a command is cut short"),
    ],
)
def test_a_command_is_named(command: str, said: str) -> None:
    assert words(bytes.fromhex(command)) == said


PIN = b"47110815"


@given(st.sampled_from(sorted(cc.COMMANDS)), st.binary(max_size=12), st.booleans())
def test_no_digits_are_ever_told_whatever_the_command(key: tuple[int, int], head: bytes, supervised: bool) -> None:
    command = bytes(key) + head + PIN + head
    if supervised:
        command = bytes((0x6C, 1, 5, len(command))) + command
    said = words(command)
    for digits in (PIN.decode(), PIN.hex(), str(int.from_bytes(PIN, "big"))):
        assert digits not in said


@given(st.binary(max_size=80))
def test_any_bytes_have_words(data: bytes) -> None:
    assert len(words(data)) < 1000
