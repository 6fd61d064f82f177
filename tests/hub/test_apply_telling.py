"""The site file says who is told of a property's alerts, and when it is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.apply import Plan, Prune, apply
from hub.errors import Misconfigured
from hub.io.vault import Vault
from hub.model.alerts import Way
from hub.model.people import PersonKind
from hub.model.values import PersonId, PropertyId
from hub.site import parse
from hub.store import alerts, house, persons
from hub.store.alerts import Listed, Wishes
from hub.store.engine import Store, Tx
from hub.store.house import Origin
from tests.hub.site_house import NOW
from tests.simulators.vloop import run

HOME = PropertyId("home")
HOUSE = {"id": "home", "name": "Seaside", "timezone": "Europe/Berlin"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    from hub.store.migrate import migrate

    file = tmp_path / "gatehouse.db"
    with Store.open(str(file), prepare=lambda new: migrate(new, back_up=lambda _: None), inline=True) as store:
        run(store.write(_anna))
        yield store


def _anna(tx: Tx) -> None:
    persons.keep(tx, persons.Person(PersonId("anna"), "Anna", PersonKind.STAFF, None, None, Origin.PAGES, NOW))


def said(store: Store, vault: Vault, *, prune: Prune = Prune.NOTHING, **told: object) -> Plan:
    site = parse({"property": [HOUSE | told]}, drivers=["zwave"], check_channel=lambda *_: None)
    return run(store.write(lambda tx: apply(tx, site, vault, prune=prune, now=NOW, actor="console")))


def wishes(store: Store) -> Wishes | None:
    return run(store.read(alerts.wishes)).get(HOME)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "key")


def test_who_is_told_comes_from_the_file_and_is_said_once(store: Store, vault: Vault) -> None:
    plan = said(store, vault, quiet_hours="22:00-07:00", escalation=["anna:sms"])
    assert [change.sentence(done=True) for change in plan.changes][1:] == [
        "Added alerts “home”: quiet hours 22:00-07:00, tells anna by sms."
    ]
    kept = wishes(store)
    assert kept is not None
    assert (str(kept.quiet), kept.people) == ("22:00-07:00", (Listed(PersonId("anna"), frozenset({Way.SMS})),))
    assert said(store, vault, quiet_hours="22:00-07:00", escalation=["anna:sms"]).changes == ()
    (change,) = said(store, vault, quiet_hours="never", escalation=["anna"]).changes
    assert change.detail == (
        "now quiet hours never (was quiet hours 22:00-07:00), now tells anna by email and sms (was tells anna by sms)"
    )


def test_a_new_house_tells_its_guests_a_day_before_and_one_that_is_there_goes_on_as_it_did(
    store: Store, vault: Vault
) -> None:
    def hours() -> list[int]:
        return [row.tell_hours for row in run(store.read(house.properties))]

    said(store, vault)
    assert hours() == [24]
    (change,) = said(store, vault, tell_hours=0).changes
    assert change.detail == (
        "now guests are told their codes by hand (was guests are told their codes 24 hours before check-in)"
    )
    assert said(store, vault).changes == (), "what a file does not say it does not change"
    assert hours() == [0]


def test_a_file_that_says_nothing_of_it_leaves_it_to_the_pages(store: Store, vault: Vault) -> None:
    said(store, vault)
    assert wishes(store) is None
    run(store.write(lambda tx: alerts.keep_wishes(tx, Wishes(HOME, None, (Listed(PersonId("anna")),)))))
    plan = said(store, vault, quiet_hours="22:00-07:00")
    assert plan.changes == ()
    assert plan.notes == ("alerts “home” was made or changed in the web pages; it stays as it is there.",)


def test_what_the_file_no_longer_says_goes_with_prune_only(store: Store, vault: Vault) -> None:
    said(store, vault, quiet_hours="22:00-07:00")
    assert said(store, vault).changes == ()
    assert wishes(store) is not None
    said(store, vault, prune=Prune.UNUSED)
    assert wishes(store) is None


def test_who_is_told_of_bookings_comes_from_the_file_too(store: Store, vault: Vault) -> None:
    plan = said(store, vault, booking_news=["anna:email"])
    (_, change) = plan.changes
    assert change.sentence(done=True) == (
        "Added alerts “home”: quiet hours never, tells the managers, tells anna by email of bookings."
    )
    kept = wishes(store)
    assert kept is not None
    assert kept.readers == (Listed(PersonId("anna"), frozenset({Way.EMAIL})),)
    assert said(store, vault, booking_news=["anna:email"]).changes == ()
    (change,) = said(store, vault, booking_news=[]).changes
    assert change.detail == "now tells nobody of bookings (was tells anna by email of bookings)"
    plan = said(store, vault, quiet_hours="22:00-07:00")
    (change,) = plan.changes
    assert change.detail == "now quiet hours 22:00-07:00 (was quiet hours never)"
    assert plan.notes == (
        "booking_news of alerts “home” is no longer in the site file; it stays unless you say --prune.",
    )
    kept = wishes(store)
    assert kept is not None
    assert kept.readers == ()
    (change,) = said(store, vault, quiet_hours="22:00-07:00", prune=Prune.UNUSED).changes
    assert change.detail == "now tells the managers of bookings (was tells nobody of bookings)"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"escalation": ["ana"]}, 'property “home”.escalation: there is no person "ana"; did you mean "anna"?'),
        ({"booking_news": ["ana"]}, 'property “home”.booking_news: there is no person "ana"; did you mean "anna"?'),
        ({"escalation": ["zoe"]}, 'there is no person "zoe"; add the person first'),
        ({"escalation": ["anna:pigeon"]}, "is not understood; write a person's id"),
        ({"quiet_hours": "at night"}, 'quiet hours are written like "22:00-07:00", or "never"'),
    ],
)
def test_what_cannot_be_is_said_with_its_cure(store: Store, vault: Vault, told: dict[str, Any], why: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        said(store, vault, **told)
    assert why in str(caught.value)
    assert wishes(store) is None


def test_somebody_who_has_left_is_not_to_be_told(store: Store, vault: Vault) -> None:
    said(store, vault, escalation=["anna"])

    def leaves(tx: Tx) -> None:
        person = persons.person(tx, PersonId("anna"))
        assert person is not None
        persons.keep(tx, replace(person, ended_at=NOW))

    run(store.write(leaves))
    words = "property “home”.escalation: Anna has left and would never be told; take them out of the list"
    with pytest.raises(Misconfigured, match=words):
        said(store, vault, escalation=["anna"])
    assert said(store, vault).changes == (), "a file that does not say so is as good as before"
