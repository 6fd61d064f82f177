from __future__ import annotations

import pytest

from drivers.zwave.security.ctr_drbg import CtrDrbg

# Source: NIST CAVP, drbgvectors_pr_false/CTR_DRBG.txt, [AES-128 no df], no personalization, no additional input:
# entropy, entropy of the reseed, and the second 512 bits that are returned.
RESEEDED = [
    (
        "ed1e7f21ef66ea5d8e2a85b9337245445b71d6393a4eecb0e63c193d0f72f9a9",
        "303fb519f0a4e17d6df0b6426aa0ecb2a36079bd48be47ad2a8dbfe48da3efad",
        (
            "f80111d08e874672f32f42997133a5210f7a9375e22cea70587f9cfafebe0f6a"
            "6aa2eb68e7dd9164536d53fa020fcab20f54caddfab7d6d91e5ffec1dfd8deaa"
        ),
    ),
    (
        "eab5a9f23ceac9e4195e185c8cea549d6d97d03276225a7452763c396a7f70bf",
        "4258765c65a03af92fc5816f966f1a6644a6134633aad2d5d19bd192e4c1196a",
        (
            "2915c9fabfbf7c62d68d83b4e65a239885e809ceac97eb8ef4b64df59881c277"
            "d3a15e0e15b01d167c49038fad2f54785ea714366d17bb2f8239fd217d7e1cba"
        ),
    ),
    (
        "4465bf169297819160b8ef406ce768f70d094588322e8a214a8d67d55704931c",
        "a461f049fca9349c29f4aa4909a4d15d11e4ce72747ad5b0a7b1ca6d83f88ff1",
        (
            "1ed1079763fbe2dcfc65532d2f1db0e1ccd271a9c73b3479f16b0d3d993bc051"
            "6f4caf6f0185ecba912ebb8e42437e2016a6121459e64e82b414ba7f994a53bd"
        ),
    ),
]


@pytest.mark.parametrize(("entropy", "again", "returned"), RESEEDED)
def test_it_is_that_of_nist_after_a_reseed(entropy: str, again: str, returned: str) -> None:
    drbg = CtrDrbg(bytes.fromhex(entropy))
    drbg.update(bytes.fromhex(again))
    drbg.generate(64)
    assert drbg.generate(64).hex() == returned


def test_it_is_that_of_nist_without_a_reseed() -> None:
    # Source: NIST CAVP, drbgvectors_no_reseed/CTR_DRBG.txt, [AES-128 no df], COUNT = 0.
    drbg = CtrDrbg(bytes.fromhex("ce50f33da5d4c1d3d4004eb35244b7f2cd7f2e5076fbf6780a7ff634b249a5fc"))
    drbg.generate(64)
    assert drbg.generate(64).hex() == (
        "6545c0529d372443b392ceb3ae3a99a30f963eaf313280f1d1a1e87f9db373d3"
        "61e75d18018266499cccd64d9bbb8de0185f213383080faddec46bae1f784e5a"
    )


def test_a_copy_goes_its_own_way_from_the_same_place() -> None:
    drbg = CtrDrbg(bytes(range(32)))
    twin = drbg.copy()
    first = twin.generate(16)
    assert drbg.generate(16) == first
    assert drbg.generate(16) != first


def test_its_state_is_not_shown() -> None:
    assert repr(CtrDrbg(bytes(32))) == "CtrDrbg(•••)"
