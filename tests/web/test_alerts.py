"""The Alerts page: what needs somebody, who looks after it, who was told, and who is to be."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub.model.alerts import QuietHours, Way
from hub.model.facts import LockHeard
from hub.model.people import PersonKind
from hub.model.values import Address, PersonId
from hub.store import alerts, log, persons
from hub.store.alerts import Listed, Sent, Wishes
from hub.store.engine import Tx
from hub.store.house import Origin
from tests.web.conftest import Visitor
from tests.web.village import HOUSE, NOW, tell


@pytest.fixture
async def troubled(manager: Visitor) -> Visitor:
    """The loft does not answer, the garden flat's battery is low, and a calendar fails; for a quarter of an hour."""
    hub = manager.here.hub
    await hub.store.write(lambda tx: _people(tx, manager))
    await hub.store.write(hub.alerts.look)
    manager.here.clock.at += timedelta(minutes=15)
    await hub.store.write(hub.alerts.look)
    return manager


def _people(tx: Tx, visitor: Visitor) -> None:
    hub = visitor.here.hub
    for name, contact in (("Marta", {"email": "marta@example.com"}), ("Olu", {"phone": "+49 170 1"}), ("Pim", {})):
        id_ = PersonId(name.lower())
        sealed = persons.sealed_contact(id_, contact, hub.vault)
        persons.keep(tx, persons.Person(id_, name, PersonKind.STAFF, None, sealed, Origin.PAGES, NOW))
    ways = frozenset({Way.EMAIL, Way.SMS})
    hub.alerts.wish(tx, Wishes(HOUSE, None, (Listed(PersonId("marta"), ways), Listed(PersonId("olu"), ways))), "Robin")


async def _alert(visitor: Visitor, about: str) -> alerts.Alert:
    rows = await visitor.here.hub.store.read(alerts.raised)
    return next(row for row in rows if row.about == about)


async def test_what_lasts_is_listed_with_its_cure_and_who_was_told(troubled: Visitor) -> None:
    seen = await troubled.get("/alerts")
    text = seen.text
    assert "The loft does not answer: three tries, no answer." in text
    assert "Check its battery and its distance to the hub" in text
    assert "Who was told Marta told by e-mail" in text
    assert seen.html.index('aria-label="Urgent"') < seen.html.index("The loft does not answer")


async def test_the_navigation_says_how_many_wait(troubled: Visitor) -> None:
    number = await troubled.here.hub.store.read(alerts.count_open)
    assert number >= 3
    assert f"{number} waiting for you" in (await troubled.get("/alerts/count")).text
    assert f"Alerts {number} waiting for you" in (await troubled.get("/stays")).text


async def test_whoever_looks_after_it_is_named_and_may_take_it_back(troubled: Visitor) -> None:
    alert = await _alert(troubled, "lock:loft")
    await troubled.get("/alerts")
    assert (await troubled.post(f"/alerts/{alert.id}/acknowledge")).status == 303
    assert alert.sentence not in (await troubled.get("/alerts")).text
    text = (await troubled.get("/alerts?show=acknowledged")).text
    assert f"{alert.sentence} Check" in text
    assert "Robin looks after it since" in text
    assert (await troubled.post(f"/alerts/{alert.id}/acknowledge")).status == 409
    assert (await troubled.post(f"/alerts/{alert.id}/take-back")).status == 303
    assert alert.sentence in (await troubled.get("/alerts")).text
    deeds = await troubled.here.hub.store.read(lambda tx: log.deeds(tx, f"alert:{alert.id}"))
    assert [deed.action for deed in deeds] == ["take acknowledgement back", "acknowledge"]


async def test_no_such_alert_is_refused(troubled: Visitor) -> None:
    await troubled.get("/alerts")
    assert (await troubled.post("/alerts/01J0/acknowledge")).status == 409


async def test_what_is_over_stays_to_be_read_page_by_page(troubled: Visitor) -> None:
    hub, alert = troubled.here.hub, await _alert(troubled, "lock:loft")
    await tell(hub, LockHeard(Address("5"), troubled.here.clock.at))
    for _ in range(2):
        await hub.store.write(hub.alerts.look)
        troubled.here.clock.at += timedelta(minutes=31)
    assert alert.sentence not in (await troubled.get("/alerts")).text
    seen = await troubled.get("/alerts?show=over")
    assert alert.sentence in seen.text
    assert "not needed" in seen.text.lower()
    older = await troubled.get(f"/alerts?show=over&before={alert.id}")
    assert alert.sentence not in older.text


async def test_today_shows_what_is_urgent_once_with_a_button(troubled: Visitor) -> None:
    seen = await troubled.get("/")
    urgent = [row for row in await troubled.here.hub.store.read(alerts.raised) if row.level.value == "urgent"]
    assert urgent
    for row in urgent:
        assert seen.html.count(f"/alerts/{row.id}/acknowledge") == 1
        assert seen.text.count(row.sentence) <= 1


# ---- who is told ----------------------------------------------------------------------------------------------------


async def test_quiet_hours_and_the_list_are_changed_in_one_form(troubled: Visitor) -> None:
    await troubled.get("/alerts/told")
    fields: dict[str, str | list[str]] = (
        {"quiet_from": "22:00", "quiet_until": "07:00", "person-1": "olu", "ways-1": ["sms"], "person-2": "",
           "ways-2": ["email"], "person-3": "marta", "ways-3": ["email", "sms"]}
    )  # fmt: skip
    answer = await troubled.post(f"/alerts/told/{HOUSE}", **fields)
    assert answer.status == 303
    wishes = (await troubled.here.hub.store.read(alerts.wishes))[HOUSE]
    assert str(wishes.quiet) == str(QuietHours(NOW.time().replace(22, 0, 0), NOW.time().replace(7, 0, 0)))
    assert [(each.person, {way.value for way in each.ways}) for each in wishes.people] == [
        ("olu", {"sms"}), ("marta", {"email", "sms"}),
    ]  # fmt: skip
    seen = await troubled.get("/alerts/told")
    assert 'value="22:00"' in seen.html
    chosen = re.findall(r'<option value="(\w+)" selected>', seen.html)
    assert chosen == ["olu", "marta"]


async def test_who_is_told_of_bookings_is_chosen_in_the_same_form(troubled: Visitor) -> None:
    store = troubled.here.hub.store
    await troubled.get("/alerts/told")
    chosen: dict[str, str | list[str]] = {"readers": "chosen", "reads": ["sms:olu", "email:marta", "sms:marta"]}
    assert (await troubled.post(f"/alerts/told/{HOUSE}", **chosen)).status == 303
    readers = (await store.read(alerts.wishes))[HOUSE].readers
    assert readers is not None
    assert {each.person: {way.value for way in each.ways} for each in readers} == {
        "olu": {"sms"}, "marta": {"email", "sms"},
    }  # fmt: skip
    seen = await troubled.get("/alerts/told")
    assert re.findall(r'name="reads" value="([\w:]+)" checked', seen.html) == ["email:marta", "sms:marta", "sms:olu"]
    assert (await troubled.post(f"/alerts/told/{HOUSE}", readers="chosen")).status == 303
    assert (await store.read(alerts.wishes))[HOUSE].readers == ()
    assert (await troubled.post(f"/alerts/told/{HOUSE}", readers="managers", reads="sms:olu")).status == 303
    assert (await store.read(alerts.wishes))[HOUSE].readers is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"quiet_from": "22:00"}, "Say when the quiet begins and when it ends, or leave both empty."),
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "Quiet from: write the time like 15:00."),
        ({"quiet_from": "07:00", "quiet_until": "07:00"}, "Quiet hours end at another time than they begin."),
        ({"person-1": "olu", "ways-1": "sms", "person-2": "olu", "ways-2": "sms"}, "Olu stands in the list twice."),
        ({"person-1": "olu"}, "Choose e-mail or SMS for Olu; the page tells everybody."),
        ({"person-1": "nobody", "ways-1": "sms"}, "There is nobody “nobody” to be told."),
        ({"readers": "chosen", "reads": "sms:nobody"}, "There is nobody “nobody” to be told."),
    ],
)
async def test_what_cannot_be_is_said_and_what_was_typed_stays(
    troubled: Visitor, fields: dict[str, str], says: str
) -> None:
    await troubled.get("/alerts/told")
    seen = await troubled.post(f"/alerts/told/{HOUSE}", **fields)
    assert (seen.status, says in seen.text) == (422, True)
    if "quiet_from" in fields:
        assert f'value="{fields["quiet_from"]}"' in seen.html


async def test_a_test_message_is_promised_and_listed(troubled: Visitor) -> None:
    await troubled.get("/alerts/told")
    assert (await troubled.post("/alerts/test/marta")).status == 303
    (trial,) = await troubled.here.hub.store.read(alerts.trials)
    assert (trial.person, trial.way, trial.state) == ("marta", Way.EMAIL, Sent.WAITING)
    assert "Test messages Marta test message by e-mail" in (await troubled.get("/alerts/told")).text
    assert (await troubled.post("/alerts/test/pim")).status == 409


async def test_whom_nothing_reaches_is_said(troubled: Visitor) -> None:
    text = (await troubled.get("/alerts/told")).text
    assert "Pim No e-mail address and no telephone number is known." in text
    assert "Nothing is sent by SMS yet." in text
