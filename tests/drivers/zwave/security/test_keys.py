from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security.keys import (
    S0_JOINING,
    NetworkKey,
    SecurityClass,
    bits,
    classes,
    export_keys,
    generate_keys,
    import_keys,
    s0_keys,
    s2_keys,
    temp_keys,
)
from hub.errors import Garbled
from tests.drivers.zwave.security.conftest import Vectors

KEY = "0102030405060708090a0b0c0d0e0f10"
OTHER = "f0" * 16


def test_the_keys_of_a_class_are_those_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["ckdf_network_key"]:
        keys = s2_keys(NetworkKey(bytes.fromhex(each["pnk"])))
        assert keys.ccm.hex() == each["keyCCM"]
        assert keys.personalization.hex() == each["personalization"]
        assert keys.mpan is not None
        assert keys.mpan.hex() == each["keyMPAN"]


def test_the_keys_of_an_exchange_are_those_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["ckdf_temp_extract_expand"]:
        parts = (bytes.fromhex(each[name]) for name in ("sharedSecret", "pubKeyIncluding", "pubKeyJoining"))
        keys = temp_keys(*parts)
        assert (keys.ccm.hex(), keys.personalization.hex()) == (each["tempKeyCCM"], each["tempPersonalization"])
        assert keys.mpan is None


def test_the_old_keys_are_those_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["s0"]:
        keys = s0_keys(NetworkKey(bytes.fromhex(each["networkKey"])))
        assert (keys.authentication.hex(), keys.encryption.hex()) == (each["authKey"], each["encKey"])


def test_a_key_never_shows_itself() -> None:
    key = NetworkKey(bytes.fromhex(KEY))
    assert {repr(key), str(key), f"{key}", f"{key:>3}", f"{[key]}"[1:-1]} == {"NetworkKey(•••)"}
    assert "•" not in repr(s2_keys(key))
    assert key.reveal().hex() == KEY
    for derived in (s2_keys(key), s0_keys(key)):
        assert "=" not in repr(derived)


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(NetworkKey(bytes(16)))


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        NetworkKey(bytes(15))


def test_keys_are_equal_by_what_they_are() -> None:
    assert NetworkKey(bytes(16)) == S0_JOINING
    assert len({NetworkKey(bytes(16)), S0_JOINING, NetworkKey(bytes.fromhex(KEY))}) == 2


def test_keys_come_from_zwave_js_and_go_back_unchanged() -> None:
    text = json.dumps(
        {
            "S0_Legacy": KEY,
            "S2_Unauthenticated": "11" * 16,
            "S2_Authenticated": "22" * 16,
            "S2_AccessControl": "33" * 16,
        }
    )
    keys = import_keys(text)
    assert keys[SecurityClass.S0].reveal().hex() == KEY
    assert keys[SecurityClass.S2_ACCESS_CONTROL].reveal() == b"\x33" * 16
    assert json.loads(export_keys(keys)) == json.loads(text)


def test_not_every_key_must_be_there() -> None:
    assert set(import_keys(json.dumps({"S0_Legacy": KEY}))) == {SecurityClass.S0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "1",
        KEY,
        "[" * 100_000,
        json.dumps({"S0_Legacy": KEY + "0"}),
        json.dumps({"S0_Legacy": OTHER[2:]}),
        json.dumps({"S0_Legacy": 5}),
        json.dumps({"S0": KEY}),
        json.dumps({KEY: KEY}),
        json.dumps({"S0_Legacy": KEY, "S2_AccessControl": KEY}),
    ],
)
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Garbled) as refused:
        import_keys(text)
    assert KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(st.one_of(st.text(), st.binary(), st.dictionaries(st.text(), st.text()).map(json.dumps)))
def test_reading_keys_raises_nothing_but_garbled(text: str | bytes) -> None:
    try:
        import_keys(text)
    except Garbled:
        return


def test_new_keys_are_four_different_ones() -> None:
    numbers = iter(range(1, 9))
    keys = generate_keys(lambda length: bytes((next(numbers),)) * length)
    assert set(keys) == set(SecurityClass)
    assert len(set(keys.values())) == 4


def test_classes_are_bits() -> None:
    assert bits(frozenset(SecurityClass)) == 0x87
    assert classes(0xFF) == frozenset(SecurityClass)
    assert classes(0x84) == {SecurityClass.S0, SecurityClass.S2_ACCESS_CONTROL}
    assert [each for each in SecurityClass if each.needs_pin] == [
        SecurityClass.S2_AUTHENTICATED,
        SecurityClass.S2_ACCESS_CONTROL,
    ]
    assert not SecurityClass.S0.is_s2
