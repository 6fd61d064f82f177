"""Health, channels, rehearsal and settings."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hub.model.facts import Abilities, Alarm, Listing, RadioAlarm
from hub.model.values import Address, ChannelId, LockId, Position, UnitId
from hub.store import alarms, doors, house, listings, log, mail, questions, restoring, settings
from hub.store.engine import Tx
from hub.store.house import ChannelRow, Origin
from hub.store.listings import Unplaced
from hub.store.questions import Question
from tests.web.conftest import PASSWORD, Visitor, visiting
from tests.web.village import AIRBNB, NOW, Doubted, village
from web.pages.settings import agent_words

SCRIPT = {"HX-Request": "true"}


# ---- health ---------------------------------------------------------------------------------------------------------


async def test_health_speaks_in_sentences_with_cures(manager: Visitor) -> None:
    text = (await manager.get("/health")).text
    assert "The battery of Garden room is low (12 %). Replace it before the next arrival." in text
    assert "The calendar “airbnb-loft” cannot be read: the server answered 503." in text
    assert "5 of 6 locks answer." in text
    assert "2 of 3 channels read well." in text
    assert "It is today 14:02 in Europe/Berlin." in text


async def test_a_house_without_worries_says_so(stranger: Visitor) -> None:
    await stranger.sign_in()
    assert "Everything works." in (await stranger.get("/health")).text


async def _give_up(visitor: Visitor) -> int:
    def give_up(tx: Tx) -> int:
        letter = mail.Letter(0, AIRBNB, "k1", "", b"", NOW, 0, NOW, None)
        assert mail.accept(tx, letter)
        [kept] = mail.letters(tx, NOW)
        mail.letter_failed(tx, kept.id, "it is no calendar", None)
        return kept.id

    return await visitor.here.hub.store.write(give_up)


async def test_what_was_given_up_on_can_be_tried_again_once(manager: Visitor) -> None:
    number = await _give_up(manager)
    assert "A message from airbnb-flat-1 It is no calendar." in (await manager.get("/health")).text
    assert (await manager.post(f"/health/inbox/{number}/retry")).status == 303
    assert await manager.here.hub.store.read(mail.dead) == []
    assert (await manager.post(f"/health/inbox/{number}/retry")).status == 409


async def test_what_was_given_up_on_can_be_let_go_and_its_channel_is_read_anew(manager: Visitor) -> None:
    number, store = await _give_up(manager), manager.here.hub.store
    await store.write(lambda tx: mail.move_cursor(tx, AIRBNB, "read up to here"))
    assert (await manager.post(f"/health/inbox/{number}/dismiss")).status == 303
    assert await store.read(mail.dead) == []
    assert not await store.read(lambda tx: mail.unread(tx, AIRBNB)), "nothing new counts again"
    assert await store.read(lambda tx: mail.cursor_of(tx, AIRBNB)) is None
    assert (await manager.post(f"/health/inbox/{number}/dismiss")).status == 409


async def test_only_the_two_boxes_can_be_retried(manager: Visitor) -> None:
    assert (await manager.post("/health/accounts/1/retry")).status == 404


async def test_an_alarm_of_the_radio_is_shown_until_somebody_takes_note(manager: Visitor) -> None:
    hub, sentence = manager.here.hub, "Device 9 of zwave was taken out of the network again"
    fact = RadioAlarm(NOW, Alarm.THROWN_OUT, "9", "wrong key")
    await hub.store.write(lambda tx: hub.intake.absorb(tx, fact, "zwave"))
    assert sentence in (await manager.get("/health")).text
    assert sentence in (await manager.get("/")).text
    [row] = await hub.store.read(alarms.current)
    assert (await manager.post(f"/health/alarms/{row.id}/dismiss")).status == 303
    assert sentence not in (await manager.get("/health")).text
    assert "There is no such alarm" in (await manager.post(f"/health/alarms/{row.id}/dismiss")).text


def _silence_all(tx: Tx) -> None:
    """A lock that does not answer cannot be waited for."""
    for door in doors.doors(tx):
        doors.learn(tx, door.id, silent_since=NOW)


def _ask_about_front(tx: Tx) -> None:
    restoring.keep_unasked(tx, {LockId("garden")})
    options = (("leave", "Leave it"), ("clear:3", "Clear it"))
    questions.ask(tx, Question("q", restoring.FOREIGN, "front", "Front door holds a code.", options, NOW))


async def test_safe_mode_is_left_by_a_person(manager: Visitor) -> None:
    hub = manager.here.hub
    await hub.store.write(lambda tx: settings.keep(tx, "safe_mode", "2026-11-20"))
    assert "Leave safe mode" in (await manager.get("/health")).text
    assert "still being read" in (await manager.post("/health/safe-mode/leave")).text
    await hub.store.write(_silence_all)
    await hub.store.write(_ask_about_front)
    page = await manager.get("/health")
    assert "Not read, as nothing reaches them: Garden room." in page.text
    assert '<a href="/locks/front">' in page.html
    assert 'href="/locks/front">Look at it' in (await manager.get("/")).html
    assert (
        "Say first what shall become of the codes that nobody knows (Front door)"
        in (await manager.post("/health/safe-mode/leave", foreign="")).text
    )
    assert (await manager.post("/health/safe-mode/leave", foreign="leave")).status == 303
    assert not await hub.store.read(settings.safe_mode)


async def test_a_time_that_nobody_needs_to_confirm_cannot_be(manager: Visitor) -> None:
    assert "This is the right time" not in (await manager.get("/health")).text
    assert (await manager.post("/health/time")).status == 409


async def test_a_person_can_vouch_for_the_time(tmp_path: Path) -> None:
    async with village(tmp_path, clock=Doubted()) as here, visiting(here) as visitor:
        await visitor.sign_in()
        assert "This is the right time" in (await visitor.get("/health")).text
        assert (await visitor.post("/health/time")).status == 303
        assert here.clock.trusted
        [deed] = await here.hub.store.read(lambda tx: log.deeds(tx, "clock"))
        assert (deed.actor, deed.action) == ("account:Robin", "confirm time")


# ---- channels -------------------------------------------------------------------------------------------------------


async def test_a_channel_tells_when_it_was_read_and_how_much_it_lists(manager: Visitor) -> None:
    text = (await manager.get("/channels")).text
    assert "airbnb-flat-1 Flat 1 Reads well Last read 13:53 It lists 4 entries" in text
    assert "How Calendar address (iCal), every 15 minutes" in text
    assert "airbnb-loft The loft Cannot be read The server answered 503. Since 11:02." in text


async def test_a_channel_can_be_read_now(manager: Visitor) -> None:
    async with manager.here.hub.bus.listen("poll:") as ear:
        answer = await manager.post(f"/channels/{AIRBNB}/read", headers=SCRIPT)
        assert await anext(ear) == {f"poll:{AIRBNB}"}
    assert "It is being read now." in answer.text


async def test_a_channel_that_is_off_is_not_read(manager: Visitor) -> None:
    manager.here.hub.plugins.unplug_channel(ChannelId(AIRBNB))
    assert (await manager.post(f"/channels/{AIRBNB}/read")).status == 409
    assert "Off" in (await manager.get(f"/channels/{AIRBNB}")).text


MANAGER = ChannelId("manager")


@pytest.fixture
async def account(manager: Visitor) -> Visitor:
    """The village's manager has an account with Guesty too, of which one listing is no unit here yet."""

    def furnish(tx: Tx) -> None:
        house.keep_channel(tx, ChannelRow(MANAGER, None, "guesty", b"", Origin.SITE, {"L-1": UnitId("flat-1")}))
        listings.saw(tx, MANAGER, [Listing("L-1", "Sea view"), Listing("L-2", "Garden <house>")], NOW)
        days = (date(2026, 12, 1), date(2026, 12, 4))
        listings.keep_unplaced(tx, Unplaced(MANAGER, "b-7", "L-2", *days, "confirmed", "", b"", NOW))

    await manager.here.hub.store.write(furnish)
    return manager


async def test_what_the_other_side_is_going_to_change_is_said_from_a_day_on(account: Visitor) -> None:
    """Guesty retires a list on 1 March 2027."""
    coming, moved = "retires the list of reservations", "are read over Guesty's new interface"
    seen = []
    for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 14), date(2027, 2, 15), date(2027, 6, 1)):
        account.here.clock.at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        account.session.cookie_jar.clear()  # nobody stays signed in for so long
        await account.post("/signin", name="Robin", password=PASSWORD)
        text = (await account.get("/channels")).text
        seen.append((coming in text, moved in text))
    assert seen == [(False, False), (True, False), (True, False), (False, True), (False, False)]


async def test_an_account_says_what_it_can_and_what_is_no_unit_here(account: Visitor) -> None:
    text = (await account.get("/channels")).text
    assert "1 listing is no unit here." in text
    assert "It cannot" in text
    assert "See which nights Guesty's own rules close" in text
    page = (await account.get(f"/channels/{MANAGER}/listings")).text
    assert "Sea view L-1 Flat 1 by the site file" in page
    assert "1 December 2026 to 4 December 2026 Garden <house> confirmed b-7" in page


async def test_a_listing_is_joined_to_a_unit_and_everything_is_read_anew(account: Visitor) -> None:
    hub = account.here.hub
    await hub.store.write(lambda tx: mail.move_cursor(tx, MANAGER, "far"))
    async with hub.bus.listen("poll:") as ear:
        answer = await account.post(f"/channels/{MANAGER}/listings", listing="L-2", unit="loft")
        assert (answer.status, await anext(ear)) == (303, frozenset({f"poll:{MANAGER}"}))
    row = await hub.store.read(lambda tx: house.channel_with(tx, MANAGER))
    assert row is not None
    assert row.units == {"L-1": "flat-1", "L-2": "loft"}
    assert await hub.store.read(lambda tx: mail.cursor_of(tx, MANAGER)) is None
    [deed] = await hub.store.read(lambda tx: log.deeds(tx, f"channel:{MANAGER}"))
    assert (deed.action, deed.detail) == ("listing joined", "L-2 is loft")


@pytest.mark.parametrize(
    ("listing", "unit", "why"),
    [
        ("L-1", "loft", "The site file says which unit that is"),
        ("L-9", "loft", "The account has no such listing"),
        ("L-2", "castle", "There is no unit called"),
    ],
)
async def test_what_cannot_be_joined_is_said(account: Visitor, listing: str, unit: str, why: str) -> None:
    answer = await account.post(f"/channels/{MANAGER}/listings", listing=listing, unit=unit)
    assert answer.status == 422
    assert why in answer.text


async def test_a_channel_of_one_unit_has_no_listings(account: Visitor) -> None:
    assert (await account.get(f"/channels/{AIRBNB}/listings")).status == 404


# ---- rehearsal ------------------------------------------------------------------------------------------------------


async def test_a_code_is_typed_at_a_simulated_keypad(manager: Visitor) -> None:
    manager.here.radio.codes["482913"] = "Anna"
    right = await manager.post("/rehearsal/front/press", digits="482913", headers=SCRIPT)
    assert "The code is right: the door opened." in right.text
    wrong = await manager.post("/rehearsal/front/press", digits="0000", headers=SCRIPT)
    assert "The keypad does not know this code." in wrong.text
    assert [what for what, _, _ in manager.here.radio.done] == ["press", "press"]


async def test_a_lock_without_a_keypad_offers_none(manager: Visitor) -> None:
    able = Abilities("ASL-03", "1.59", 0, 4, 8, False, "")
    await manager.here.hub.store.write(lambda tx: doors.learn_abilities(tx, LockId("loft"), able))
    page = (await manager.get("/rehearsal")).html
    assert "/rehearsal/front/press" in page
    assert "/rehearsal/loft/press" not in page
    assert "/rehearsal/loft/act" in page


async def test_what_is_no_digits_is_not_pressed(manager: Visitor) -> None:
    for digits in ("", "12a4", "١٢٣٤"):
        await manager.post("/rehearsal/front/press", digits=digits)
    assert manager.here.radio.done == []


@pytest.mark.parametrize(
    ("act", "done"),
    [
        ("turn", ("turn", Position.UNLOCKED)),
        ("jam", ("jam", True)),
        ("free", ("jam", False)),
        ("silence", ("silence", True)),
        ("answer", ("silence", False)),
        ("drain", ("drain", 12)),
        ("charge", ("drain", 100)),
    ],
)
async def test_hands_at_a_simulated_lock(manager: Visitor, act: str, done: tuple[str, object]) -> None:
    assert (await manager.post("/rehearsal/front/act", act=act)).status == 303
    assert manager.here.radio.done == [(done[0], Address("1"), done[1])]


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Visitor]:
    """Somebody whose locks are real."""
    async with village(tmp_path, rehearsal=False) as here, visiting(here) as visitor:
        await visitor.sign_in()
        yield visitor


async def test_there_are_no_hands_at_real_locks(owner: Visitor) -> None:
    assert "Rehearsal" not in (await owner.get("/")).text
    assert (await owner.get("/rehearsal")).status == 404
    assert (await owner.post("/rehearsal/front/press", digits="1234")).status == 404


# ---- settings -------------------------------------------------------------------------------------------------------


async def test_the_theme_is_chosen_once_and_kept(manager: Visitor) -> None:
    await manager.post("/settings/theme", theme="dark")
    assert '<html lang="en" data-theme="dark">' in (await manager.get("/")).html
    await manager.post("/settings/theme", theme="")
    assert "data-theme" not in (await manager.get("/")).html


async def test_a_theme_that_does_not_exist_is_none(manager: Visitor) -> None:
    await manager.post("/settings/theme", theme='"><script>')
    assert "data-theme" not in (await manager.get("/")).html


async def test_changing_the_password_keeps_this_browser_in_and_puts_others_out(manager: Visitor) -> None:
    async with visiting(manager.here) as other:
        assert (await other.post("/signin", name="Robin", password=PASSWORD)).status == 303
        answer = await manager.post("/settings/password", current=PASSWORD, password="another lamp, another door")
        assert answer.status == 303
        assert (await manager.get("/")).status == 200
        assert (await other.get("/")).status == 303


async def test_a_wrong_current_password_changes_nothing(manager: Visitor) -> None:
    answer = await manager.post("/settings/password", current="wrong", password="another lamp, another door")
    assert answer.status == 422
    assert "The current password is wrong." in answer.text


async def test_another_session_can_be_ended_from_here(manager: Visitor) -> None:
    async with visiting(manager.here) as other:
        await other.post("/signin", name="Robin", password=PASSWORD)
        page = await manager.get("/settings")
        ends = re.findall(r'action="(/settings/sessions/\w+/end)"', page.html)
        assert len(ends) == 1, "one's own session has no such button"
        assert (await manager.post(ends[0])).status == 303
        assert (await other.get("/")).status == 303


async def test_a_token_is_shown_once_and_can_be_revoked(manager: Visitor) -> None:
    made = await manager.post("/settings/tokens", name="Laundry", scopes=["read", "unlock"], days="30")
    text = re.search(r"gh_[a-z2-7]{8}_[a-z2-7]{52}", made.html)
    assert text is not None
    assert await manager.here.hub.tokens.holder(text[0]) is not None
    page = await manager.get("/settings/tokens")
    assert text[0] not in page.html
    assert "Laundry read, unlock last used 14:02, valid until Sun 20 Dec, 14:02" in page.text
    revoke = re.search(r'action="(/settings/tokens/\w+/revoke)"', page.html)
    assert revoke is not None
    await manager.post(revoke[1])
    assert await manager.here.hub.tokens.holder(text[0]) is None
    assert "Revoked" in (await manager.get("/settings/tokens")).text


async def test_an_expired_token_says_so(manager: Visitor) -> None:
    await manager.post("/settings/tokens", name="Laundry", scopes="read", days="30")
    manager.here.clock.at += timedelta(days=31)
    await manager.sign_in()
    assert "Expired" in (await manager.get("/settings/tokens")).text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "What uses it is needed."),
        ({"scopes": []}, "At least one thing it may do is needed."),
        ({"scopes": ["everything"]}, "At least one thing it may do: choose one of those offered."),
        ({"days": "1000"}, "A token lasts 1 to 365 days."),
        ({"days": "long"}, "How long it is valid: write a whole number."),
    ],
)
async def test_a_token_that_cannot_be_made_says_why(
    manager: Visitor, changed: dict[str, str | list[str]], sentence: str
) -> None:
    told: dict[str, str | list[str]] = {"name": "Laundry", "scopes": ["read"], "days": "30"}
    answer = await manager.post("/settings/tokens", **told | changed)
    assert answer.status == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8", "A browser"),
    ],
)
def test_browsers_are_called_by_their_names(agent: str, words: str) -> None:
    assert agent_words(agent) == words
