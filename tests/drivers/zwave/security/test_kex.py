from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security import kex, kex_frames
from drivers.zwave.security.dsk import Dsk
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
    Tell,
    TimedOut,
    Told,
    Typed,
    Undecodable,
)
from drivers.zwave.security.kex_frames import (
    FAILURES,
    Failure,
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
from drivers.zwave.security.keys import NetworkKey, S2Keys, SecurityClass, temp_keys
from drivers.zwave.security.s2 import TEMPORARY, Strength
from hub.errors import Garbled, Rejected

UNAUTH, AUTH, ACCESS, S0 = (
    SecurityClass.S2_UNAUTHENTICATED,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S0,
)
KEYS = {each: NetworkKey(bytes((each.value,)) * 16) for each in SecurityClass}
PRIVATE = X25519PrivateKey.from_private_bytes(b"\x42" * 32)
PUBLIC = PRIVATE.public_key().public_bytes_raw()
DSK = Dsk(PUBLIC[:16])
Reaction = Callable[["Device"], list[tuple[bytes, Strength | None]]]


@dataclass
class Device:
    """A lock being joined, and the person holding it. Each part of the conversation can be made to go wrong."""

    wants: frozenset[SecurityClass] = frozenset({AUTH, ACCESS})
    grants: frozenset[SecurityClass] | None = None
    """None: whatever is asked for."""
    pin: str = DSK.pin
    report: bytes | None = None
    public: bytes = b"\x00\x00" + PUBLIC[2:]
    including: bool = False
    echo: bytes | None = None
    echo_under: Strength | None = TEMPORARY
    ask: bytes | None = None
    verify_under: Strength | None = None
    end: bytes = TransferEnd(complete=True).serialize()
    silent_after: str = ""
    fails_with: int | None = None
    person: Answer | None = None
    """Instead of choosing and typing."""

    now: float = 1000.0
    told: list[tuple[object, Strength | None]] = field(default_factory=list)
    agreed: S2Keys | NetworkKey | None = None
    admitted: list[SecurityClass] = field(default_factory=list)
    taken: dict[SecurityClass, NetworkKey] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    _says: list[tuple[bytes, Strength | None]] = field(default_factory=list)
    _granted: list[SecurityClass] = field(default_factory=list)
    _temporary: S2Keys | None = None

    def join(self, conversation: Conversation) -> Joined:
        answer: Answer | None = None
        while True:
            try:
                step = conversation.send(answer)  # type: ignore[arg-type]  # a generator is started with None
            except StopIteration as end:
                joined: Joined = end.value
                return joined
            self.now += 0.1
            match step:
                case Tell(command=command, under=under):
                    self._listen(command, under)
                    answer = Told(self.now)
                case Await(until=until):
                    self.waits.append(until - self.now)
                    answer = self._speak(until)
                case Agree(keys=keys):
                    self.agreed = keys
                    answer = Told(self.now)
                case Admit(security=security):
                    self.admitted.append(security)
                    answer = Told(self.now)
                case AskGrant(requested=requested):
                    chosen = requested if self.grants is None else self.grants
                    answer = self.person if isinstance(self.person, TimedOut | Cancelled) else Granted(chosen, self.now)
                case AskPin(tail=tail):
                    assert tail == DSK.tail
                    answer = self.person or Typed(self.pin, self.now)

    def _speak(self, until: float) -> Answer:
        if not self._says:
            self.now = until
            return TimedOut(self.now)
        command, under = self._says.pop(0)
        if under is not None and self.agreed != self._temporary:
            return Undecodable(self.now)
        return Heard(command, under, self.now)

    def _say(self, what: str, command: bytes, under: Strength | None = None) -> None:
        if self.fails_with is not None and what == self.silent_after:
            command = bytes((0x9F, 0x07, self.fails_with))
        elif self.silent_after == what:
            return
        self._says.append((command, under))

    def _listen(self, command: bytes, under: Strength | None) -> None:
        if command == kex_frames.KEX_GET:
            self.told.append(("kex get", under))
            self._say("kex report", self.report or KexReport(Terms(self.wants)).serialize())
            return
        said = decode(command)
        self.told.append((said, under))
        match said:
            case KexSet(terms=terms):
                self._granted = sorted(terms.keys, key=lambda each: each.value)
                self._say("public key", PublicKey(self.public, self.including).serialize())
            case PublicKey(key=theirs, including=True):
                secret = PRIVATE.exchange(X25519PublicKey.from_public_bytes(theirs))
                self._temporary = temp_keys(secret, theirs, PUBLIC)
                echo = KexSet(Terms(frozenset(self._granted), echo=True)).serialize()
                self._say("echo", self.echo or echo, self.echo_under)
            case KexReport(terms=Terms(echo=True)):
                self._next_key()
            case KeyReport(of=of, key=key):
                self.taken[of] = key
                self._say("verify", KeyVerify().serialize(), self.verify_under or of)
            case TransferEnd(verified=True):
                self._next_key()
            case _:
                pass

    def _next_key(self) -> None:
        if self._granted:
            self._say("key get", self.ask or KeyGet(self._granted.pop(0)).serialize(), TEMPORARY)
        else:
            self._say("end", self.end, TEMPORARY)


def conversation(label: Dsk | None = None) -> Conversation:
    return kex.include(KEYS, lambda length: b"\x17" * length, label=label)


def refused(device: Device, label: Dsk | None = None) -> tuple[str, object, Strength | None]:
    """The sentence, and the last thing the device was told."""
    with pytest.raises(Rejected) as why:
        device.join(conversation(label))
    assert device.pin not in str(why.value)
    return str(why.value), *device.told[-1]


def test_a_lock_gets_exactly_the_keys_it_was_granted() -> None:
    device = Device(wants=frozenset({UNAUTH, AUTH, ACCESS, S0}), grants=frozenset({ACCESS, AUTH}))
    joined = device.join(conversation())
    assert joined == Joined(frozenset({ACCESS, AUTH}), frozenset(SecurityClass), DSK)
    assert device.taken == {each: KEYS[each] for each in (ACCESS, AUTH)}
    assert set(device.admitted) == {ACCESS, AUTH}


def test_network_keys_travel_only_under_the_temporary_keys() -> None:
    device = Device()
    device.join(conversation())
    travelled = [under for said, under in device.told if isinstance(said, KeyReport)]
    assert travelled == [TEMPORARY, TEMPORARY]
    assert all(under is None for said, under in device.told if isinstance(said, KexSet | PublicKey))


def test_a_device_without_need_of_a_pin_is_not_asked_for_one() -> None:
    device = Device(wants=frozenset({UNAUTH}), public=PUBLIC, person=Typed("00000", 0.0))
    assert device.join(conversation()).classes == {UNAUTH}


def test_a_scanned_label_answers_for_the_person() -> None:
    assert Device(person=Typed("99999", 0.0)).join(conversation(DSK)).dsk == DSK


def test_a_device_that_is_not_the_one_on_the_label_gets_no_key() -> None:
    words, said, under = refused(Device(), Dsk(bytes(16)))
    assert "another device" in words
    assert (said, under) == (KexFail(Failure.CANCEL), None)


def test_unknown_bits_of_the_report_are_confirmed_as_they_came() -> None:
    device = Device(report=bytes.fromhex("9f05 80 02 01 0e"))  # reserved flag, key bit 3 of a class to come
    device.join(conversation())
    (echo,) = [said for said, _ in device.told if isinstance(said, KexReport)]
    assert echo.terms.raw == bytes.fromhex("8102010e")


def test_words_in_between_are_passed_over() -> None:
    talk = conversation()
    talk.send(None)  # type: ignore[arg-type]
    step = talk.send(Told(0.0))
    for noise in (b"", b"\x9f", b"\x25\x03\x00", b"\x9f\x05\x00", KeyVerify().serialize()):
        assert talk.send(Heard(noise, None, 9.0)) == step == Await(10.0)  # and the time does not begin anew
    assert isinstance(talk.send(Heard(KexReport(Terms(frozenset({UNAUTH}))).serialize(), None, 9.9)), AskGrant)


FAILING = [
    (Device(wants=frozenset()), Failure.KEY, None),
    (Device(report=bytes.fromhex("9f0500040102")), Failure.SCHEME, None),
    (Device(report=bytes.fromhex("9f0500060102")), Failure.SCHEME, None),
    (Device(report=bytes.fromhex("9f0500020202")), Failure.CURVE, None),
    (Device(report=bytes.fromhex("9f0501020102")), Failure.VERIFY, None),
    (Device(report=bytes.fromhex("9f0502020106")), Failure.CANCEL, None),
    (Device(grants=frozenset()), Failure.CANCEL, None),
    (Device(grants=frozenset({UNAUTH})), Failure.CANCEL, None),
    (Device(person=TimedOut(0.0)), Failure.CANCEL, None),
    (Device(person=Cancelled(0.0)), Failure.CANCEL, None),
    (Device(including=True), Failure.CANCEL, None),
    (Device(public=bytes(32), wants=frozenset({UNAUTH})), Failure.CANCEL, None),
    (Device(pin="00001"), Failure.DECRYPT, None),
    (Device(pin="70000"), Failure.CANCEL, None),
    (Device(echo=bytes.fromhex("9f0601020107")), Failure.AUTH, TEMPORARY),
    (Device(echo=bytes.fromhex("9f0600020106")), Failure.AUTH, TEMPORARY),
    (Device(echo=bytes.fromhex("9f0681020106")), Failure.AUTH, TEMPORARY),
    (Device(echo_under=None), Failure.AUTH, TEMPORARY),
    (Device(ask=KeyGet(UNAUTH).serialize()), Failure.GET, TEMPORARY),
    (Device(ask=bytes.fromhex("9f0906")), Failure.GET, TEMPORARY),
    (Device(verify_under=TEMPORARY), Failure.VERIFY, TEMPORARY),
    (Device(end=TransferEnd().serialize()), Failure.VERIFY, TEMPORARY),
]


@pytest.mark.parametrize(("device", "failure", "under"), FAILING)
def test_what_goes_wrong_ends_it_and_is_told(device: Device, failure: Failure, under: Strength | None) -> None:
    device = replace(device, told=[], admitted=[], taken={}, waits=[])
    words, said, really = refused(device)
    assert (said, really) == (KexFail(failure), under)
    assert words


def test_no_key_is_given_before_the_pin_has_proved_right() -> None:
    device = Device(pin="00001")
    refused(device)
    assert not device.taken


@pytest.mark.parametrize(
    ("after", "waited"),
    [
        ("kex report", kex.TA1_S),
        ("public key", kex.TA2_S),
        ("echo", kex.TAI2_S),
        ("key get", kex.TA3_S),
        ("verify", kex.TA4_S),
        ("end", kex.TA5_S),
    ],
)
def test_silence_ends_it_after_the_time_of_the_specification(after: str, waited: float) -> None:
    device = Device(silent_after=after)
    words, said, _ = refused(device)
    assert "did not go on" in words
    assert said == KexFail(Failure.CANCEL)
    assert device.waits[-1] == pytest.approx(waited, abs=0.5)


@pytest.mark.parametrize("after", ["kex report", "public key", "echo", "key get", "verify", "end"])
@pytest.mark.parametrize("number", [*(each.value for each in Failure), 0x63])
def test_a_device_that_ends_it_is_quoted_and_not_answered(after: str, number: int) -> None:
    device = Device(silent_after=after, fails_with=number)
    words, said, _ = refused(device)
    assert words.startswith("the lock ended the key exchange: ")
    assert not isinstance(said, KexFail)


def test_every_failure_has_words() -> None:
    assert set(FAILURES) == set(Failure)


@given(st.binary(max_size=45))
def test_reading_a_command_raises_nothing_but_garbled(noise: bytes) -> None:
    try:
        decode(b"\x9f" + noise)
    except Garbled:
        return


def test_keys_and_pins_are_not_shown() -> None:
    report = KeyReport(ACCESS, NetworkKey(b"\x5a" * 16))
    assert "5a" not in repr(report)
    assert "Z" * 16 not in repr(report) + repr(Tell(report.serialize(), TEMPORARY)) + repr(Heard(b"Z" * 16, None, 0.0))
    assert "12345" not in repr(Typed("12345", 0.0))
