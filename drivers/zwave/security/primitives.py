"""The four uses of AES-128 that Z-Wave makes. The cipher itself is that of `cryptography`."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.modes import OFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

BLOCK = 16
TAG = 8
"""Bytes of an S2 tag and of an S0 message authentication code."""


def cmac(key: bytes, message: bytes) -> bytes:
    """Source: NIST SP 800-38B."""
    mac = CMAC(AES128(key))
    mac.update(message)
    return mac.finalize()


def ecb(key: bytes, blocks: bytes) -> bytes:
    """Only ever used on values that never repeat."""
    encryptor = Cipher(AES128(key), ECB()).encryptor()  # noqa: S305 # the specification's own building block
    return encryptor.update(blocks) + encryptor.finalize()


def ofb(key: bytes, iv: bytes, text: bytes) -> bytes:
    """Both directions. Source: NIST SP 800-38A, 6.4; SDS10865, section 4."""
    encryptor = Cipher(AES128(key), OFB(iv)).encryptor()
    return encryptor.update(text) + encryptor.finalize()


def cbc_mac(key: bytes, message: bytes) -> bytes:
    """CBC-MAC over the message padded with zeros, cut to 8 bytes. Source: SDS10865, section 4."""
    padded = message + bytes(-len(message) % BLOCK)
    encryptor = Cipher(AES128(key), CBC(bytes(BLOCK))).encryptor()
    return (encryptor.update(padded) + encryptor.finalize())[-BLOCK:][:TAG]


def ccm_seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """Ciphertext and an 8-byte tag. Source: NIST SP 800-38C."""
    return AESCCM(key, tag_length=TAG).encrypt(nonce, plaintext, aad)


def ccm_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes | None:
    """None: not sealed with these."""
    try:
        return AESCCM(key, tag_length=TAG).decrypt(nonce, sealed, aad)
    except InvalidTag:
        return None


def same(left: bytes, right: bytes) -> bool:
    """In a time that does not depend on where they differ."""
    return hmac.compare_digest(left, right)
