from __future__ import annotations

from drivers.simulator.security.keys import (
    LADDER,
    NAMES,
    Label,
    Level,
    highest,
    mask,
    other,
    printed,
    s0_keys,
    s2_keys,
    smart_start_ids,
    temporary_keys,
    unmask,
)
from tests.drivers.simulator.security.vectors import h, vectors


def test_temporary_keys_follow_from_the_secret_and_both_public_keys() -> None:
    for each in vectors("ckdf_temp_extract_expand"):
        keys = temporary_keys(h(each["sharedSecret"]), h(each["pubKeyIncluding"]), h(each["pubKeyJoining"]))
        assert (keys.ccm, keys.personalization) == (h(each["tempKeyCCM"]), h(each["tempPersonalization"]))


def test_s2_keys_follow_from_the_network_key() -> None:
    for each in vectors("ckdf_network_key"):
        keys = s2_keys(h(each["pnk"]))
        assert (keys.ccm, keys.personalization) == (h(each["keyCCM"]), h(each["personalization"]))


def test_s0_keys_follow_from_the_network_key() -> None:
    for each in vectors("s0"):
        keys = s0_keys(h(each["networkKey"]))
        assert (keys.encryption, keys.authentication) == (h(each["encKey"]), h(each["authKey"]))


def test_two_devices_agree_on_the_same_secret() -> None:
    for each in vectors("x25519"):
        one, two = Label(h(each["privA"])), Label(h(each["privB"]))
        assert (one.public, two.public) == (h(each["pubA"]), h(each["pubB"]))
        assert one.agree(two.public) == two.agree(one.public) == h(each["shared"])


def test_the_label_shows_the_beginning_of_the_public_key() -> None:
    for each in vectors("dsk"):
        assert printed(h(each["publicKey"])) == each["dsk"]
        assert smart_start_ids(h(each["publicKey"])) == (h(each["nwiHomeId"]), h(each["authHomeId"]))


def test_a_device_keeps_its_label() -> None:
    label = Label.of("yale 2")
    assert label == Label.of("yale 2") != Label.of("yale 3")
    assert label.dsk == printed(label.public)
    assert label.dsk.startswith(f"{label.pin}-")
    assert label.home_ids == smart_start_ids(label.public)


def test_the_highest_class_is_not_the_highest_bit() -> None:
    assert highest([Level.S0, Level.S2_UNAUTHENTICATED]) is Level.S2_UNAUTHENTICATED
    assert highest(Level) is Level.S2_ACCESS_CONTROL
    assert highest([]) is None
    assert set(LADDER) == set(Level) == set(NAMES.values())


def test_classes_travel_as_bits() -> None:
    assert mask([Level.S2_ACCESS_CONTROL, Level.S0]) == 0x84
    assert unmask(0xFE) == {Level.S2_AUTHENTICATED, Level.S2_ACCESS_CONTROL, Level.S0}


def test_another_key_fits_nothing() -> None:
    key = bytes(range(16))
    assert other(key) != key
    assert len(other(key)) == 16


def test_keys_are_not_shown() -> None:
    shown = repr((s2_keys(b"k" * 16), s0_keys(b"k" * 16), Label(b"k" * 32)))
    assert "kkkk" not in shown
    assert "b'" not in shown
