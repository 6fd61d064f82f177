"""QR codes, against the sample of the format's own document."""

from __future__ import annotations

import hashlib
from typing import Any

from drivers.simulator.labels import qr_text
from drivers.simulator.models import MODELS
from tests.drivers.simulator.world import Table, a_lock

KEY = "77076d0a7318a57d3c16c17251b26645df4c66b1d2b1b8c0a1d3c5b6f0e0d0c0"


def a_label(model: str = "schlage", **settings: Any) -> str:
    return qr_text(
        Table((a_lock(model, address="", security="s2", secret=KEY, **settings),)).building.find("new-1").lock
    )


def test_a_label_is_version_checksum_keys_dsk_type_and_product() -> None:
    text = a_label()
    dsk = Table((a_lock("schlage", address="", security="s2", secret=KEY),)).building.find("new-1").label.dsk
    assert text[:4] == "9001"
    assert text[9:52] == "006" + dsk.replace("-", "")
    assert text[52:66] == "0010" + "16387" + "00768"
    assert text[66:] == "0220" + "00059" + "00001" + "01129" + "00011"
    assert int(text[4:9]) == int(hashlib.sha1(text[9:].encode(), usedforsecurity=False).hexdigest()[:4], 16)


def test_a_lock_without_smart_start_says_so() -> None:
    assert a_label(smart_start=False).startswith("9000")


def test_every_model_has_a_label_of_the_same_length() -> None:
    assert {len(a_label(model)) for model in MODELS} == {90}


def test_a_lock_without_s2_has_no_label() -> None:
    assert qr_text(Table((a_lock(),)).lock()) == ""
