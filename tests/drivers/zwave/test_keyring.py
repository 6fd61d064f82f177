from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path

import pytest

from drivers.zwave import keyring
from drivers.zwave.member import NEEDS_KEY
from drivers.zwave.security.keys import STRONGEST_FIRST, NetworkKey, SecurityClass, export_keys
from hub.contracts.radio import Wish
from hub.errors import Garbled, Misconfigured, Rejected
from hub.model.facts import CodesChanged, LockSilent
from hub.model.values import Address, Pin, Secret
from tests.drivers.zwave.fakes import FakeLock, FakeStick, House, notification, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.joining.newcomer import DSK
from tests.drivers.zwave.test_secured import ACCESS, AUTH, KEYS, S0, Home, SecureLock

TWO = Address("2")
OTHERS = {each: NetworkKey(bytes((0x80 + nth,)) * 16) for nth, each in enumerate(STRONGEST_FIRST)}


def said(keys: dict[SecurityClass, NetworkKey], **more: object) -> str:
    return json.dumps({**json.loads(export_keys(keys)), **more})


# ---- making them -------------------------------------------------------------------------------------------------------


@virtual
async def test_keys_are_made_when_the_first_device_joins_and_not_before(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    async with pairing.running() as radio:
        with pytest.raises(Rejected, match="no network keys yet"):
            radio.export_keys()
        assert not (tmp_path / "keys.sealed").exists()
        radio.joining.begin(Wish.REMOVE)
        pairing.cancel()
        await pairing.ended()
        assert not (tmp_path / "keys.sealed").exists()
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
        made = json.loads(radio.export_keys().reveal())
    assert len(made) == len(set(made.values())) == 4
    assert (tmp_path / "keys.sealed").stat().st_mode & 0o777 == 0o600
    assert export_keys(keyring.load(None, pairing.house.host)) == json.dumps(made)
    assert pairing.newcomer.held == {each: keyring.load(None, pairing.house.host)[each] for each in (ACCESS, AUTH)}


@virtual
async def test_a_network_that_has_keys_of_another_host_gets_no_new_ones_silently(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, locks=[SecureLock()])
    async with pairing.running(settle=10) as radio:
        with pytest.raises(Rejected, match=r"\(2\) hold keys that the hub lacks"):
            radio.joining.begin(Wish.ADD)
        with pytest.raises(Rejected, match=r"\(2\) hold keys that the hub lacks"):
            await radio.prepare(Secret(DSK.text))
        assert not (tmp_path / "keys.sealed").exists()
        await radio.import_keys(Secret(export_keys(KEYS)))
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
    assert pairing.newcomer.held == {each: KEYS[each] for each in (ACCESS, AUTH)}


@virtual
async def test_what_an_import_leaves_out_is_made(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    await pairing.radio.import_keys(Secret(export_keys({ACCESS: KEYS[ACCESS]})))
    async with pairing.running() as radio:
        radio.joining.begin(Wish.ADD, label=Secret(DSK.text))
        await pairing.ended()
        made = json.loads(radio.export_keys().reveal())
    assert made["S2_AccessControl"] == KEYS[ACCESS].reveal().hex()
    assert len(made) == 4


# ---- taking them over --------------------------------------------------------------------------------------------------


@virtual
async def test_locks_are_met_as_soon_as_their_keys_are_imported(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    home.hold({})
    async with home.house.running(settle=10) as driver:
        assert driver.locks[TWO].keypad is None
        await driver.import_keys(Secret(export_keys(KEYS)))
        await asyncio.sleep(10)
        assert driver.locks[TWO].keypad is not None


@virtual
async def test_an_import_does_not_part_joined_devices_from_the_network_unless_told(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running(settle=10) as driver:
        with pytest.raises(Rejected, match="S2_ACCESS_CONTROL"):
            await driver.import_keys(Secret(said(OTHERS)))
        assert json.loads(driver.export_keys().reveal()) == json.loads(export_keys(KEYS))
        await driver.import_keys(Secret(export_keys({**OTHERS, ACCESS: KEYS[ACCESS]})))
        await driver.import_keys(Secret(said(OTHERS, replace=True)))
        assert driver.export_keys() == Secret(export_keys(OTHERS))


@virtual
async def test_a_hub_at_rest_does_not_part_joined_devices_from_the_network_either(tmp_path: Path) -> None:
    """`gatehouse zwave keys import` while the hub is stopped: the driver is made and never run."""
    home = Home(tmp_path, SecureLock())
    keyring.save(KEYS, home.house.host)
    async with home.house.running(settle=10):
        pass
    home.hold(keyring.load(None, home.house.host))
    with pytest.raises(Rejected, match="S2_ACCESS_CONTROL"):
        await home.house.driver.import_keys(Secret(export_keys(OTHERS)))
    assert keyring.load(None, home.house.host) == KEYS


@virtual
async def test_replaced_keys_count_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    home.lock.codes[7] = (1, b"7777")
    async with home.house.running(settle=10) as driver:
        before = len(home.lock.heard)
        await driver.import_keys(Secret(said(OTHERS, replace=True)))
        assert driver.locks[TWO].keypad is None
        home.lock.waiting.append(notification(0x0D, bytes.fromhex("630301")))
        home.say(home.lock.flush())
        await asyncio.sleep(60)
        assert not home.house.told(CodesChanged), "it was said under a key that the network no longer has"
        assert len(home.lock.heard) == before
        assert home.house.told(LockSilent)[-1].why == NEEDS_KEY
        await driver.import_keys(Secret(said(KEYS, replace=True)))
        await asyncio.sleep(20)
        keypad = driver.locks[TWO].keypad
        assert keypad is not None
        assert (await keypad.read(7)).pin == Pin("7777")


@virtual
async def test_keys_replaced_in_the_middle_of_an_interview_end_it(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running(settle=0.3) as driver:
        assert 0 < len(home.lock.heard) < 8
        await driver.import_keys(Secret(said(OTHERS, replace=True)))
        await asyncio.sleep(60)
        assert driver.locks[TWO].keypad is None
        await driver.import_keys(Secret(said(KEYS, replace=True)))
        await asyncio.sleep(20)
        assert driver.locks[TWO].keypad is not None
    assert all(frame.startswith("9f") or bytes.fromhex(frame) in home.lock.heard for frame in home.lock.received)


@virtual
async def test_half_of_the_keys_is_not_made_up_for_beside_a_stranger(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path, locks=[SecureLock()])
    async with pairing.running(settle=10) as radio:
        await radio.import_keys(Secret(export_keys({S0: KEYS[S0]})))
        with pytest.raises(Rejected, match=r"\(2\) hold keys that the hub lacks"):
            radio.joining.begin(Wish.ADD)
        assert json.loads(radio.export_keys().reveal()) == json.loads(export_keys({S0: KEYS[S0]}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"S2": "00"}', '{"S0_Legacy": "00ff"}', '{"replace": true}'])
def test_an_import_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Garbled) as why:
        keyring.merge(KEYS, text, set())
    assert "00ff" not in str(why.value)


def test_an_import_may_not_give_two_classes_one_key() -> None:
    with pytest.raises(Rejected, match="same key"):
        keyring.merge({S0: KEYS[S0]}, export_keys({ACCESS: KEYS[S0]}), set())


@virtual
async def test_an_import_that_is_refused_is_the_callers_to_show(tmp_path: Path) -> None:
    driver = House(tmp_path, FakeStick([FakeLock()])).driver
    with pytest.raises(Rejected, match="not JSON"):
        await driver.import_keys(Secret("nonsense"))


@virtual
async def test_a_file_that_stays_named_in_the_settings_loses_no_key_that_was_made(tmp_path: Path) -> None:
    file = tmp_path / "old-host.json"
    file.write_text(export_keys({ACCESS: KEYS[ACCESS]}))
    host = House(tmp_path, FakeStick([])).host
    keys = keyring.load(file, host)
    keyring.complete(keys, (), host, secrets.token_bytes)
    assert len(keys) == 4
    assert keyring.load(file, host) == keys


@virtual
async def test_a_file_with_other_keys_than_joined_devices_hold_keeps_the_driver_off(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    keyring.save(KEYS, home.house.host)
    async with home.house.running(settle=10):
        pass
    file = tmp_path / "old-host.json"
    file.write_text(said(OTHERS))
    with pytest.raises(Misconfigured, match="hold another key"):
        keyring.load(file, home.house.host)
    file.write_text(said(OTHERS, replace=True))
    assert keyring.load(file, home.house.host) == OTHERS
