"""What a manager does in a browser, live: sign in, see a booking come, move a bolt, read the log."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from hub.model.facts import BoltMoved, StayReport, StayReported
from hub.model.values import Address, How, Position, StayKind, StayStatus
from tests.web.browser.conftest import Desk
from tests.web.conftest import PASSWORD
from tests.web.village import AIRBNB, NOW, TODAY, tell

pytestmark = pytest.mark.browser


async def test_the_first_visit_leads_from_the_set_up_code_to_today(new_desk: Desk) -> None:
    code = await new_desk.visitor.here.hub.signin.new_setup_code()
    async with new_desk.window(signed_in=False) as window:
        page = window.page
        await window.open("/")
        await page.get_by_label("Set-up code").fill(code)
        await page.get_by_label("Your name").fill("Robin")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_label("The password once more").fill(PASSWORD)
        await page.get_by_role("button", name="Create the account").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Friday 20 November")
        assert window.complaints == []


async def test_a_booking_arrives_while_one_looks(desk: Desk) -> None:
    report = StayReport(
        "a9",
        StayKind.RESERVATION,
        StayStatus.CONFIRMED,
        TODAY + timedelta(days=1),
        TODAY + timedelta(days=2),
        guest="Ada",
    )
    async with desk.window() as window, desk.window() as other:
        await window.open("/")
        await other.open("/stays")
        await desk.visitor.here.hub.store.write(
            lambda tx: desk.visitor.here.hub.intake.cancel_stay(tx, desk.visitor.here.stays["Anna Berg"], "console")
        )
        await tell(desk.visitor.here.hub, StayReported(AIRBNB, NOW, report), by=AIRBNB)
        await expect(window.page.get_by_role("link", name="Ada", exact=True)).to_be_visible()
        await expect(other.page.get_by_role("link", name="Ada", exact=True)).to_be_visible()
        await expect(window.page.get_by_role("link", name="Anna Berg")).to_have_count(0)
        assert window.complaints == []


async def test_a_bolt_is_moved_and_every_window_sees_it(desk: Desk) -> None:
    async with desk.window() as window, desk.window() as other:
        await window.open("/locks")
        await other.open("/log")
        card = window.page.locator("[data-lock]", has_text="Opens for Flat 1")
        await card.get_by_role("button", name="Unlock").click()
        await expect(window.page.get_by_role("status").filter(has_text="Flat 1 is unlocked.")).to_be_visible()
        await expect(card.locator(".badge").first).to_have_text("Unlocked")
        await expect(card.get_by_role("button", name="Lock")).to_be_focused()
        await expect(other.page.get_by_role("row", name=re.compile("14:02:00.*Unlocked.*Flat 1"))).to_be_visible()
        assert window.complaints == []


async def test_a_page_that_was_hidden_catches_up(desk: Desk) -> None:
    hidden = (
        "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    async with desk.window() as window:
        await window.open("/locks/studio")
        await expect(window.page.get_by_text("Unlocked", exact=True).first).to_be_visible()
        await window.page.evaluate(hidden % "true")
        await tell(desk.visitor.here.hub, BoltMoved(Address("6"), NOW, Position.LOCKED, How.MANUAL))
        await window.page.evaluate(hidden % "false")
        await expect(window.page.get_by_text("Locked", exact=True).first).to_be_visible()


async def test_a_code_is_shown_copied_and_written_down(desk: Desk) -> None:
    async with desk.window(permissions=["clipboard-read", "clipboard-write"]) as window:
        page = window.page
        await window.open(f"/stays/{desk.visitor.here.stays['Anna Berg']}")
        await page.get_by_role("button", name="Show code").click()
        pin = await page.locator("#pin-1").inner_text()
        assert re.fullmatch(r"\d{6}", pin)
        await page.get_by_role("button", name="Show the text").click()
        await page.get_by_role("button", name="Copy the text").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert pin in await page.evaluate("navigator.clipboard.readText()")
        await page.reload()
        await expect(page.get_by_text("Robin looked at the code.").first).to_be_visible()
        assert pin not in await page.content()
        assert window.complaints == []


async def test_a_stay_is_changed_in_the_dialog(desk: Desk) -> None:
    async with desk.window() as window:
        page = window.page
        await window.open(f"/stays/{desk.visitor.here.stays['Anna Berg']}")
        await page.get_by_role("link", name="Change", exact=True).click()
        await page.get_by_label("Leaves on").fill("2026-11-20")
        await page.get_by_role("button", name="Change it").click()
        await expect(page.get_by_role("alert")).to_have_text("The departure must be after the arrival.")
        await page.get_by_label("Leaves on").fill("2026-11-25")
        await page.get_by_role("button", name="Change it").click()
        await expect(page.get_by_role("alert")).to_have_text("There must be 12 h between two stays.")
        await page.get_by_role("button", name="Change it anyway").click()
        await expect(page.get_by_role("status").filter(has_text="The stay is changed.")).to_be_visible()
        await expect(page.get_by_text("Wed 25 Nov, 11:00").first).to_be_visible()
        assert window.complaints == []


async def test_a_session_that_ends_elsewhere_leads_this_window_to_the_door(desk: Desk) -> None:
    async with desk.window() as window:
        await window.open("/locks")
        await desk.visitor.post("/signout")
        await tell(desk.visitor.here.hub, BoltMoved(Address("6"), NOW, Position.LOCKED, How.MANUAL))
        await window.page.wait_for_url("**/signin**")


async def test_the_keyboard_alone_is_enough(desk: Desk) -> None:
    async with desk.window() as window:
        page = window.page
        await window.open("/")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Add a stay")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/stays/new")
        await page.get_by_label("Guest's name").focus()
        await page.keyboard.type("Ada Lovelace")
        await page.keyboard.press("Tab")
        await page.keyboard.press("f")
        await page.get_by_label("Arrives on").focus()
        await page.keyboard.type("12202026")
        await page.get_by_label("Leaves on").focus()
        await page.keyboard.type("12222026")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")


async def test_without_script_everything_still_works(desk: Desk) -> None:
    async with desk.window(java_script_enabled=False) as window:
        page = window.page
        await window.open("/stays/new")
        await page.get_by_label("Guest's name").fill("Ada Lovelace")
        await page.get_by_label("Arrives on").fill("2026-12-20")
        await page.get_by_label("Leaves on").fill("2026-12-22")
        await page.get_by_role("button", name="Add the stay").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
        await page.get_by_role("button", name="Show code").click()
        await expect(page.locator("#pin-1")).to_have_text(re.compile(r"\d{6}"))
        await page.get_by_role("link", name="Cancel the stay").click()
        await page.get_by_role("button", name="Cancel the stay").click()
        await expect(page.get_by_text("The stay is cancelled.").first).to_be_visible()
        await window.open("/locks/front")
        await page.get_by_role("button", name="Unlock").click()
        await expect(page.get_by_text("Front door is unlocked.")).to_be_visible()
        await window.open("/log")
        await page.get_by_label("Door").select_option("studio")
        await page.get_by_role("button", name="Filter").click()
        await page.wait_for_url("**lock=studio**")
        await window.open("/rehearsal")
        await page.get_by_label("Type a code at this keypad").first.fill("1234")
        await page.get_by_role("button", name="Enter").first.click()
        await expect(page.get_by_text("The keypad does not know this code.")).to_be_visible()


async def test_a_code_is_typed_on_the_keys_of_a_rehearsal(desk: Desk) -> None:
    desk.visitor.here.radio.codes["4829"] = "Anna"
    async with desk.window() as window:
        await window.open("/rehearsal")
        pad = window.page.locator("[data-pad=digits-front]")
        for key in ("4", "8", "3", "Delete", "2", "9", "Enter"):
            await pad.get_by_role("button", name=key).click()
        await expect(window.page.get_by_text("The code is right: the door opened.")).to_be_visible()
        assert window.complaints == []
