"""The calendar in a browser: marked by a drag, a tap or the keyboard alone, live, and as a plain table without script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from hub.model.facts import StayReport, StayReported
from hub.model.values import StayKind, StayStatus
from tests.web.browser.conftest import Desk
from tests.web.village import AIRBNB, NOW, TODAY, tell

pytestmark = pytest.mark.browser

FREE = "Flat 2, Fri 27 Nov to Sat 28 Nov, free"


async def _focused(page: Page) -> str:
    """What a screen reader says of where one is."""
    told = await page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
    )
    return " ".join(str(told).split())


async def test_nights_are_marked_by_a_drag_and_booked_with_their_dates_filled_in(desk: Desk) -> None:
    async with desk.window() as window:
        page = window.page
        await window.open("/calendar")
        first, last = page.get_by_label(FREE), page.get_by_label("Flat 2, Sun 29 Nov to Mon 30 Nov, free")
        await first.hover()
        await page.mouse.down()
        await last.hover()
        await expect(page.locator(".picked")).to_have_count(3)
        await page.mouse.up()
        dialog = page.get_by_role("dialog", name="Flat 2")
        await expect(dialog.get_by_text("Flat 2 is free: Fri 27 Nov to Mon 30 Nov 2026, 3 nights.")).to_be_visible()
        await dialog.get_by_role("link", name="Add a stay").click()
        await page.get_by_label("Guest's name").fill("Ada Lovelace")
        await page.get_by_role("button", name="Add the stay").click()
        await expect(page.get_by_text("Flat 2 · 3 nights")).to_be_visible()
        assert window.complaints == []


async def test_a_drag_over_nights_of_others_says_why_they_are_not_free(desk: Desk) -> None:
    async with desk.window() as window:
        page = window.page
        await window.open("/calendar")
        await page.get_by_label("Studio, Mon 16 Nov to Tue 17 Nov").hover()
        await page.mouse.down()
        await page.get_by_role("link", name="Tom Okafor").hover()
        await page.mouse.up()
        dialog = page.get_by_role("dialog", name="Studio")
        await expect(dialog.get_by_text("The day of arrival is over.")).to_be_visible()
        await expect(dialog.get_by_text("Somebody else stays there on some of these nights.")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator(".picked")).to_have_count(0)
        assert window.complaints == []


async def test_the_keyboard_goes_from_night_to_night_marks_some_and_comes_back(desk: Desk) -> None:
    async with desk.window() as window:
        page = window.page
        await window.open("/calendar")
        await expect(page.get_by_role("grid")).to_have_count(1)
        await page.get_by_label("From the day").focus()
        await page.get_by_role("region", name="Units by days").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        for _ in range(10):  # past the names of units, which are links
            if await page.evaluate("document.activeElement.closest('td') !== null"):
                break
            await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Anna Berg")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        assert (await _focused(page)).startswith("José Ñandú-Müller(stay, Fri 20 Nov to Sun 22 Nov")
        await page.keyboard.press("ArrowRight")
        assert (await _focused(page)).startswith("Not clear(closed, not clear why")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        assert await _focused(page) == FREE
        await page.keyboard.press("Shift+ArrowRight")
        await expect(page.locator("[aria-selected=true]")).to_have_count(2)
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Flat 2")
        await expect(dialog.get_by_text("Flat 2 is free: Fri 27 Nov to Sun 29 Nov 2026, 2 nights.")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        assert await _focused(page) == "Flat 2, Sat 28 Nov to Sun 29 Nov, free"
        await page.keyboard.press("Home")
        assert await _focused(page) == "Flat 2, before Mon 16 Nov, over, or too soon to be booked"
        await page.keyboard.press("Control+End")
        assert await _focused(page) == "The loft, after Wed 16 Dec, free"
        await page.keyboard.press("PageDown")
        await page.wait_for_url("**from=2026-12-14**")
        assert window.complaints == []


async def test_the_calendar_follows_and_keeps_its_place(desk: Desk) -> None:
    arrival, departure = TODAY + timedelta(days=4), TODAY + timedelta(days=5)
    report = StayReport("a9", StayKind.RESERVATION, StayStatus.CONFIRMED, arrival, departure, guest="Ada")
    async with desk.window() as window:
        page = window.page
        await window.open("/calendar")
        await page.get_by_label(FREE).focus()
        await tell(desk.visitor.here.hub, StayReported(AIRBNB, NOW, report), by=AIRBNB)
        await expect(page.get_by_role("link", name="Ada (stay")).to_be_visible()
        await expect(page.get_by_label(FREE)).to_be_focused()
        assert window.complaints == []


async def test_a_finger_taps_a_night_and_changes_the_days_there(desk: Desk) -> None:
    async with desk.window(viewport={"width": 390, "height": 844}, has_touch=True) as window:
        page = window.page
        await window.open("/calendar?from=2026-11-25")
        await page.get_by_label(FREE).tap()
        dialog = page.get_by_role("dialog", name="Flat 2")
        await expect(dialog.get_by_text("Flat 2 is free: Fri 27 Nov to Sat 28 Nov 2026, 1 night.")).to_be_visible()
        await dialog.get_by_label("Leaves on").fill("2026-12-04")
        await dialog.get_by_role("button", name="Look").click()
        await expect(dialog.get_by_text("Flat 2 is not free")).to_be_visible()
        assert window.complaints == []


async def test_without_script_it_is_a_table_with_links(desk: Desk) -> None:
    async with desk.window(java_script_enabled=False) as window:
        page = window.page
        await window.open("/calendar?zoom=weeks")
        await expect(page.get_by_role("table")).to_be_visible()
        await page.get_by_role("link", name="Later").click()
        await page.get_by_role("link", name="Today").last.click()
        await page.get_by_role("link", name="Garden room").click()
        await page.get_by_label("Arrives on").fill("2026-12-20")
        await page.get_by_label("Leaves on").fill("2026-12-22")
        await page.get_by_role("button", name="Look").click()
        await expect(page.get_by_text("Garden room is free: Sun 20 Dec to Tue 22 Dec 2026, 2 nights.")).to_be_visible()
        await page.get_by_role("link", name="Hold").click()
        await page.get_by_role("button", name="Hold these nights").click()
        await expect(page.get_by_text("Nobody else is booked on these nights for a while.")).to_be_visible()
        await window.open("/calendar?from=2026-12-14")
        await page.get_by_role("link", name=re.compile("^Held")).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Held nights")
