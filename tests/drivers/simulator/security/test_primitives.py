"""Against numbers that zwave-js 15.29 computed, and those of NIST."""

from __future__ import annotations

from drivers.simulator.security.primitives import Drbg, cbc_mac, ccm_open, ccm_seal, cmac, ecb, ofb
from tests.drivers.simulator.security.vectors import h, vectors


def test_aes_encrypts_the_block_of_sp_800_38a() -> None:
    key, block = h("2b7e151628aed2a6abf7158809cf4f3c"), h("6bc1bee22e409f96e93d7e117393172a")
    assert ecb(key, block) == h("3ad77bb40d7a3660a89ecaf32466ef97")  # F.1.1


def test_ofb_encrypts_the_blocks_of_sp_800_38a() -> None:
    key, iv = h("2b7e151628aed2a6abf7158809cf4f3c"), h("000102030405060708090a0b0c0d0e0f")
    plain = h("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    sealed = h("3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825")  # F.4.1
    assert ofb(key, iv, plain) == sealed
    assert ofb(key, iv, sealed) == plain


def test_cmac() -> None:
    assert all(cmac(h(each["key"]), h(each["msg"])) == h(each["mac"]) for each in vectors("cmac"))


def test_ccm_seals_and_opens() -> None:
    for each in vectors("ccm"):
        key, nonce, beside = h(each["key"]), h(each["nonce"]), h(each["aad"])
        sealed = h(each["ciphertext"]) + h(each["tag8"])
        assert ccm_seal(key, nonce, h(each["plaintext"]), beside) == sealed
        assert ccm_open(key, nonce, sealed, beside) == h(each["plaintext"])
        assert ccm_open(key, nonce, sealed, beside + b"\x00") is None


def test_the_s0_code_pads_with_zeros() -> None:
    for each in vectors("s0"):
        iv, text = h(each["senderNonce"]) + h(each["receiverNonce"]), h(each["ciphertext"])
        beside = iv + bytes((0x81, each["src"], each["dst"], len(text)))
        assert cbc_mac(h(each["authKey"]), beside + text) == h(each["mac8"])


def test_a_twin_says_the_same_and_goes_its_own_way() -> None:
    one = Drbg(bytes(range(32)))
    other = one.twin()
    said = [one.generate(), one.generate()]
    assert [other.generate(), other.generate()] == said
    assert one.generate() not in said
