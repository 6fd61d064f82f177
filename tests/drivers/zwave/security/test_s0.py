from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security import s0
from drivers.zwave.security.keys import NetworkKey, s0_keys
from drivers.zwave.security.primitives import cbc_mac, ofb
from drivers.zwave.security.s0 import Direction, Heard, NonceTable, S0Session, seal
from drivers.zwave.security.s2 import NeedNonce, NonceArrived, Reply
from hub.errors import Garbled, Rejected
from tests.drivers.zwave.security.conftest import Vectors

KEYS = s0_keys(NetworkKey(bytes(range(16))))
Dice = Callable[[int], bytes]


def test_a_frame_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["s0"]:
        keys = s0_keys(NetworkKey(bytes.fromhex(each["networkKey"])))
        nonces = bytes.fromhex(each["senderNonce"]), bytes.fromhex(each["receiverNonce"])
        way = Direction(each["src"], each["dst"])
        assert seal(keys, way, nonces, bytes.fromhex(each["plaintextWithFrameControl"])).hex() == each["frame"]


@pytest.fixture
def hub(dice: Dice) -> S0Session:
    return S0Session(1, 2, KEYS, dice)


@pytest.fixture
def lock(dice: Dice) -> S0Session:
    return S0Session(2, 1, KEYS, dice)


def fetch(asker: S0Session, giver: S0Session, now: float) -> None:
    ask = asker.encrypt(b"x", now)
    assert ask == NeedNonce(b"\x98\x40")
    (reply,) = giver.receive(b"\x98\x40", now)
    assert isinstance(reply, Reply)
    assert asker.receive(reply.frame, now) == (NonceArrived(solicited=True),)


def sealed(asker: S0Session, giver: S0Session, payload: bytes, now: float) -> bytes:
    fetch(asker, giver, now)
    frame = asker.encrypt(payload, now)
    assert isinstance(frame, bytes)
    return frame


def test_every_message_costs_a_nonce(hub: S0Session, lock: S0Session) -> None:
    assert lock.receive(sealed(hub, lock, b"open", 0.0), 0.1) == (Heard(b"open"),)
    assert isinstance(hub.encrypt(b"close", 0.2), NeedNonce)


def test_a_replayed_message_is_not_believed(hub: S0Session, lock: S0Session) -> None:
    frame = sealed(hub, lock, b"open", 0.0)
    assert lock.receive(frame, 0.1)
    assert lock.receive(frame, 0.2) == ()


def test_using_one_nonce_ends_all_others(hub: S0Session, lock: S0Session) -> None:
    late = sealed(hub, lock, b"late", 0.0)
    assert lock.receive(sealed(hub, lock, b"open", 0.1), 0.2) == (Heard(b"open"),)
    assert lock.receive(late, 0.3) == ()


def test_a_late_message_is_not_believed(hub: S0Session, lock: S0Session) -> None:
    frame = sealed(hub, lock, b"open", 0.0)
    assert lock.receive(frame, s0.LIFETIME_S) == ()


def test_a_forged_message_does_not_cost_the_true_sender_its_nonce(hub: S0Session, lock: S0Session) -> None:
    frame = sealed(hub, lock, b"open", 0.0)
    forged = frame[:-1] + bytes((frame[-1] ^ 1,))
    assert lock.receive(forged, 0.1) == ()
    assert lock.receive(frame, 0.2) == (Heard(b"open"),)


def test_our_own_message_thrown_back_is_not_believed(hub: S0Session, lock: S0Session) -> None:
    frame = sealed(hub, lock, b"open", 0.0)
    for name in range(4):
        hub.receive(b"\x98\x40", 0.1 + name)
    assert hub.receive(frame, 0.2) == ()


def test_a_nonce_nobody_asked_for_is_passed_over(hub: S0Session) -> None:
    assert hub.receive(b"\x98\x80" + bytes(8), 0.0) == ()
    assert isinstance(hub.encrypt(b"open", 0.0), NeedNonce)


def test_a_nonce_that_grew_old_is_not_used(hub: S0Session, lock: S0Session) -> None:
    fetch(hub, lock, 0.0)
    assert isinstance(hub.encrypt(b"open", s0.LIFETIME_S), NeedNonce)


def test_a_storm_of_questions_is_not_answered_in_a_storm(lock: S0Session) -> None:
    assert sum(len(lock.receive(b"\x98\x40", 0.0)) for _ in range(100)) == s0.NONCE_BURST
    assert lock.receive(b"\x98\x40", s0.NONCE_EVERY_S)


def test_a_busy_lock_is_not_taken_for_a_storm(hub: S0Session, lock: S0Session) -> None:
    for number in range(100):
        assert hub.receive(sealed(lock, hub, b"code %d" % number, number / 50), number / 50)


def test_a_storm_does_not_grow_the_table(dice: Dice) -> None:
    table = NonceTable(dice)
    given_out = [nonce for at in range(100) if (nonce := table.give(float(at) / 100 + at))]
    found = [nonce for nonce in given_out if table.find(nonce[0], 99.0) == nonce]
    assert len(found) <= s0.OUTSTANDING


def test_the_newer_of_two_nonces_with_one_name_works() -> None:
    dice = iter([b"A1234567", b"A7654321"])
    table = NonceTable(lambda length: next(dice))
    table.give(0.0)
    table.give(0.0)
    assert table.find(ord("A"), 0.0) == b"A7654321"


def raw(lock: S0Session, hub: S0Session, plaintext: bytes, *, command: int = 0x81) -> tuple[s0.S0Event, ...]:
    """The lock says something that the session itself does not send."""
    (reply,) = hub.receive(b"\x98\x40", 0.0)
    assert isinstance(reply, Reply)
    nonce, own = reply.frame[2:], b"\xaa" * 8
    text = ofb(KEYS.encryption, own + nonce, plaintext)
    mac = cbc_mac(KEYS.authentication, own + nonce + bytes((command, 2, 1, len(text))) + text)
    return hub.receive(bytes((0x98, command)) + own + text + nonce[:1] + mac, 0.0)


def test_a_message_in_two_halves_is_joined(hub: S0Session, lock: S0Session) -> None:
    (reply,) = raw(lock, hub, b"\x13first ", command=0xC1)
    assert isinstance(reply, Reply)
    assert reply.frame[:2] == b"\x98\x80"
    assert raw(lock, hub, b"\x33second") == (Heard(b"first second"),)


@pytest.mark.parametrize("second", [b"\x34second", b"\x33"])
def test_halves_of_different_messages_are_not_joined(hub: S0Session, lock: S0Session, second: bytes) -> None:
    if second == b"\x34second":
        raw(lock, hub, b"\x13first ")
    assert raw(lock, hub, second) == ()


def test_a_message_can_ask_for_the_next_nonce(hub: S0Session, lock: S0Session) -> None:
    heard, reply = raw(lock, hub, b"\x00hello", command=0xC1)
    assert heard == Heard(b"hello")
    assert isinstance(reply, Reply)


def test_what_does_not_fit_is_refused(hub: S0Session) -> None:
    with pytest.raises(Rejected):
        hub.encrypt(bytes(s0.LONGEST + 1), 0.0)


@pytest.mark.parametrize("frame", ["", "98", "9f40", "9880", "9881", "9880" + "00" * 7, "9881" + "00" * 17])
def test_what_is_cut_short_is_garbled(hub: S0Session, frame: str) -> None:
    hub.encrypt(b"x", 0.0)
    with pytest.raises(Garbled):
        hub.receive(bytes.fromhex(frame), 0.0)


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x98", b"\x98\x80", b"\x98\x81", b"\x98\xc1"]))
def test_noise_raises_nothing_but_garbled_and_is_never_believed(noise: bytes, start: bytes) -> None:
    session = S0Session(1, 2, KEYS, bytes)
    session.receive(b"\x98\x40", 0.0)
    try:
        assert not any(isinstance(event, Heard) for event in session.receive(start + noise, 0.0))
    except Garbled:
        return
