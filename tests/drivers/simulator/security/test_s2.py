"""One half of a conversation, frame by frame; the other half is made of the same primitives by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulator.security.keys import Level, s2_keys
from drivers.simulator.security.primitives import ccm_seal
from drivers.simulator.security.s2 import S2, Event, Link, NonceCame, Opened, Reply, Under, Unreadable
from drivers.simulator.security.span import Span

HOME, CONTROLLER, NODE = 0xC0DE1001, 1, 2
ACCESS = Level.S2_ACCESS_CONTROL
AUTH = Level.S2_AUTHENTICATED
KEYS = {level: s2_keys(bytes((level.value,)) * 16) for level in (ACCESS, AUTH, Level.S2_UNAUTHENTICATED)}
THEIRS = b"c" * 16


def _numbers() -> Iterator[int]:
    return count(1)


class Half:
    """A device, and a controller that says exactly what the test wants."""

    def __init__(self, *levels: Level) -> None:
        numbers = _numbers()
        self.device = S2(Link(HOME, NODE, CONTROLLER), lambda length: bytes((next(numbers),)) * length)
        self.device.keys = {level: KEYS[level] for level in (levels or (ACCESS,))}
        self.number = 0x40

    def hears(self, frame: bytes) -> list[Event]:
        return self.device.receive(frame)

    def asked(self) -> bytes:
        """The entropy with which it answers a Nonce Get."""
        self.number += 1
        (reply,) = self.hears(bytes((0x9F, 0x01, self.number)))
        assert isinstance(reply, Reply)
        assert reply.frame[:2] == b"\x9f\x02"
        assert reply.frame[3] == 0x01
        return reply.frame[4:]

    def sealed(self, span: Span, command: str, extensions: bytes = b"", *, flags: int | None = None) -> bytes:
        self.number += 1
        head = bytes((0x9F, 0x03, self.number, (1 if extensions else 0) if flags is None else flags)) + extensions
        plain = bytes.fromhex(command)
        length = len(head) + len(plain) + 8
        beside = bytes((CONTROLLER, NODE)) + HOME.to_bytes(4, "big") + length.to_bytes(2, "big") + head[2:]
        return head + ccm_seal(span.keys.ccm, span.take(), plain, beside)

    def begun(self, command: str = "8002", under: Level = ACCESS, more: bytes = b"") -> tuple[Span, bytes]:
        """The first message of a stream, and the stream."""
        span = Span(KEYS[under], THEIRS, self.asked())
        kind = 0x41 | (0x80 if more else 0)
        return span, self.sealed(span, command, bytes((18, kind)) + THEIRS + more)


def test_the_first_message_of_a_stream_carries_the_sender_s_share() -> None:
    half = Half()
    _, frame = half.begun()
    assert half.hears(frame) == [Opened(bytes.fromhex("8002"), ACCESS)]


def test_the_class_is_found_by_trying_the_keys() -> None:
    half = Half(ACCESS, AUTH, Level.S2_UNAUTHENTICATED)
    for level in (AUTH, Level.S2_UNAUTHENTICATED, ACCESS):
        _, frame = half.begun(under=level)
        assert half.hears(frame) == [Opened(bytes.fromhex("8002"), level)]


def test_a_class_that_was_not_granted_is_answered_with_a_nonce() -> None:
    half = Half(ACCESS)
    _, frame = half.begun(under=AUTH)
    unreadable, reply = half.hears(frame)
    assert unreadable == Unreadable()
    assert isinstance(reply, Reply)
    assert reply.frame[1:4:2] == b"\x02\x01"


def test_both_sides_go_on_with_the_same_nonces() -> None:
    half = Half()
    span, frame = half.begun()
    half.hears(frame)
    answer = half.device.seal(b"\x80\x03\x5a", ACCESS)
    assert answer is not None
    beside = bytes((NODE, CONTROLLER)) + HOME.to_bytes(4, "big") + len(answer).to_bytes(2, "big") + answer[2:4]
    assert span.open(answer[4:], beside) == b"\x80\x03\x5a"
    assert half.hears(half.sealed(span, "6202")) == [Opened(bytes.fromhex("6202"), ACCESS)]


def test_four_lost_messages_are_stepped_over_and_a_fifth_is_not() -> None:
    half = Half()
    span, frame = half.begun()
    half.hears(frame)
    for _ in range(4):
        half.sealed(span, "8002")
    assert half.hears(half.sealed(span, "6202")) == [Opened(bytes.fromhex("6202"), ACCESS)]
    for _ in range(5):
        half.sealed(span, "8002")
    assert half.hears(half.sealed(span, "6202"))[0] == Unreadable()


def test_after_a_message_that_cannot_be_read_the_stream_begins_anew_with_the_entropy_sent() -> None:
    half = Half()
    span, frame = half.begun()
    half.hears(frame)
    half.device.forget()
    _, reply = half.hears(half.sealed(span, "8002"))
    assert isinstance(reply, Reply)
    anew = Span(KEYS[ACCESS], THEIRS, reply.frame[4:])
    again = half.sealed(anew, "8002", bytes((18, 0x41)) + THEIRS)
    assert half.hears(again) == [Opened(bytes.fromhex("8002"), ACCESS)]


def test_only_the_last_number_counts_as_a_repetition() -> None:
    half = Half()
    span, frame = half.begun()
    assert half.hears(frame)
    assert half.hears(frame) == []
    following = half.sealed(span, "6202")
    assert half.hears(following)
    assert half.hears(frame)[0] == Unreadable()  # too old to be an echo, and its nonce was used


def test_a_nonce_get_that_comes_twice_is_answered_once() -> None:
    half = Half()
    assert len(half.hears(bytes.fromhex("9f0107"))) == 1
    assert half.hears(bytes.fromhex("9f0107")) == []
    assert len(half.hears(bytes.fromhex("9f0108"))) == 1


def test_entropy_is_used_for_one_stream_only() -> None:
    half = Half()
    _span, frame = half.begun()
    half.hears(frame)
    second = Span(KEYS[ACCESS], THEIRS, b"\x01" * 16)
    assert half.hears(half.sealed(second, "8002", bytes((18, 0x41)) + THEIRS))[0] == Unreadable()


@pytest.mark.parametrize(
    "wrong", [(9, 0xFF), (2, 0x01), (-1, 0x01), (25, 0x80)], ids=["length", "number", "tag", "message"]
)
def test_whatever_is_changed_on_the_way_cannot_be_read(wrong: tuple[int, int]) -> None:
    half = Half()
    _, frame = half.begun()
    bent = bytearray(frame)
    bent[wrong[0]] ^= wrong[1]
    assert half.hears(bytes(bent))[:1] != [Opened(bytes.fromhex("8002"), ACCESS)]


def test_a_message_of_another_network_cannot_be_read() -> None:
    half = Half()
    half.device._link = Link(HOME + 1, NODE, CONTROLLER)
    _, frame = half.begun()
    assert half.hears(frame)[0] == Unreadable()


def test_an_unknown_extension_is_passed_over_and_an_unknown_critical_one_is_not() -> None:
    half = Half()
    span, frame = half.begun(more=bytes((3, 0x05, 0xAA)))
    assert half.hears(frame) == [Opened(bytes.fromhex("8002"), ACCESS)]
    span, frame = half.begun(more=bytes((3, 0x45, 0xAA)))
    assert half.hears(frame) == []
    assert half.hears(half.sealed(span, "6202")) == [
        Opened(bytes.fromhex("6202"), ACCESS)
    ]  # its nonce was used all the same


def test_sealed_extensions_are_not_part_of_the_command() -> None:
    half = Half()
    span, frame = half.begun()
    half.hears(frame)
    multicast = "1343" + "07" + "dd" * 16
    assert half.hears(half.sealed(span, multicast + "8002", flags=2)) == [Opened(bytes.fromhex("8002"), ACCESS)]


def test_a_message_without_a_command_is_only_a_nonce() -> None:
    half = Half()
    span, frame = half.begun("")
    assert half.hears(frame) == []
    assert half.hears(half.sealed(span, "8002")) == [Opened(bytes.fromhex("8002"), ACCESS)]


# ---- what the device begins ----


def test_without_a_stream_a_nonce_is_asked_for_first() -> None:
    half = Half()
    assert half.device.seal(b"\x71\x05", ACCESS) is None
    assert half.device.ask()[:2] == b"\x9f\x01"
    assert half.hears(bytes.fromhex("9f026001") + THEIRS) == [NonceCame()]
    first = half.device.seal(b"\x71\x05", ACCESS)
    assert first is not None
    assert first[3:6] == bytes((0x01, 18, 0x41))
    span = Span(KEYS[ACCESS], first[6:22], THEIRS)
    beside = bytes((NODE, CONTROLLER)) + HOME.to_bytes(4, "big") + len(first).to_bytes(2, "big") + first[2:22]
    assert span.open(first[22:], beside) == b"\x71\x05"
    second = half.device.seal(b"\x71\x05", ACCESS)
    assert second is not None
    assert second[3] == 0


def test_a_stream_of_another_class_does_not_serve() -> None:
    half = Half(ACCESS, AUTH)
    _, frame = half.begun(under=AUTH)
    half.hears(frame)
    assert half.device.seal(b"\x71\x05", ACCESS) is None
    assert half.device.seal(b"\x71\x05", AUTH) is not None


def test_each_frame_has_the_next_number() -> None:
    half = Half()
    numbers = [half.device.ask()[2] for _ in range(300)]
    assert all((one + 1) % 256 == following for one, following in pairwise(numbers))


def test_a_nonce_report_without_entropy_is_passed_over() -> None:
    half = Half()
    assert half.hears(bytes.fromhex("9f026002")) == []
    assert half.hears(bytes.fromhex("9f026100") + THEIRS) == []


def test_temporary_keys_are_tried_first() -> None:
    half = Half(ACCESS)
    temporary: Under = None
    half.device.keys[temporary] = KEYS[AUTH]
    _, frame = half.begun(under=AUTH)
    assert half.hears(frame) == [Opened(bytes.fromhex("8002"), None)]


@given(st.sampled_from([1, 2, 3]), st.binary(max_size=60))
def test_noise_is_answered_or_passed_over(command: int, noise: bytes) -> None:
    half = Half()
    _, frame = half.begun()
    half.hears(frame)
    for event in half.hears(bytes((0x9F, command)) + noise):
        assert isinstance(event, Reply | NonceCame | Unreadable)


def test_what_was_said_is_not_shown() -> None:
    assert "1234" not in repr(Opened(b"1234", ACCESS))
