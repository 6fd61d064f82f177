from __future__ import annotations

from pathlib import Path

import pytest

from drivers.zwave.known import Known, Network, load, save
from hub.model.facts import Abilities

LOCK = Known(
    generic=0x40,
    specific=3,
    classes=frozenset({0x62, 0x63, 0x6C, 0x71}),
    product=(0x3B, 0x0001, 0x0469),
    firmware="2.3",
    slots=30,
    code_version=2,
    min_digits=4,
    max_digits=4,
    modes=(0, 255),
    access_events=frozenset({1, 14}),
)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    network = Network("c0ffee01", {3: LOCK, 7: Known(generic=0x40, specific=0x0B, classes=frozenset({0xF101}))})
    save(tmp_path, Network("old", {}))
    save(tmp_path, network)
    assert load(tmp_path) == network
    assert [file.name for file in tmp_path.iterdir()] == ["nodes.json"]


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"[]",
        b'{"home_id": 1}',
        b'{"nodes": {"x": {}}}',
        b"\xff\xfe",
        b'{"nodes": {"3": {"generic": "no"}}}',
    ],
)
def test_what_cannot_be_read_is_learnt_again(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "nodes.json").write_bytes(content)
    assert load(tmp_path) is None


def test_a_save_that_dies_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    save(tmp_path, Network("c0ffee01", {3: LOCK}))
    (tmp_path / "nodes.json.new").write_bytes(b'{"home_id": "c0f')
    assert load(tmp_path) == Network("c0ffee01", {3: LOCK})


def test_abilities_are_what_the_hub_needs_to_know() -> None:
    expected = Abilities("Schlage BE469ZP", "2.3", 30, 4, 4, reads_codes=True)
    assert LOCK.abilities() == expected
    assert not LOCK.supervises  # this model's Supervision is broken
    assert LOCK.tells_code_changes


@pytest.mark.parametrize(
    ("classes", "specific", "is_lock", "secure"),
    [
        ({0x62, 0x63}, 3, True, ""),
        ({0x63}, 0, True, ""),
        ({0x5E, 0x98}, 3, True, "S0"),
        ({0x5E, 0x98, 0x9F}, 4, True, "S2"),
        ({0x9F, 0x62}, 3, True, "S2"),
        ({0x5E, 0x9F}, 0x0B, False, "S2"),
        ({0x5E, 0x86}, 3, False, ""),
    ],
)
def test_what_is_a_lock_and_what_it_can_encrypt(classes: set[int], specific: int, is_lock: bool, secure: str) -> None:
    known = Known(generic=0x40, specific=specific, classes=frozenset(classes))
    assert (known.is_lock, known.secure) == (is_lock, secure)
