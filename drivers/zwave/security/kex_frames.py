"""The commands by which a device is given its keys. Source: ZW_classcmd.h, SECURITY_2_KEX_* and SECURITY_2_PUBLIC_KEY_*."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from drivers.zwave.cc.codec import Reader
from drivers.zwave.security.keys import KEY, NetworkKey, SecurityClass, bits, classes
from drivers.zwave.security.s2_frames import CLASS
from hub.errors import Garbled

KEX_GET = bytes((CLASS, 0x04))
VERIFY = bytes((CLASS, 0x0B))
PUBLIC_KEY = 32
_SCHEME_1 = 0x02
_CURVE25519 = 0x01
_ECHO = 0x01
_CLIENT_SIDE = 0x02


class Failure(Enum):
    """Why a key exchange ended. Source: zwave-js, cc/lib/Security2/shared.ts."""

    KEY = 0x01
    SCHEME = 0x02
    CURVE = 0x03
    DECRYPT = 0x05
    CANCEL = 0x06
    AUTH = 0x07
    GET = 0x08
    VERIFY = 0x09
    REPORT = 0x0A


FAILURES = {
    Failure.KEY: "the lock and the hub have no security class in common",
    Failure.SCHEME: "the lock wants a key exchange that the hub does not know",
    Failure.CURVE: "the lock wants an encryption that the hub does not know",
    Failure.DECRYPT: "the PIN does not belong to this lock, or somebody disturbed the exchange",
    Failure.CANCEL: "joining was cancelled",
    Failure.AUTH: "the lock did not confirm what was agreed; somebody may have tampered with it",
    Failure.GET: "the lock asked for a key that it was not granted",
    Failure.VERIFY: "the lock could not prove that it holds the key",
    Failure.REPORT: "the lock was sent another key than it had asked for",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """The fields that KEX Report and KEX Set share."""

    keys: frozenset[SecurityClass]
    echo: bool = False
    client_side: bool = False
    scheme_1_only: bool = True
    curve25519_only: bool = True
    raw: bytes = field(default=b"", repr=False, compare=False)
    """As it came: a confirmation repeats it bit for bit, unknown bits included."""

    def body(self) -> bytes:
        flags = (_ECHO if self.echo else 0) | (_CLIENT_SIDE if self.client_side else 0)
        return bytes((flags, _SCHEME_1, _CURVE25519, bits(self.keys)))


@dataclass(frozen=True, slots=True)
class KexReport:
    terms: Terms

    def serialize(self) -> bytes:
        return bytes((CLASS, 0x05)) + self.terms.body()

    def echo(self) -> bytes:
        raw = self.terms.raw
        return bytes((CLASS, 0x05, raw[0] | _ECHO)) + raw[1:]


@dataclass(frozen=True, slots=True)
class KexSet:
    terms: Terms

    def serialize(self) -> bytes:
        return bytes((CLASS, 0x06)) + self.terms.body()


@dataclass(frozen=True, slots=True)
class KexFail:
    failure: Failure | None
    """None: a number that has no meaning."""

    def serialize(self) -> bytes:
        assert self.failure is not None
        return bytes((CLASS, 0x07, self.failure.value))


@dataclass(frozen=True, slots=True)
class PublicKey:
    key: bytes = field(repr=False)
    """Its first two bytes may be blanked: they are the PIN."""
    including: bool = False

    def serialize(self) -> bytes:
        return bytes((CLASS, 0x08, 1 if self.including else 0)) + self.key


@dataclass(frozen=True, slots=True)
class KeyGet:
    wanted: SecurityClass | None
    """None: none, several or unknown ones at once."""

    def serialize(self) -> bytes:
        assert self.wanted is not None
        return bytes((CLASS, 0x09, self.wanted.value))


@dataclass(frozen=True, slots=True)
class KeyReport:
    of: SecurityClass
    key: NetworkKey

    def serialize(self) -> bytes:
        return bytes((CLASS, 0x0A, self.of.value)) + self.key.reveal()


@dataclass(frozen=True, slots=True)
class KeyVerify:
    def serialize(self) -> bytes:
        return VERIFY


@dataclass(frozen=True, slots=True)
class TransferEnd:
    verified: bool = False
    complete: bool = False

    def serialize(self) -> bytes:
        return bytes((CLASS, 0x0C, (2 if self.verified else 0) | (1 if self.complete else 0)))


Kex = KexReport | KexSet | KexFail | PublicKey | KeyGet | KeyReport | KeyVerify | TransferEnd


def decode(command: bytes) -> Kex | None:
    """Understand a command of the key exchange; None is another one.

    Raises:
        Garbled: it breaks the layout.
    """
    reader = Reader(command, "a key exchange command")
    if reader.u8() != CLASS:
        return None
    match reader.u8():
        case 0x05:
            return KexReport(_terms(reader))
        case 0x06:
            return KexSet(_terms(reader))
        case 0x07:
            return KexFail(_failure(reader.u8()))
        case 0x08:
            including = bool(reader.u8() & 1)
            return PublicKey(reader.take(PUBLIC_KEY), including)
        case 0x09:
            return KeyGet(_one(reader.u8()))
        case 0x0A:
            return _key_report(reader)
        case 0x0B:
            return KeyVerify()
        case 0x0C:
            flags = reader.u8()
            return TransferEnd(verified=bool(flags & 2), complete=bool(flags & 1))
        case _:
            return None


def _terms(reader: Reader) -> Terms:
    raw = reader.take(4)
    flags, schemes, curves, keys = raw
    return Terms(
        keys=classes(keys),
        echo=bool(flags & _ECHO),
        client_side=bool(flags & _CLIENT_SIDE),
        scheme_1_only=schemes == _SCHEME_1,
        curve25519_only=curves == _CURVE25519,
        raw=raw,
    )


def _key_report(reader: Reader) -> KeyReport:
    of = _one(reader.u8())
    if of is None:
        raise Garbled("a key report does not say of which class the key is")
    return KeyReport(of, NetworkKey(reader.take(KEY)))


def _failure(number: int) -> Failure | None:
    return next((each for each in Failure if each.value == number), None)


def _one(mask: int) -> SecurityClass | None:
    return next((each for each in SecurityClass if each.value == mask), None)
