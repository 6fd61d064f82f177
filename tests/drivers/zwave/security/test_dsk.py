from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zwave.security.dsk import Dsk, with_pin
from hub.errors import Garbled
from tests.drivers.zwave.security.conftest import Vectors


def test_a_dsk_is_that_of_zwave_js(vectors: Vectors) -> None:
    for each in vectors["dsk"]:
        key = bytes.fromhex(each["publicKey"])
        dsk = Dsk(key[:16])
        assert (dsk.text, dsk.pin) == (each["dsk"], each["pin"])
        assert (dsk.joining_home.hex(), dsk.authentic_home.hex()) == (each["nwiHomeId"], each["authHomeId"])
        assert Dsk.parse(each["dsk"]) == dsk
        assert with_pin(bytes(2) + key[2:], each["pin"]) == key


def test_a_dsk_shows_everything_but_its_pin() -> None:
    dsk = Dsk.parse("35482-34440-06000-50357-42272-36071-20944-03784")
    assert repr(dsk) == "Dsk(•••••-34440-06000-50357-42272-36071-20944-03784)"
    assert "35482" not in f"{dsk}"


@given(st.binary(min_size=16, max_size=16))
def test_every_dsk_is_read_as_it_is_written(raw: bytes) -> None:
    assert Dsk.parse(Dsk(raw).text).reveal() == raw
    assert len({Dsk(raw), Dsk.parse(f"  {Dsk(raw).text.replace('-', ' ')} ")}) == 1


@pytest.mark.parametrize(
    "text", ["", "12345", "65536" + "-00000" * 7, "12345-" * 8, "1234x" + "-00000" * 7, "١٢٣٤٥" + "-00000" * 7]
)
def test_anything_else_is_no_dsk(text: str) -> None:
    with pytest.raises(Garbled):
        Dsk.parse(text)


@pytest.mark.parametrize("pin", ["", "1234", "123456", "65536", "abcde", "-1234"])
def test_anything_else_is_no_pin_and_is_not_repeated(pin: str) -> None:
    with pytest.raises(Garbled) as refused:
        with_pin(bytes(32), pin)
    assert not pin or pin not in str(refused.value)


def test_a_dsk_is_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Dsk(bytes(17))
