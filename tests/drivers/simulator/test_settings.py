from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.simulator import Config
from drivers.simulator.models import MODELS
from drivers.simulator.settings import LockSettings
from tests.drivers.simulator.world import a_lock


@pytest.mark.parametrize("listen", ["127.0.0.1:5555", "127.0.0.1:0", "localhost:1", "[::1]:5555", "pty:/run/stick"])
def test_places_on_this_machine_are_taken(listen: str) -> None:
    assert Config(listen=listen).listen == listen


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        ("0.0.0.0:5555", "loopback only"),
        ("192.168.1.4:5555", "loopback only"),
        (":5555", "loopback only"),
        ("stick.example:5555", "loopback only"),
        ("127.0.0.1", "write it as"),
        ("127.0.0.1:x", "write it as"),
        ("127.0.0.1:65536", "write it as"),
        ("pty:stick", "absolute path"),
    ],
)
def test_other_places_are_refused_with_the_cure(listen: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Config(listen=listen)


@pytest.mark.parametrize("address", ["1", "0", "233", "x", "02", "-2", "٢"])
def test_an_address_is_a_node_that_a_lock_can_have(address: str) -> None:
    with pytest.raises(ValidationError, match="a node is a number from 2 to 232"):
        LockSettings(address=address, model="yale")


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="schlage, kwikset, yale, yale-zw3"):
        LockSettings(address="2", model="yael")


def test_two_locks_cannot_have_one_node() -> None:
    lock = LockSettings(address="2", model="yale")
    with pytest.raises(ValidationError, match="two locks have the node 2"):
        Config(locks=(lock, lock))


def test_version_1_cannot_have_more_slots_than_it_can_name() -> None:
    with pytest.raises(ValidationError, match="255 slots"):
        LockSettings(address="2", model="yale", slots=256)
    assert LockSettings(address="2", model="yale", slots=256, user_code=2).slot_count == 256


@pytest.mark.parametrize(
    "told", [{"delays": 1}, {"delay": -1}, {"locks": [{"address": "2", "model": "yale", "quirks": {"lose": 1}}]}]
)
def test_what_it_does_not_know_or_cannot_be_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Config(**told)


def test_the_readme_s_example_is_understood() -> None:
    readme = (Path(__file__).parents[3] / "drivers/simulator/README.md").read_text()
    example = readme.split("```toml\n")[1].split("```")[0]
    told = tomllib.loads(example)["drivers"]["simulator"]
    config = Config(**told)
    assert config.locks[0].quirks.masked
    assert set(told) == set(Config.model_fields)


@pytest.mark.parametrize("model", MODELS)
def test_the_readme_names_every_model(model: str) -> None:
    readme = (Path(__file__).parents[3] / "drivers/simulator/README.md").read_text()
    assert f"| `{model}` | {MODELS[model].name} |" in readme


def test_the_facts_of_the_four_brands() -> None:
    known = {(each.brand, each.label): each for each in MODELS.values()}
    schlage = known["Schlage", "BE469ZP"]
    assert (schlage.manufacturer, schlage.product_type, schlage.product_id, schlage.slots) == (0x3B, 1, 0x469, 30)
    kwikset = known["Kwikset", "914"]
    assert (kwikset.manufacturer, kwikset.product_type, kwikset.product_id) == (0x90, 3, 0x440)
    yale = known["Yale", "YRD256"]
    assert (yale.manufacturer, yale.product_type, yale.product_id, yale.slots) == (0x129, 0x8002, 0x600, 250)
    assert yale.admin_slot == 251
    august = known["August", "ASL-03"]
    assert (august.manufacturer, august.product_type, august.product_id, august.slots) == (0x33F, 1, 1, 0)


@pytest.mark.parametrize(
    "told",
    [
        {"keys": {"S0_Legacy": "5a5a5a"}},
        {"keys": {"S0": "5a" * 16}},
        {"locks": [{"address": "2", "model": "yale", "secret": "5a5a5a"}]},
        {"keys": {"S0_Legacy": "5a" * 16}, "locks": [{"address": "2", "model": "yale", "security": "s2"}]},
    ],
)
def test_keys_that_are_refused_are_not_shown(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as why:
        Config(**told)
    assert "5a5a" not in str(why.value)


def test_a_lock_has_only_such_keys_as_it_is_able_to_use() -> None:
    with pytest.raises(ValidationError, match="cannot have S2_AccessControl"):
        a_lock("yale", security="s0", granted=("S2_AccessControl",))
    with pytest.raises(ValidationError, match="cannot have S0_Legacy"):
        a_lock("yale", requests=("S0_Legacy",))


def test_a_lock_that_has_joined_needs_the_keys_of_the_network() -> None:
    with pytest.raises(ValidationError, match="S2_Authenticated"):
        Config.model_validate({"keys": {"S2_AccessControl": "5a" * 16}, "locks": [a_lock("yale", security="s2")]})
    assert Config(locks=(a_lock("yale", security="s2", granted=()),)).network_keys == {}


def test_keys_stand_in_no_repr() -> None:
    lock = a_lock("yale", security="s0", secret="5a" * 32)
    assert "5a5a" not in repr(Config.model_validate({"keys": {"S0_Legacy": "5a" * 16}, "locks": [lock]}))
