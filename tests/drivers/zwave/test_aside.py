from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.zwave import aside, keyring, known
from drivers.zwave.security.keys import export_keys
from hub.errors import Misconfigured, Rejected
from hub.model.facts import Alarm, RadioAlarm
from hub.model.values import Secret
from tests.drivers.zwave.fakes import House, virtual
from tests.drivers.zwave.joining.fakes import Pairing
from tests.drivers.zwave.test_keyring import OTHERS, said
from tests.drivers.zwave.test_secured import ACCESS, KEYS, Home, SecureLock


def unreadable(house: House) -> list[RadioAlarm]:
    return [alarm for alarm in house.alarms if alarm.alarm is Alarm.UNREADABLE]


@pytest.mark.parametrize(
    ("name", "words"),
    [("nodes.json", "What was known of the devices could not be read"), ("prepared.sealed", "Who is prepared")],
)
@virtual
async def test_what_cannot_be_read_is_kept_and_told_until_it_is_taken_away(
    tmp_path: Path, name: str, words: str
) -> None:
    home = Home(tmp_path, SecureLock())
    (tmp_path / name).write_bytes(b"bent")
    async with home.house.running() as driver:
        await driver.prepare(Secret("00001-00002-00003-00004-00005-00006-00007-00008"))
        (sentence,) = driver.survey().remarks
        assert sentence.startswith(words)
        assert f"{name}.unreadable-1" in sentence
    assert (tmp_path / f"{name}.unreadable-1").read_bytes() == b"bent"
    (told,) = unreadable(home.house)
    assert (told.note, told.over) == (f"{name}.unreadable-1", False)

    (tmp_path / name).write_bytes(b"bent again")
    home.hold(KEYS)
    async with home.house.running():
        pass
    assert (tmp_path / f"{name}.unreadable-1").read_bytes() == b"bent"
    assert (tmp_path / f"{name}.unreadable-2").read_bytes() == b"bent again"
    assert unreadable(home.house)[-1].note == f"{name}.unreadable-1, {name}.unreadable-2"

    for left in aside.lying(tmp_path):
        (tmp_path / left).unlink()
    home.hold(KEYS)
    async with home.house.running() as driver:
        assert driver.survey().remarks == ()
    assert unreadable(home.house)[-1].over


@virtual
async def test_an_import_beside_unread_devices_needs_the_same_words_as_one_that_parts_them(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    keyring.save(KEYS, home.house.host)
    (tmp_path / "nodes.json").write_bytes(b"bent")
    with pytest.raises(Rejected, match=r"cannot be known which keys are in use.*to give them up"):
        await home.house.driver.import_keys(Secret(export_keys(OTHERS)))
    assert keyring.load(None, home.house.host) == KEYS
    await home.house.driver.import_keys(Secret(export_keys({ACCESS: KEYS[ACCESS]})))
    await home.house.driver.import_keys(Secret(said(OTHERS, replace=True)))
    assert keyring.load(None, home.house.host) == OTHERS


@virtual
async def test_keys_that_the_hub_does_not_have_are_taken_over_all_the_same(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    (tmp_path / "nodes.json").write_bytes(b"bent")
    home.hold({})
    await home.house.driver.import_keys(Secret(export_keys(KEYS)))
    assert keyring.load(None, home.house.host) == KEYS


@virtual
async def test_a_settings_file_beside_unread_devices_keeps_the_driver_off_as_well(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    keyring.save(KEYS, home.house.host)
    (tmp_path / "nodes.json").write_bytes(b"bent")
    file = tmp_path / "old-host.json"
    file.write_text(export_keys(OTHERS))
    with pytest.raises(Misconfigured, match="cannot be known which keys are in use"):
        keyring.load(file, home.house.host)


@virtual
async def test_a_lock_is_learnt_again_with_the_key_it_holds(tmp_path: Path) -> None:
    home = Home(tmp_path, SecureLock())
    async with home.house.running(settle=10):
        pass
    before = known.load(tmp_path)
    (tmp_path / "nodes.json").write_bytes(b"bent")
    home.hold(KEYS)
    async with home.house.running(settle=10):
        await asyncio.sleep(5)
    after = known.load(tmp_path)
    assert before is not None
    assert after is not None
    assert after.nodes == before.nodes


@virtual
async def test_a_sealed_list_of_another_hub_is_kept(tmp_path: Path) -> None:
    pairing = Pairing(tmp_path)
    (tmp_path / "prepared.sealed").write_bytes(b"{}garbage")
    async with pairing.running():
        pass
    assert (tmp_path / "prepared.sealed.unreadable-1").read_bytes() == b"{}garbage"


def test_a_file_that_can_neither_be_read_nor_renamed_keeps_the_driver_off(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nodes\.json can neither be read nor renamed"):
        aside.put(tmp_path / "gone" / "nodes.json", ValueError())
