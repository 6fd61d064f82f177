import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Rejected
from hub.io.recovery import RecoveryKey, lock_for

KEY = RecoveryKey(bytes(range(20)))


@given(st.binary(min_size=20, max_size=20))
def test_a_key_on_paper_reads_as_the_same_key(bits: bytes) -> None:
    key = RecoveryKey(bits)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}", key.reveal())
    assert RecoveryKey.parse(key.reveal()).public == key.public


def test_the_way_people_write_is_forgiven() -> None:
    sloppy = KEY.reveal().lower().replace("-", "  ").replace("0", "o").replace("1", "l")
    assert "o" in sloppy
    assert "l" in sloppy
    assert RecoveryKey.parse(f" {sloppy}\n").public == KEY.public


@given(st.integers(0, 35), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_letter_is_noticed(place: int, letter: str) -> None:
    letters = list(KEY.reveal().replace("-", ""))
    if letters[place] == letter:
        return
    letters[place] = letter
    with pytest.raises(Rejected, match="mistyped"):
        RecoveryKey.parse("".join(letters))


@pytest.mark.parametrize("text", ["", "0001", KEY.reveal()[:-1], KEY.reveal() + "0", KEY.reveal()[:-1] + "U", "é" * 36])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="nine groups"):
        RecoveryKey.parse(text)


def test_only_its_own_key_unlocks() -> None:
    locked = lock_for(KEY.public, b"data key")
    assert KEY.unlock(locked) == b"data key"
    with pytest.raises(Rejected, match="does not fit"):
        RecoveryKey.draw().unlock(locked)


@given(st.integers(0, 55), st.integers(0, 7))
def test_what_was_changed_does_not_unlock(place: int, bit: int) -> None:
    locked = bytearray(lock_for(KEY.public, b"data key"))
    assert len(locked) == 56
    locked[place] ^= 1 << bit
    with pytest.raises(Rejected):
        KEY.unlock(bytes(locked))


def test_two_drawn_keys_differ() -> None:
    assert RecoveryKey.draw().public != RecoveryKey.draw().public


def test_a_key_does_not_show_itself() -> None:
    assert KEY.reveal() not in repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(TypeError):
        copy.deepcopy(KEY)
