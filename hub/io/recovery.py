"""The key on paper: shown once, it opens every later backup on any machine.

The hub keeps only the public half, so a running hub can lock backups for it and cannot open them with it.
"""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Rejected

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Source: crockford.com/base32.html: no I, L, O, U; on reading I and L are 1, O is 0.
_MEANT = str.maketrans("ILO", "110", "- \t\n")
_BYTES = 20
_CHECK_BITS = 20
# Source: RFC 9180.
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"gatehouse/1/recovery"


class RecoveryKey:
    """160 random bits, written as nine groups of four; the last group tells a slip of the pen."""

    __slots__ = ("_bits",)

    def __init__(self, bits: bytes) -> None:
        if len(bits) != _BYTES:
            raise ValueError("a recovery key is 160 bits")
        self._bits = bits

    @classmethod
    def draw(cls) -> RecoveryKey:
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def parse(cls, text: str) -> RecoveryKey:
        """As a person typed it: small letters, blanks and the usual mix-ups are forgiven.

        Raises:
            Rejected: this is no recovery key; something was mistyped.
        """
        letters = text.upper().translate(_MEANT)
        if len(letters) != 36 or any(letter not in _ALPHABET for letter in letters):
            raise Rejected("a recovery key is nine groups of four letters and digits")
        number = 0
        for letter in letters:
            number = number << 5 | _ALPHABET.index(letter)
        key = cls((number >> _CHECK_BITS).to_bytes(_BYTES))
        if number & ((1 << _CHECK_BITS) - 1) != key._check():
            raise Rejected("the recovery key is mistyped somewhere; compare it with the paper")
        return key

    def reveal(self) -> str:
        """For the one moment in which a person writes it down."""
        number = int.from_bytes(self._bits) << _CHECK_BITS | self._check()
        letters = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(36)))
        return "-".join(letters[start : start + 4] for start in range(0, 36, 4))

    @property
    def public(self) -> bytes:
        """To be kept by the hub; opens nothing."""
        return self._private().public_key().public_bytes_raw()

    def unlock(self, locked: bytes) -> bytes:
        """
        Raises:
            Rejected: it was locked for another key.
        """
        try:
            return _SUITE.decrypt(locked, self._private(), _INFO)
        except (InvalidTag, ValueError) as error:
            raise Rejected("this recovery key does not fit; it belongs to another backup") from error

    def __repr__(self) -> str:
        return "RecoveryKey(****)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a RecoveryKey is not written down by programs")

    def _private(self) -> X25519PrivateKey:
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(self._bits)
        return X25519PrivateKey.from_private_bytes(seed)

    def _check(self) -> int:
        return int.from_bytes(hashlib.sha256(_INFO + self._bits).digest()[:4]) >> (32 - _CHECK_BITS)


def lock_for(public: bytes, data: bytes) -> bytes:
    """Encrypt so that only the recovery key with this public half opens it."""
    return _SUITE.encrypt(data, X25519PublicKey.from_public_bytes(public), _INFO)
