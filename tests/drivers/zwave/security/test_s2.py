from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.zwave.security import s2
from drivers.zwave.security.keys import NetworkKey, S2Keys, SecurityClass, s2_keys
from drivers.zwave.security.primitives import ccm_seal
from drivers.zwave.security.s2 import (
    TEMPORARY,
    Link,
    NeedNonce,
    NonceArrived,
    Received,
    Reply,
    S2Session,
    Strength,
    WrongKeys,
)
from drivers.zwave.security.s2_frames import associated
from drivers.zwave.security.span import Mpan, Span
from hub.errors import Garbled

HOME = 0xC0FFEE01
ACCESS, AUTH, PLAIN = (
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_UNAUTHENTICATED,
)
KEYS: dict[Strength, S2Keys] = {
    each: s2_keys(NetworkKey(bytes((number,)) * 16)) for number, each in enumerate((ACCESS, AUTH, PLAIN), start=1)
}
Dice = Callable[[int], bytes]


class Pair:
    """Hub (node 1) and lock (node 2) in one room where every frame arrives."""

    def __init__(self, dice: Dice) -> None:
        self.hub = S2Session(Link(HOME, 1, 2), KEYS, dice)
        self.lock = S2Session(Link(HOME, 2, 1), KEYS, dice)
        self.now = 100.0

    def seal(self, sender: S2Session, payload: bytes, under: Strength = ACCESS) -> bytes:
        """A frame for `payload`, after a nonce was fetched if one is needed."""
        sealed = sender.encrypt(payload, self.now, under=under)
        if isinstance(sealed, NeedNonce):
            (reply,) = self._other(sender).receive(sealed.ask, self.now)
            assert isinstance(reply, Reply)
            assert sender.receive(reply.frame, self.now) == (NonceArrived(solicited=True),)
            sealed = sender.encrypt(payload, self.now, under=under)
        assert isinstance(sealed, bytes)
        return sealed

    def _other(self, one: S2Session) -> S2Session:
        return self.lock if one is self.hub else self.hub


@pytest.fixture
def pair(dice: Dice) -> Pair:
    return Pair(dice)


def test_the_first_message_costs_a_nonce_and_the_next_ones_none(pair: Pair) -> None:
    assert pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now) == (Received(b"one", ACCESS),)
    second = pair.hub.encrypt(b"two", pair.now, under=ACCESS)
    assert isinstance(second, bytes)
    assert len(second) == 4 + 3 + 8
    assert pair.lock.receive(second, pair.now) == (Received(b"two", ACCESS),)
    pair.now += 1
    answer = pair.lock.encrypt(b"ok", pair.now, under=ACCESS)
    assert isinstance(answer, bytes)
    assert pair.hub.receive(answer, pair.now) == (Received(b"ok", ACCESS),)


def test_the_class_is_found_by_trying_and_changing_it_costs_a_nonce(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    assert isinstance(pair.hub.encrypt(b"two", pair.now, under=PLAIN), NeedNonce)
    assert pair.lock.receive(pair.seal(pair.hub, b"two", PLAIN), pair.now) == (Received(b"two", PLAIN),)


def test_a_class_the_other_does_not_have_is_answered_with_fresh_entropy(pair: Pair) -> None:
    del pair.lock.keys[PLAIN]
    wrong, answer = pair.lock.receive(pair.seal(pair.hub, b"one", PLAIN), pair.now)
    assert wrong == WrongKeys()
    assert isinstance(answer, Reply)
    assert pair.hub.receive(answer.frame, pair.now) == (NonceArrived(solicited=False),)
    again = pair.hub.encrypt(b"one", pair.now, under=ACCESS)
    assert isinstance(again, bytes)
    assert pair.lock.receive(again, pair.now) == (Received(b"one", ACCESS),)


def test_temporary_keys_are_tried_before_those_of_the_network(pair: Pair) -> None:
    for side in (pair.hub, pair.lock):
        side.keys[TEMPORARY] = S2Keys(bytes(16), bytes(32))
    assert pair.lock.receive(pair.seal(pair.hub, b"kex", TEMPORARY), pair.now) == (Received(b"kex", TEMPORARY),)


def test_a_frame_heard_twice_counts_once_and_is_not_answered(pair: Pair) -> None:
    frame = pair.seal(pair.hub, b"open")
    assert pair.lock.receive(frame, pair.now)
    assert pair.lock.receive(frame, pair.now) == ()


def test_a_frame_replayed_later_is_not_believed(pair: Pair) -> None:
    first = pair.seal(pair.hub, b"open")
    pair.lock.receive(first, pair.now)
    pair.lock.receive(pair.seal(pair.hub, b"close"), pair.now)
    (event,) = pair.lock.receive(first, pair.now)
    assert isinstance(event, Reply)


def test_a_whole_conversation_replayed_is_not_believed(pair: Pair) -> None:
    ask = pair.hub.encrypt(b"open", pair.now, under=ACCESS)
    assert isinstance(ask, NeedNonce)
    (nonce,) = pair.lock.receive(ask.ask, pair.now)
    assert isinstance(nonce, Reply)
    pair.hub.receive(nonce.frame, pair.now)
    frame = pair.hub.encrypt(b"open", pair.now, under=ACCESS)
    assert isinstance(frame, bytes)
    pair.lock.receive(frame, pair.now)
    pair.lock.receive(b"\x9f\x01\x77", pair.now)
    assert not any(isinstance(each, Received) for each in pair.lock.receive(frame, pair.now))


def test_our_own_frame_thrown_back_is_not_believed(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    frame = pair.seal(pair.hub, b"open")
    assert not any(isinstance(each, Received) for each in pair.hub.receive(frame, pair.now))


@pytest.mark.parametrize("change", ["home", "sender", "receiver"])
def test_a_frame_counts_only_between_its_own_nodes_in_its_own_network(dice: Dice, change: str) -> None:
    pair = Pair(dice)
    links = {"home": Link(HOME + 1, 2, 1), "sender": Link(HOME, 2, 3), "receiver": Link(HOME, 4, 1)}
    pair.lock = S2Session(links[change], KEYS, dice)
    assert not any(isinstance(each, Received) for each in pair.lock.receive(pair.seal(pair.hub, b"open"), pair.now))


def test_four_lost_frames_are_bridged(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    for _ in range(4):
        pair.seal(pair.hub, b"lost")
    assert pair.lock.receive(pair.seal(pair.hub, b"six"), pair.now) == (Received(b"six", ACCESS),)


def test_after_five_lost_frames_both_sides_agree_anew(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    for _ in range(5):
        pair.seal(pair.hub, b"lost")
    (answer,) = pair.lock.receive(pair.seal(pair.hub, b"seven"), pair.now)
    assert isinstance(answer, Reply)
    assert pair.hub.receive(answer.frame, pair.now) == (NonceArrived(solicited=False),)
    assert pair.lock.receive(pair.seal(pair.hub, b"seven"), pair.now) == (Received(b"seven", ACCESS),)


def cross(pair: Pair, wait: float) -> tuple[s2.Event, ...]:
    """Both speak at once, with the same nonce; the lock's message arrives `wait` seconds later."""
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    answer = pair.seal(pair.lock, b"ok")
    pair.hub.receive(answer, pair.now)
    ours, theirs = pair.seal(pair.hub, b"ours"), pair.seal(pair.lock, b"theirs")
    assert pair.lock.receive(ours, pair.now) == (Received(b"ours", ACCESS, crossed=True),)
    return pair.hub.receive(theirs, pair.now + wait)


def test_two_who_speak_at_once_both_are_heard(pair: Pair) -> None:
    assert cross(pair, 0.4) == (Received(b"theirs", ACCESS, crossed=True),)
    assert pair.lock.receive(pair.seal(pair.hub, b"next"), pair.now) == (Received(b"next", ACCESS, crossed=True),)
    assert pair.lock.receive(pair.seal(pair.hub, b"late"), pair.now + 0.5) == (Received(b"late", ACCESS),)


def test_a_crossing_frame_half_a_second_late_is_not_believed(pair: Pair) -> None:
    (event,) = cross(pair, 0.5)
    assert isinstance(event, Reply)


def test_a_crossing_frame_counts_only_when_it_is_the_very_next(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    pair.hub.receive(pair.seal(pair.lock, b"ok"), pair.now)
    pair.hub.receive(b"\x9f\x04", pair.now)
    pair.lock.encrypt(b"lost", pair.now, under=PLAIN)  # uses up a number
    pair.seal(pair.hub, b"ours")
    theirs = pair.seal(pair.lock, b"theirs")
    (event,) = pair.hub.receive(theirs, pair.now)
    assert isinstance(event, Reply)


def test_a_forged_frame_is_answered_once_and_not_in_a_storm(pair: Pair) -> None:
    frames = [bytes((0x9F, 0x03, seq, 0)) + bytes((seq,)) * 12 for seq in range(100)]
    answered = [bool(pair.lock.receive(frame, pair.now)) for frame in frames]
    assert sum(answered) == s2.NONCE_BURST
    assert pair.lock.receive(frames[-1], pair.now + 60) == ()


def test_a_storm_of_questions_is_not_answered_in_a_storm(pair: Pair) -> None:
    answers = [pair.lock.receive(bytes((0x9F, 0x01, seq)), pair.now) for seq in range(100)]
    assert sum(map(bool, answers)) == s2.NONCE_BURST
    assert pair.lock.receive(b"\x9f\x01\x05", pair.now + s2.NONCE_EVERY_S)


def test_a_storm_does_not_end_what_was_agreed(pair: Pair) -> None:
    for seq in range(100):
        pair.lock.receive(bytes((0x9F, 0x01, seq)), pair.now)
    pair.now += s2.NONCE_EVERY_S
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    pair.lock.receive(bytes((0x9F, 0x03, 9, 0)) + bytes(12), pair.now)
    assert pair.lock.receive(pair.seal(pair.hub, b"two"), pair.now) == (Received(b"two", ACCESS),)


def test_an_echo_of_a_nonce_report_is_passed_over(pair: Pair) -> None:
    ask = pair.hub.encrypt(b"one", pair.now, under=ACCESS)
    assert isinstance(ask, NeedNonce)
    (reply,) = pair.lock.receive(ask.ask, pair.now)
    assert isinstance(reply, Reply)
    assert pair.lock.receive(ask.ask, pair.now) == ()
    pair.hub.receive(reply.frame, pair.now)
    assert pair.hub.receive(reply.frame, pair.now) == ()


def test_a_forgotten_stream_is_agreed_anew(pair: Pair) -> None:
    pair.lock.receive(pair.seal(pair.hub, b"one"), pair.now)
    pair.hub.forget()
    assert pair.lock.receive(pair.seal(pair.hub, b"two"), pair.now) == (Received(b"two", ACCESS),)


# ---- extensions and multicast: frames no hub sends, made by hand ---------------------------------------------------


class ByHand:
    """A lock whose stream the test holds, for frames with unusual extensions."""

    def __init__(self, dice: Dice) -> None:
        self.hub = S2Session(Link(HOME, 1, 2), KEYS, dice)
        (reply,) = self.hub.receive(b"\x9f\x01\x00", 0.0)
        assert isinstance(reply, Reply)
        self._span = Span(KEYS[ACCESS], sender=b"\xee" * 16, receiver=reply.frame[4:])
        self._seq = 0
        self._first = bytes((18, 0x41)) + b"\xee" * 16

    def say(self, payload: bytes, *, plain: bytes = b"", sealed: bytes = b"") -> tuple[s2.Event, ...]:
        self._seq += 1
        first = self._first
        if first and plain:
            first = bytes((18, 0xC1)) + first[2:]
        extensions, self._first = first + plain, b""
        head = bytes((self._seq, (1 if extensions else 0) | (2 if sealed else 0))) + extensions
        return self.hub.receive(self._frame(head, sealed + payload, 1, self._span.next()), 0.0)

    def shout(self, payload: bytes, mpan: Mpan, group: int, seq: int) -> tuple[s2.Event, ...]:
        head = bytes((seq, 1, 3, 0x43, group))
        nonce = next(mpan.upcoming())
        mpan.skip()
        return self.hub.receive(self._frame(head, payload, group, nonce), 0.0, multicast=True)

    def _frame(self, head: bytes, plaintext: bytes, receiver: int, nonce: bytes) -> bytes:
        aad = associated(HOME, (2, receiver), 2 + len(head) + len(plaintext) + 8, head)
        return b"\x9f\x03" + head + ccm_seal(KEYS[ACCESS].ccm, nonce, aad, plaintext)


@pytest.fixture
def by_hand(dice: Dice) -> ByHand:
    return ByHand(dice)


def test_an_unknown_critical_extension_discards_the_command_and_keeps_the_stream(by_hand: ByHand) -> None:
    assert by_hand.say(b"one") == (Received(b"one", ACCESS),)
    assert by_hand.say(b"open", plain=b"\x02\x50") == ()
    assert by_hand.say(b"open", sealed=b"\x02\x50") == ()
    for _ in range(2 * s2.NONCE_BURST):
        by_hand.say(b"open", plain=b"\x02\x50")
    assert by_hand.say(b"two") == (Received(b"two", ACCESS),)


def test_an_unknown_extension_that_is_not_critical_is_passed_over(by_hand: ByHand) -> None:
    assert by_hand.say(b"one", plain=b"\x02\x10", sealed=b"\x03\x10x") == (Received(b"one", ACCESS),)


def test_a_multicast_is_understood_once_its_sender_was_asked_for_what_is_missing(by_hand: ByHand) -> None:
    mpan, group = Mpan(KEYS[ACCESS], bytes(16)), b"\x03\x43\x09"
    assert by_hand.shout(b"all", mpan, 9, seq=40) == ()
    received, said = Received(b"all", ACCESS), by_hand.say(b"all", plain=group)
    assert said[1:] == (received,)
    assert isinstance(said[0], Reply)
    assert said[0].frame[3:] == b"\x02"  # MOS, no entropy
    state = Mpan(KEYS[ACCESS], bytes(16))
    assert by_hand.say(b"", sealed=bytes((19, 0x42, 9)) + bytes(16)) == ()
    assert by_hand.shout(b"all", state, 9, seq=41) == (Received(b"all", ACCESS, multicast=True),)
    assert by_hand.say(b"all", plain=group) == (received,)
    state.skip()
    assert by_hand.shout(b"again", state, 9, seq=42) == (Received(b"again", ACCESS, multicast=True),)


def test_a_multicast_replayed_is_not_believed(by_hand: ByHand) -> None:
    by_hand.say(b"", sealed=bytes((19, 0x42, 9)) + bytes(16))
    assert by_hand.shout(b"all", Mpan(KEYS[ACCESS], bytes(16)), 9, seq=1)
    assert by_hand.shout(b"all", Mpan(KEYS[ACCESS], bytes(16)), 9, seq=1) == ()


def test_a_multicast_without_a_group_is_garbled(by_hand: ByHand) -> None:
    with pytest.raises(Garbled):
        by_hand.hub.receive(b"\x9f\x03\x01\x00" + bytes(12), 0.0, multicast=True)


def test_only_so_many_groups_are_remembered(by_hand: ByHand) -> None:
    for group in range(s2.GROUPS + 1):
        by_hand.say(b"", sealed=bytes((19, 0x42, group)) + bytes(16))
    assert by_hand.shout(b"all", Mpan(KEYS[ACCESS], bytes(16)), 0, seq=1) == ()
    assert by_hand.shout(b"all", Mpan(KEYS[ACCESS], bytes(16)), 1, seq=2)
