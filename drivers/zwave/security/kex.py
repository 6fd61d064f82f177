"""Giving a device its S2 keys, seen from the hub. Reads in the order of the specification.

Source: the S2 chapter of the Z-Wave specification, "S2 bootstrapping"; order and timers checked against zwave-js 15.29.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NoReturn, TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from drivers.zwave.security.dsk import Dsk, with_pin
from drivers.zwave.security.joining import (
    Admit,
    Agree,
    Answer,
    AskGrant,
    AskPin,
    Await,
    Cancelled,
    Conversation,
    Granted,
    Heard,
    Joined,
    Step,
    Tell,
    TimedOut,
    Typed,
    Undecodable,
)
from drivers.zwave.security.kex_frames import (
    FAILURES,
    KEX_GET,
    Failure,
    Kex,
    KexFail,
    KexReport,
    KexSet,
    KeyGet,
    KeyReport,
    KeyVerify,
    PublicKey,
    Terms,
    TransferEnd,
    decode,
)
from drivers.zwave.security.keys import NetworkKey, Randomness, S2Keys, SecurityClass, temp_keys
from drivers.zwave.security.s2 import TEMPORARY, Strength
from hub.errors import Garbled, Rejected

# Source: zwave-js, cc/lib/Security2/shared.ts. The hub's timers; TA for the device's next word, TAI for the person's.
TA1_S = 10.0
"""To KEX Report."""
TA2_S = 10.0
"""To the device's public key."""
TA3_S = 10.0
"""To each request for a key."""
TA4_S = 10.0
"""To the proof that a key arrived."""
TA5_S = 10.0
"""To the end, after the last key."""
TAI1_S = 240.0
"""For choosing what to grant."""
TAI2_S = 240.0
"""For the PIN and the device's confirmation, counted from the arrival of its public key."""

_UNDER_TEMPORARY = frozenset({Failure.AUTH, Failure.GET, Failure.VERIFY, Failure.REPORT})
"""Failures that are told under the temporary keys once these are agreed: a stranger cannot invent them.

Departs: zwave-js encrypts DECRYPT as well; a device with other temporary keys could not read it.
"""

T = TypeVar("T", bound=Kex)


class _FailedError(Exception):
    """Ends the conversation. `failure` is told to the device; None: the device said so itself."""

    def __init__(self, failure: Failure | None, words: str) -> None:
        super().__init__(words)
        self.failure = failure


def include(
    keys: Mapping[SecurityClass, NetworkKey], randomness: Randomness, *, label: Dsk | None = None
) -> Conversation:
    """Give a device that joined the network the keys a person grants it.

    With a `label`, which a person scanned before, nobody is asked for the PIN and no other device gets a key.

    Raises:
        Rejected: it got no usable security; the sentence says why. It must be excluded again.
    """
    agreed: list[S2Keys] = []
    try:
        return (yield from _include(keys, randomness, label, agreed))
    except _FailedError as failed:
        if failed.failure is not None:
            encrypted = bool(agreed) and failed.failure in _UNDER_TEMPORARY
            yield Tell(KexFail(failed.failure).serialize(), TEMPORARY if encrypted else None)
        raise Rejected(str(failed)) from None


def _include(
    keys: Mapping[SecurityClass, NetworkKey], randomness: Randomness, label: Dsk | None, agreed: list[S2Keys]
) -> Conversation:
    told = yield Tell(KEX_GET)
    report, now = yield from _expect(KexReport, told.at + TA1_S, under=None)
    _check(report.terms)
    granted = yield from _grant(report.terms.keys & keys.keys(), now + TAI1_S)
    told = yield Tell(KexSet(Terms(granted)).serialize())

    theirs, now = yield from _expect(PublicKey, told.at + TA2_S, under=None)
    until = now + TAI2_S
    if theirs.including:
        _fail(Failure.CANCEL)
    private = X25519PrivateKey.from_private_bytes(randomness(32))
    ours = private.public_key().public_bytes_raw()
    yield Tell(PublicKey(ours, including=True).serialize())
    key = theirs.key
    if label is not None or any(each.needs_pin for each in granted):
        key = yield from _authenticate(key, label, until)
    agreed.append(temp_keys(_shared(private, key), ours, key))
    yield Agree(agreed[0])

    confirmed, _ = yield from _expect(KexSet, until, under=TEMPORARY)
    if confirmed.terms != Terms(granted, echo=True) or confirmed.terms.raw[0] != 1:
        _fail(Failure.AUTH)
    told = yield Tell(report.echo(), TEMPORARY)
    wanted = set(granted)
    while wanted:
        told = yield from _transfer(keys, wanted, told.at)
    end, _ = yield from _expect(TransferEnd, told.at + TA5_S, under=TEMPORARY)
    if not end.complete:
        _fail(Failure.VERIFY)
    return Joined(granted, report.terms.keys, Dsk(key[:16]))


def _check(terms: Terms) -> None:
    if terms.echo:
        _fail(Failure.VERIFY)
    if not terms.scheme_1_only:
        _fail(Failure.SCHEME)
    if not terms.curve25519_only:
        _fail(Failure.CURVE)
    if terms.client_side:
        _fail(Failure.CANCEL, "the lock wants a PIN typed into itself, which the hub does not support")


def _grant(offered: frozenset[SecurityClass], until: float) -> Generator[Step, Answer, frozenset[SecurityClass]]:
    if not offered:
        _fail(Failure.KEY)
    match (yield AskGrant(offered, until)):
        case Granted(classes=chosen) if chosen & offered:
            return chosen & offered
        case Heard(command=command):
            _give_up(command)
        case TimedOut():
            _fail(Failure.CANCEL, "nobody chose the lock's security in time")
        case _:
            _fail(Failure.CANCEL)


def _authenticate(key: bytes, label: Dsk | None, until: float) -> Generator[Step, Answer, bytes]:
    """The whole public key, its blanked beginning filled in from the label."""
    if label is not None:
        if label.reveal()[2:] != key[2:16]:
            _fail(Failure.CANCEL, "another device answered than the one on the label")
        return label.reveal()[:2] + key[2:]
    match (yield AskPin(Dsk(key[:16]).tail, until)):
        case Typed(pin=pin):
            try:
                return with_pin(key, pin)
            except Garbled as error:
                _fail(Failure.CANCEL, str(error))
        case Heard(command=command):
            _give_up(command)
        case TimedOut():
            _fail(Failure.CANCEL, "nobody typed the PIN in time")
        case _:
            _fail(Failure.CANCEL)


def _shared(private: X25519PrivateKey, key: bytes) -> bytes:
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError:  # a point that would make the secret known to everybody
        _fail(Failure.CANCEL, "the lock sent a public key that is not one")


def _transfer(
    keys: Mapping[SecurityClass, NetworkKey], wanted: set[SecurityClass], now: float
) -> Generator[Step, Answer, Answer]:
    """Hand over one key; of those `wanted` each is asked for once, in whatever order."""
    asked, _ = yield from _expect(KeyGet, now + TA3_S, under=TEMPORARY)
    if asked.wanted is None or asked.wanted not in wanted:
        _fail(Failure.GET)
    wanted.discard(asked.wanted)
    yield Admit(asked.wanted)
    told = yield Tell(KeyReport(asked.wanted, keys[asked.wanted]).serialize(), TEMPORARY)
    yield from _expect(KeyVerify, told.at + TA4_S, under=asked.wanted)
    # Without acknowledgement: the device is busy changing keys (zwave-js, cc/Security2CC.ts, confirmKeyVerification).
    return (yield Tell(TransferEnd(verified=True).serialize(), TEMPORARY, acknowledged=False))


def _expect(kind: type[T], until: float, *, under: Strength | None) -> Generator[Step, Answer, tuple[T, float]]:
    """The next word of that kind, and when it came. Anything else that is no failure is passed over."""
    while True:
        match (yield Await(until)):
            case Heard(command=command, under=really, at=at):
                said = _understood(command)
                if isinstance(said, KexFail):
                    _ended_by_device(said)
                if isinstance(said, kind):
                    if really is not under:
                        _fail(Failure.VERIFY if isinstance(said, KeyVerify) else Failure.AUTH)
                    return said, at
            case Undecodable() if under is not None:
                _fail(Failure.DECRYPT)
            case TimedOut():
                _fail(Failure.CANCEL, "the lock did not go on with the key exchange; hold it nearer and try again")
            case Cancelled():
                _fail(Failure.CANCEL)
            case _:
                pass


def _understood(command: bytes) -> Kex | None:
    try:
        return decode(command)
    except Garbled:
        return None


def _give_up(command: bytes) -> NoReturn:
    """The device did not want to wait for the person."""
    said = _understood(command)
    if isinstance(said, KexFail):
        _ended_by_device(said)
    _fail(Failure.CANCEL)


def _ended_by_device(said: KexFail) -> NoReturn:
    words = FAILURES[said.failure] if said.failure else "no reason that the hub knows"
    raise _FailedError(None, f"the lock ended the key exchange: {words}")


def _fail(failure: Failure, words: str | None = None) -> NoReturn:
    raise _FailedError(failure, words or FAILURES[failure])
