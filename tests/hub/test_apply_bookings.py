"""The site file says what may be booked, of a property and of a unit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.apply import Plan, Prune, apply
from hub.errors import Misconfigured
from hub.io.vault import Vault
from hub.model.availability import BookingRules, OwnRules
from hub.model.values import PropertyId, UnitId
from hub.site import parse
from hub.store import bookings
from hub.store.bookings import RulesRow
from hub.store.engine import Store
from hub.store.house import Origin
from tests.hub.site_house import NOW
from tests.simulators.vloop import run

HOUSE = {"id": "home", "name": "Seaside", "timezone": "Europe/Berlin"}
FLAT = {"id": "flat", "property": "home", "name": "Flat", "locks": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    from hub.store.migrate import migrate

    file = tmp_path / "gatehouse.db"
    with Store.open(str(file), prepare=lambda new: migrate(new, back_up=lambda _: None), inline=True) as store:
        yield store


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "key")


def _said(store: Store, vault: Vault, place: Any = None, unit: Any = None, *, prune: Prune = Prune.NOTHING) -> Plan:
    told = {
        "property": [HOUSE | ({} if place is None else {"booking": place})],
        "unit": [FLAT | ({} if unit is None else {"booking": unit})],
    }
    site = parse(told, drivers=[], check_channel=lambda *_: None)
    return run(store.write(lambda tx: apply(tx, site, vault, prune=prune, now=NOW, actor="console")))


def _counts(store: Store) -> BookingRules:
    return run(store.read(lambda tx: bookings.rules_at(tx, UnitId("flat"))))


def test_the_file_says_what_whoever_cancels_gets_back(store: Store, vault: Vault) -> None:
    plan = _said(store, vault, {"refunds": "14: 50, 30: 100", "refund_fee": 2.9})
    assert [change.sentence(done=True) for change in plan.changes if change.kind == "booking rules"] == [
        (
            "Added booking rules “property:home”: given back: 100 % until 30 days before check-in, 50 % until 14 days before "
            "check-in, then nothing, a refund costs 2.9 % of it."
        )
    ]
    assert (_counts(store).refunds, _counts(store).refund_fee) == (((30, 100), (14, 50)), 29)
    assert _said(store, vault, {"refunds": "30: 100, 14: 50", "refund_fee": 2.9}).changes == ()
    for wrong, why in (
        ({"refunds": "half"}, "is written like"),
        ({"refund_fee": 60}, "0 to 50 %"),
        ({"refund_fee": "2"}, "number of per cent"),
    ):
        with pytest.raises(Misconfigured, match=why):
            _said(store, vault, wrong)


def test_what_the_file_says_counts_and_is_said_once(store: Store, vault: Vault) -> None:
    plan = _said(store, vault, {"buffer": "4h", "turnover": ["Sat", "Sun"]}, {"min_nights": 2, "pets": False})
    told = [change.sentence(done=True) for change in plan.changes if change.kind == "booking rules"]
    assert told == [
        "Added booking rules “property:home”: 4 h free between two stays, stays begin and end on Sat, Sun.",
        "Added booking rules “unit:flat”: 2 nights at least, no pets.",
    ]
    counts = _counts(store)
    assert (counts.buffer, counts.turnover, counts.min_nights) == (timedelta(hours=4), frozenset({5, 6}), 2)
    assert (
        _said(store, vault, {"buffer": "4h", "turnover": ["Sun", "Sat"]}, {"min_nights": 2, "pets": False}).changes
        == ()
    )


def test_a_buffer_that_leaves_no_time_on_one_day_is_pointed_out(store: Store, vault: Vault) -> None:
    assert any("nobody can come on the day" in note for note in _said(store, vault, {"min_nights": 2}).notes)
    assert not any("nobody can come" in note for note in _said(store, vault, {"buffer": "4h"}).notes)


def test_what_was_changed_in_the_pages_stays_and_what_is_gone_goes_with_prune(store: Store, vault: Vault) -> None:
    _said(store, vault, {"min_nights": 2})
    row = RulesRow(PropertyId("home"), None, OwnRules(min_nights=5), Origin.PAGES)
    run(store.write(lambda tx: bookings.keep_rules(tx, row)))
    assert any("stays as it is there" in note for note in _said(store, vault, {"min_nights": 2}).notes)
    assert _counts(store).min_nights == 5
    _said(store, vault, None, {"capacity": 4})
    _said(store, vault, prune=Prune.UNUSED)
    assert (_counts(store).min_nights, _counts(store).capacity) == (5, None)


@pytest.mark.parametrize(
    ("booking", "complaint"),
    [
        ({"bufer": "4h"}, "did you mean"),
        ({"turnover": ["Saturday"]}, "days of the week"),
        ({"min_nights": 9, "max_nights": 4}, "at least than at most"),
        ({"resource": "boat"}, "resource"),
        ({"buffer": "400h"}, "a week"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(
    store: Store, vault: Vault, booking: dict[str, object], complaint: str
) -> None:
    with pytest.raises(Misconfigured, match=complaint):
        _said(store, vault, booking)
