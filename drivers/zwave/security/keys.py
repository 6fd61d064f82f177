"""The keys of a network: what they are called, what is derived from them, and how they arrive from another host."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NoReturn

from drivers.zwave.security.primitives import cmac, ecb, same
from hub.errors import Garbled

KEY = 16
Randomness = Callable[[int], bytes]
"""That many bytes that nobody can foresee."""


class SecurityClass(Enum):
    """The value is the bit in KEX Report and KEX Set. Source: ZW_classcmd.h, KEX_REPORT requested keys."""

    S2_UNAUTHENTICATED = 0x01
    S2_AUTHENTICATED = 0x02
    S2_ACCESS_CONTROL = 0x04
    S0 = 0x80

    @property
    def is_s2(self) -> bool:
        return self is not SecurityClass.S0

    @property
    def needs_pin(self) -> bool:
        """Whether a person must have read the device's label before it gets this key."""
        return self in {SecurityClass.S2_AUTHENTICATED, SecurityClass.S2_ACCESS_CONTROL}


STRONGEST_FIRST = (
    SecurityClass.S2_ACCESS_CONTROL,
    SecurityClass.S2_AUTHENTICATED,
    SecurityClass.S2_UNAUTHENTICATED,
    SecurityClass.S0,
)


def classes(bits: int) -> frozenset[SecurityClass]:
    """Bits that no class has are left out."""
    return frozenset(each for each in SecurityClass if bits & each.value)


def bits(of: frozenset[SecurityClass]) -> int:
    return sum(each.value for each in of)


class NetworkKey:
    """Sixteen bytes that open every lock of their class. Never shown, never pickled, never copied into a log.

    Raises:
        ValueError: not 16 bytes. The message does not repeat them.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY:
            raise ValueError("a network key is 16 bytes")
        self._key = bytes(key)

    def reveal(self) -> bytes:
        """For the joining device, for the derivations below, and for the sealed file."""
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworkKey) and same(self._key, other._key)

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return "NetworkKey(•••)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a network key is not pickled")


@dataclass(frozen=True, slots=True)
class S2Keys:
    """What encrypts: of one security class, or of one key exchange, which has no multicast."""

    ccm: bytes = field(repr=False)
    personalization: bytes = field(repr=False)
    mpan: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class S0Keys:
    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)


def temp_keys(shared_secret: bytes, including: bytes, joining: bytes) -> S2Keys:
    """The keys of one key exchange, from the ECDH secret and both public keys.

    Source: the S2 chapter of the Z-Wave specification, "CKDF-TempExtract" and "CKDF-TempExpand".
    """
    prk = cmac(b"\x33" * 16, shared_secret + including + joining)
    t1, t2, t3 = _expand(prk, 0x88, 3)
    return S2Keys(ccm=t1, personalization=t2 + t3)


def s2_keys(key: NetworkKey) -> S2Keys:
    """Source: the S2 chapter of the Z-Wave specification, "CKDF-NetworkKeyExpand"."""
    t1, t2, t3, t4 = _expand(key.reveal(), 0x55, 4)
    return S2Keys(ccm=t1, personalization=t2 + t3, mpan=t4)


def s0_keys(key: NetworkKey) -> S0Keys:
    """Source: SDS10865, section 4: the password blocks AA… and 55…"""
    return S0Keys(encryption=ecb(key.reveal(), b"\xaa" * 16), authentication=ecb(key.reveal(), b"\x55" * 16))


S0_JOINING = NetworkKey(bytes(KEY))
"""The key under which the S0 network key itself is sent: known to everybody (CVE-2013-20003)."""


def _expand(key: bytes, constant: int, count: int) -> list[bytes]:
    blocks: list[bytes] = []
    last = b""
    for number in range(1, count + 1):
        last = cmac(key, last + bytes((constant,)) * 15 + bytes((number,)))
        blocks.append(last)
    return blocks


# The names zwave-js and Home Assistant give them.
_NAMES = {
    "S0_Legacy": SecurityClass.S0,
    "S2_Unauthenticated": SecurityClass.S2_UNAUTHENTICATED,
    "S2_Authenticated": SecurityClass.S2_AUTHENTICATED,
    "S2_AccessControl": SecurityClass.S2_ACCESS_CONTROL,
}


def import_keys(text: str | bytes) -> dict[SecurityClass, NetworkKey]:
    """Read `{"S0_Legacy": hex, "S2_Unauthenticated": hex, …}`; not all four need be there.

    Raises:
        Garbled: it is something else. The sentence names the key at fault and never shows any.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise Garbled("the key file is not JSON") from None  # the parser's own sentence could quote a key
    if not isinstance(parsed, dict) or not parsed:
        raise Garbled("the key file names no keys")
    found: dict[SecurityClass, NetworkKey] = {}
    for name, value in parsed.items():
        if name not in _NAMES:
            raise Garbled(f"the key file has an entry that is not one of {', '.join(_NAMES)}")
        found[_NAMES[name]] = _key(name, value)
    if len(set(found.values())) != len(found):
        raise Garbled("the key file gives two security classes the same key")
    return found


def export_keys(keys: Mapping[SecurityClass, NetworkKey]) -> str:
    """The same form, for the one time it is shown and for sealing at rest."""
    return json.dumps({name: keys[each].reveal().hex() for name, each in _NAMES.items() if each in keys})


def generate_keys(randomness: Randomness) -> dict[SecurityClass, NetworkKey]:
    return {each: NetworkKey(randomness(KEY)) for each in STRONGEST_FIRST}


def _key(name: str, value: object) -> NetworkKey:
    try:
        return NetworkKey(bytes.fromhex(value if isinstance(value, str) else ""))
    except ValueError:
        raise Garbled(f"the key {name} is not 32 hexadecimal digits") from None
