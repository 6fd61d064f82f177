"""What a guest is told to try at a keypad."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from hub.model import keypads


def _known() -> set[str]:
    files = [each for each in resources.files("drivers.zwave.devices").iterdir() if each.name.endswith(".toml")]
    tables = [tomllib.loads(each.read_text("utf-8")) for each in files]
    return {f"{table['maker']} {device['model']}" for table in tables for device in table["device"]}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("Schlage BE469ZP", "Press the Schlage button at the top, then type the code."),
        ("Schlage BE369", "once the code is typed, turn the outside knob."),
        ("Schlage CKPD FE599", "once the code is typed, turn the lever."),
        ("Kwikset GED2150", "If only some digits light up at first, touch those"),
        ("Kwikset 914C", "After three wrong codes within a minute"),
    ],
)
def test_the_first_thing_to_try_is_what_this_model_asks_for(model: str, words: str) -> None:
    assert model in _known(), "a driver names it so"
    told = keypads.steps(model)
    assert told[: len(keypads.ALWAYS)] == keypads.ALWAYS
    assert words in told[len(keypads.ALWAYS)]


@pytest.mark.parametrize(
    "model", ["", "Yale YRD210", "August ASL-03", "Schlage JBE109", "Kwikset 916", "lock of nobody"]
)
def test_of_a_model_of_which_nothing_is_sure_only_what_holds_for_all_is_said(model: str) -> None:
    assert keypads.steps(model) == (*keypads.ALWAYS, keypads.SHUT)


def test_every_model_that_is_named_is_one_that_a_driver_knows() -> None:
    for begins, _ in keypads._STEPS:
        for each in begins:
            assert any(model.startswith(each) for model in _known()), each
