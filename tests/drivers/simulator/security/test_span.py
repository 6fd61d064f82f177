from __future__ import annotations

from drivers.simulator.security.keys import s2_keys
from drivers.simulator.security.primitives import ccm_seal
from drivers.simulator.security.span import STEPS, Span, mixed
from tests.drivers.simulator.security.vectors import h, vectors

KEYS = s2_keys(bytes(range(16)))


def _two() -> tuple[Span, Span]:
    return Span(KEYS, b"s" * 16, b"r" * 16), Span(KEYS, b"s" * 16, b"r" * 16)


def test_both_contributions_are_mixed() -> None:
    for each in vectors("mei"):
        assert mixed(h(each["senderEI"]), h(each["receiverEI"])) == h(each["mei"])


def test_the_nonces_are_those_of_zwave_js() -> None:
    for each in vectors("span"):
        span = Span(s2_keys(h(each["pnk"])), h(each["senderEI"]), h(each["receiverEI"]))
        assert [span.take() for _ in each["nonces"]] == [h(nonce) for nonce in each["nonces"]]


def test_lost_messages_are_stepped_over() -> None:
    ours, theirs = _two()
    for _ in range(STEPS - 1):
        theirs.take()
    assert ours.open(ccm_seal(KEYS.ccm, theirs.take(), b"hello", b""), b"") == b"hello"
    assert ours.take() == theirs.take()


def test_a_nonce_too_far_away_is_not_found_and_costs_nothing() -> None:
    ours, theirs = _two()
    untouched, _ = _two()
    for _ in range(STEPS):
        theirs.take()
    assert ours.open(ccm_seal(KEYS.ccm, theirs.take(), b"hello", b""), b"") is None
    assert ours.take() == untouched.take()
