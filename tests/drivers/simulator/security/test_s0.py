from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.security.keys import Level, s0_keys
from drivers.simulator.security.primitives import cbc_mac, ofb
from drivers.simulator.security.s0 import LIFETIME_S, LONGEST, S0, TABLE
from drivers.simulator.security.s2 import Event, Link, NonceCame, Opened, Reply
from tests.drivers.simulator.security.vectors import h, vectors

CONTROLLER, NODE = 1, 2
KEYS = s0_keys(bytes(range(16)))
OURS = b"o" * 8


def a_device(randomness: Callable[[int], bytes] | None = None) -> S0:
    numbers = count(1)
    device = S0(Link(0, NODE, CONTROLLER), randomness or (lambda length: bytes((next(numbers) % 256,)) * length))
    device.keys = KEYS
    return device


def _always(nonce: bytes, _length: int) -> bytes:
    return nonce


def nonce(device: S0, now: float = 0.0) -> bytes:
    """What it answers to a Nonce Get."""
    (reply,) = device.receive(b"\x98\x40", now)
    assert isinstance(reply, Reply)
    assert reply.frame[:2] == b"\x98\x80"
    return reply.frame[2:]


def sealed(theirs: bytes, plain: str, command: int = 0x81, ours: bytes = OURS) -> bytes:
    """As a controller seals it; `plain` begins with its control byte."""
    text = ofb(KEYS.encryption, ours + theirs, bytes.fromhex(plain))
    mac = cbc_mac(KEYS.authentication, ours + theirs + bytes((command, CONTROLLER, NODE, len(text))) + text)
    return bytes((0x98, command)) + ours + text + theirs[:1] + mac


def heard(device: S0, frame: bytes, now: float = 0.0) -> list[Event]:
    return device.receive(frame, now)


def test_it_seals_as_zwave_js_does() -> None:
    for each in vectors("s0"):
        ours = h(each["senderNonce"])
        device = S0(Link(0, each["src"], each["dst"]), partial(_always, ours))
        device.keys = s0_keys(h(each["networkKey"]))
        device.ask()
        assert device.receive(b"\x98\x80" + h(each["receiverNonce"]), 0.0) == [NonceCame()]
        plain = h(each["plaintextWithFrameControl"])
        if plain[0] & 0x30 != 0x10:  # the first of two parts goes out as the other command
            assert device.seal(plain) == h(each["frame"])


def test_a_message_is_read_with_the_nonce_that_it_names() -> None:
    device = a_device()
    first, second = nonce(device), nonce(device)
    assert first != second
    assert heard(device, sealed(first, "008002")) == [Opened(h("8002"), Level.S0)]


def test_a_nonce_works_once() -> None:
    device = a_device()
    theirs = nonce(device)
    assert heard(device, sealed(theirs, "008002"))
    assert heard(device, sealed(theirs, "008002")) == []


def test_using_one_nonce_ends_all_others() -> None:
    device = a_device()
    first, second = nonce(device), nonce(device)
    heard(device, sealed(second, "008002"))
    assert heard(device, sealed(first, "008002")) == []


def test_a_message_that_does_not_verify_ends_all_nonces_too() -> None:
    device = a_device()
    theirs = nonce(device)
    assert heard(device, sealed(theirs, "008002")[:-1] + b"\x00") == []
    assert heard(device, sealed(theirs, "008002")) == []


def test_a_nonce_expires() -> None:
    device = a_device()
    theirs = nonce(device, 0.0)
    assert heard(device, sealed(theirs, "008002"), LIFETIME_S - 0.1)
    theirs = nonce(device, 0.0)
    assert heard(device, sealed(theirs, "008002"), LIFETIME_S) == []


def test_the_oldest_nonce_gives_way_to_a_new_one() -> None:
    device = a_device()
    given_out = [nonce(device) for _ in range(TABLE + 1)]
    assert heard(device, sealed(given_out[0], "008002")) == []
    given_out = [nonce(device) for _ in range(TABLE)]
    assert heard(device, sealed(given_out[0], "008002"))


def test_no_two_nonces_have_the_same_name() -> None:
    drawn = iter([b"\x01" * 8, b"\x01" + b"\x02" * 7, b"\x03" * 8])
    device = a_device(lambda _: next(drawn))
    assert [nonce(device), nonce(device)] == [b"\x01" * 8, b"\x03" * 8]


def test_some_locks_give_the_same_nonce_again() -> None:
    device = a_device()
    device.repeats_nonces = True
    assert nonce(device) == nonce(device)


def test_the_other_encapsulation_asks_for_a_nonce_too() -> None:
    device = a_device()
    opened, reply = heard(device, sealed(nonce(device), "008002", 0xC1))
    assert opened == Opened(h("8002"), Level.S0)
    assert isinstance(reply, Reply)


def test_a_message_in_two_parts_is_joined() -> None:
    device = a_device()
    (reply,) = heard(device, sealed(nonce(device), "156301", 0xC1))
    assert isinstance(reply, Reply)
    assert heard(device, sealed(reply.frame[2:], "350401")) == [Opened(h("63010401"), Level.S0)]


@pytest.mark.parametrize("second", ["360401", "050401"])
def test_parts_that_do_not_belong_together_are_not_joined(second: str) -> None:
    device = a_device()
    heard(device, sealed(nonce(device), "156301"))
    assert Opened(h("63010401"), Level.S0) not in heard(device, sealed(nonce(device), second))


def test_a_second_part_alone_says_nothing() -> None:
    device = a_device()
    assert heard(device, sealed(nonce(device), "350401")) == []


def test_a_long_command_goes_in_two_parts() -> None:
    device = a_device()
    assert device.parts(bytes(LONGEST)) == [bytes(1 + LONGEST)]
    first, second = device.parts(bytes(range(LONGEST + 3)))
    assert (first[0], second[0]) == (0x11, 0x31)
    assert first[1:] + second[1:] == bytes(range(LONGEST + 3))


def test_the_first_part_asks_for_the_nonce_of_the_second() -> None:
    device = a_device()
    first, second = device.parts(bytes(LONGEST + 1))
    device.ask()
    heard(device, b"\x98\x80" + b"t" * 8)
    frame = device.seal(first)
    assert frame is not None
    assert frame[1] == 0xC1
    assert device.seal(second) is None
    assert heard(device, b"\x98\x80" + b"u" * 8) == [NonceCame()]
    frame = device.seal(second)
    assert frame is not None
    assert frame[1] == 0x81


def test_a_nonce_that_nobody_asked_for_is_passed_over() -> None:
    device = a_device()
    assert heard(device, b"\x98\x80" + b"t" * 8) == []
    assert device.seal(b"\x00\x80\x03") is None


def test_without_a_key_nothing_is_read() -> None:
    device = a_device()
    device.keys = None
    assert heard(device, sealed(nonce(device), "008002")) == []


@given(st.sampled_from([0x40, 0x80, 0x81, 0xC1]), st.binary(max_size=60))
def test_noise_opens_nothing(command: int, noise: bytes) -> None:
    device = a_device()
    nonce(device)
    assert all(isinstance(event, Reply) for event in heard(device, bytes((0x98, command)) + noise))
