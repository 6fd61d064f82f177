from __future__ import annotations

from itertools import islice

from drivers.zwave.security.keys import NetworkKey, s2_keys
from drivers.zwave.security.primitives import ccm_seal
from drivers.zwave.security.span import AHEAD, Mpan, Span, mixed_entropy
from tests.drivers.zwave.security.conftest import Vectors

KEYS = s2_keys(NetworkKey(bytes(range(16))))


def test_mixed_entropy_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["mei"]:
        assert mixed_entropy(bytes.fromhex(each["senderEI"]), bytes.fromhex(each["receiverEI"])).hex() == each["mei"]


def test_the_stream_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["span"]:
        keys = s2_keys(NetworkKey(bytes.fromhex(each["pnk"])))
        span = Span(keys, sender=bytes.fromhex(each["senderEI"]), receiver=bytes.fromhex(each["receiverEI"]))
        assert [span.next().hex() for _ in each["nonces"]] == each["nonces"]


def test_the_multicast_stream_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["mpan"]:
        mpan = Mpan(s2_keys(NetworkKey(bytes.fromhex(each["pnk"]))), bytes.fromhex(each["innerState0"]))
        assert [nonce.hex() for nonce in islice(mpan.upcoming(), 4)] == each["nonces"]


def pair() -> tuple[Span, Span]:
    return Span(KEYS, sender=bytes(16), receiver=b"\x01" * 16), Span(KEYS, sender=bytes(16), receiver=b"\x01" * 16)


def test_four_lost_messages_are_bridged_and_five_are_not() -> None:
    for lost, opened in ((AHEAD - 1, b"hello"), (AHEAD, None)):
        sender, receiver = pair()
        for _ in range(lost):
            sender.next()
        assert receiver.open(b"", ccm_seal(KEYS.ccm, sender.next(), b"", b"hello")) == opened


def test_what_was_forged_uses_no_nonce_up() -> None:
    sender, receiver = pair()
    for _ in range(20):
        assert receiver.open(b"", bytes(13)) is None
    assert receiver.open(b"", ccm_seal(KEYS.ccm, sender.next(), b"", b"hello")) == b"hello"


def test_a_nonce_opens_once() -> None:
    sender, receiver = pair()
    sealed = ccm_seal(KEYS.ccm, sender.next(), b"", b"hello")
    assert receiver.open(b"", sealed) == b"hello"
    assert receiver.open(b"", sealed) is None


def test_a_multicast_opens_once_and_bridges_what_was_lost() -> None:
    sender, receiver = (Mpan(KEYS, b"\xff" * 16) for _ in range(2))
    sender.skip(3)
    sealed = ccm_seal(KEYS.ccm, next(sender.upcoming()), b"", b"all")
    assert receiver.open(b"", sealed) == b"all"
    assert receiver.open(b"", sealed) is None
