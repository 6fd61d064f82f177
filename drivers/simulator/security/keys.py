"""Security classes, what is derived from their keys, and the number on a device's label."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from drivers.simulator.security.primitives import cmac, ecb, xor

KEY: Final = 16
PUBLIC_KEY: Final = 32
Randomness = Callable[[int], bytes]
"""So many bytes, different ones each time."""


class Level(Enum):
    """A security class. The value is its bit in KEX Report, KEX Set and Network Key Get (ZW_classcmd.h)."""

    S2_UNAUTHENTICATED = 0x01
    S2_AUTHENTICATED = 0x02
    S2_ACCESS_CONTROL = 0x04
    S0 = 0x80


LADDER: Final = (Level.S2_ACCESS_CONTROL, Level.S2_AUTHENTICATED, Level.S2_UNAUTHENTICATED, Level.S0)
"""Highest first."""
NAMES: Final = {
    "S2_AccessControl": Level.S2_ACCESS_CONTROL,
    "S2_Authenticated": Level.S2_AUTHENTICATED,
    "S2_Unauthenticated": Level.S2_UNAUTHENTICATED,
    "S0_Legacy": Level.S0,
}
"""As key files of zwave-js and Home Assistant have them."""
CALLED: Final = {level: name for name, level in NAMES.items()}


def highest(levels: Iterable[Level]) -> Level | None:
    return min(levels, key=LADDER.index, default=None)


def mask(levels: Iterable[Level]) -> int:
    return sum(level.value for level in levels)


def unmask(bits: int) -> frozenset[Level]:
    """Bits without a meaning are left out."""
    return frozenset(level for level in Level if bits & level.value)


@dataclass(frozen=True, slots=True)
class S2Keys:
    ccm: bytes = field(repr=False)
    personalization: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class S0Keys:
    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)


def _chain(key: bytes, constant: int) -> tuple[bytes, bytes, bytes]:
    """The three first steps of CKDF-TempExpand and CKDF-NetworkKeyExpand; they differ in the constant only."""
    told = bytes((constant,)) * 15
    first = cmac(key, told + b"\x01")
    second = cmac(key, first + told + b"\x02")
    return first, second, cmac(key, second + told + b"\x03")


def s2_keys(network_key: bytes) -> S2Keys:
    """CKDF-NetworkKeyExpand; the fourth step is for multicast, which these devices leave alone."""
    ccm, *personalization = _chain(network_key, 0x55)
    return S2Keys(ccm, b"".join(personalization))


def temporary_keys(secret: bytes, including: bytes, joining: bytes) -> S2Keys:
    """CKDF-TempExtract and CKDF-TempExpand, from the shared secret and both public keys."""
    ccm, *personalization = _chain(cmac(b"\x33" * 16, secret + including + joining), 0x88)
    return S2Keys(ccm, b"".join(personalization))


def s0_keys(network_key: bytes) -> S0Keys:
    """SDS10865 §4.3: two fixed words encrypted with the network key."""
    return S0Keys(ecb(network_key, b"\xaa" * 16), ecb(network_key, b"\x55" * 16))


def other(key: bytes) -> bytes:
    """A key that fits nothing."""
    return xor(key, b"\xff" * len(key))


def printed(public: bytes) -> str:
    """The DSK: eight groups of five digits, of which the first is the PIN."""
    return "-".join(f"{int.from_bytes(public[at : at + 2], 'big'):05}" for at in range(0, 16, 2))


def smart_start_ids(public: bytes) -> tuple[bytes, bytes]:
    """The home ids by which a device is known before it has a network: NWI and Auth.

    Source: zwave-js, core/src/dsk/index.ts; numbers as in its vectors.
    """
    nwi, auth = bytearray(public[8:12]), bytearray(public[12:16])
    nwi[0] |= 0xC0
    nwi[3] &= 0xFE
    auth[0] &= 0x3F
    auth[3] |= 0x01
    return bytes(nwi), bytes(auth)


@dataclass(frozen=True, slots=True)
class Label:
    """A device's own pair of keys. The beginning of the public one is printed on its housing: DSK and PIN."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, what: str) -> Label:
        """The same device has the same label each time."""
        return cls(sha256(f"simulated device {what}".encode()).digest())

    @property
    def public(self) -> bytes:
        return X25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()

    @property
    def dsk(self) -> str:
        return printed(self.public)

    @property
    def pin(self) -> str:
        return self.dsk[:5]

    @property
    def home_ids(self) -> tuple[bytes, bytes]:
        return smart_start_ids(self.public)

    def agree(self, theirs: bytes) -> bytes:
        """Raises ValueError: a public key that would give away the secret."""
        return X25519PrivateKey.from_private_bytes(self.secret).exchange(X25519PublicKey.from_public_bytes(theirs))
