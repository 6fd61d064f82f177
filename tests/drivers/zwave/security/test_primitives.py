from __future__ import annotations

import pytest

from drivers.zwave.security.primitives import cbc_mac, ccm_open, ccm_seal, cmac, ecb, ofb
from tests.drivers.zwave.security.conftest import Vectors

NIST_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NIST_TEXT = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("length", "mac"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_cmac_is_that_of_nist_sp_800_38b_appendix_d1(length: int, mac: str) -> None:
    assert cmac(NIST_KEY, NIST_TEXT[:length]).hex() == mac


def test_ecb_is_that_of_nist_sp_800_38a_f11() -> None:
    assert ecb(NIST_KEY, NIST_TEXT[:16]).hex() == "3ad77bb40d7a3660a89ecaf32466ef97"


def test_ofb_is_that_of_nist_sp_800_38a_f41() -> None:
    text = ofb(NIST_KEY, bytes(range(16)), NIST_TEXT[:32])
    assert text.hex() == "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"


def test_ccm_is_that_of_nist_sp_800_38c_example_3() -> None:
    key, nonce, aad, plain = (
        bytes(range(0x40, 0x50)),
        bytes(range(0x10, 0x1C)),
        bytes(range(20)),
        bytes(range(0x20, 0x38)),
    )
    sealed = ccm_seal(key, nonce, aad, plain)
    assert sealed.hex() == "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951"
    assert ccm_open(key, nonce, aad, sealed) == plain
    assert ccm_open(key, nonce, aad + b"\x00", sealed) is None


def test_cmac_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["cmac"]:
        assert cmac(bytes.fromhex(each["key"]), bytes.fromhex(each["msg"])).hex() == each["mac"]


def test_ccm_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["ccm"]:
        key, nonce, aad, plain = (bytes.fromhex(each[name]) for name in ("key", "nonce", "aad", "plaintext"))
        assert ccm_seal(key, nonce, aad, plain).hex() == each["ciphertext"] + each["tag8"]


def test_a_cbc_mac_of_one_block_is_the_start_of_its_encryption() -> None:
    assert cbc_mac(NIST_KEY, NIST_TEXT[:16]) == bytes.fromhex("3ad77bb40d7a3660")
    assert cbc_mac(NIST_KEY, b"\x01") == cbc_mac(NIST_KEY, b"\x01" + bytes(15))
