"""The few operations everything else is made of; AES itself comes from `cryptography`.

Sources: NIST SP 800-38A (ECB, OFB, CBC), 800-38B (CMAC), 800-38C (CCM), 800-90A §10.2.1 (CTR_DRBG).
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK: Final = 16
TAG: Final = 8
"""Bytes of authentication, in S0 and in S2."""


def ecb(key: bytes, block: bytes) -> bytes:
    step = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  # one block of a construction
    return step.update(block) + step.finalize()


def xor(one: bytes, other: bytes) -> bytes:
    """As long as the shorter."""
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def ofb(key: bytes, iv: bytes, text: bytes) -> bytes:
    """Encrypts and decrypts."""
    stream, block = b"", iv
    while len(stream) < len(text):
        block = ecb(key, block)
        stream += block
    return xor(text, stream)


def cbc_mac(key: bytes, text: bytes) -> bytes:
    """Zero IV, zero padding, the first half of the last block (SDS10865 §4.4)."""
    state = bytes(BLOCK)
    for at in range(0, len(text), BLOCK):
        state = ecb(key, xor(state, text[at : at + BLOCK].ljust(BLOCK, b"\x00")))
    return state[:TAG]


def cmac(key: bytes, text: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(text)
    return mac.finalize()


def ccm_seal(key: bytes, nonce: bytes, text: bytes, beside: bytes) -> bytes:
    """Ciphertext and tag. `beside` is authenticated and travels in the clear."""
    return AESCCM(key, tag_length=TAG).encrypt(nonce, text, beside)


def ccm_open(key: bytes, nonce: bytes, sealed: bytes, beside: bytes) -> bytes | None:
    """None: another key, another nonce, or somebody changed it."""
    try:
        return AESCCM(key, tag_length=TAG).decrypt(nonce, sealed, beside)
    except InvalidTag:
        return None


class Drbg:
    """CTR_DRBG with AES-128 and without derivation function, reseeded never."""

    def __init__(self, seed: bytes) -> None:
        """`seed` is 32 bytes: the entropy already mixed with the personalization."""
        self._key, self._counter = bytes(BLOCK), 0
        self._update(seed)

    def _next(self) -> bytes:
        self._counter = (self._counter + 1) % (1 << 128)
        return ecb(self._key, self._counter.to_bytes(BLOCK, "big"))

    def _update(self, provided: bytes) -> None:
        fresh = xor(self._next() + self._next(), provided)
        self._key, self._counter = fresh[:BLOCK], int.from_bytes(fresh[BLOCK:], "big")

    def generate(self) -> bytes:
        """The next 16 bytes."""
        block = self._next()
        self._update(bytes(2 * BLOCK))
        return block

    def twin(self) -> Drbg:
        """Another one that will say the same."""
        other = Drbg.__new__(Drbg)
        other._key, other._counter = self._key, self._counter
        return other
