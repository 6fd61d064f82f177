"""With nothing but Tab, Enter, Space and Escape: every stop is seen, and a dialog holds the focus and gives it back."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.house import NAME, PASSWORD, House
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser

_IN_DIALOG = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"


async def test_one_signs_in_and_goes_to_the_page_past_the_navigation(browser: Browser, house: House) -> None:
    async with window(browser, house, signed_in=False) as opened:
        page = opened.page
        await opened.open("/stays")
        await opened.tab_to(page.get_by_label("Your name"))
        await page.keyboard.type(NAME)
        await opened.tab_to(page.get_by_label("Password"), most=1)
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Stays")

        await opened.tab_to(page.get_by_role("link", name="Skip to the page"), most=1)
        await page.keyboard.press("Enter")
        await opened.tab_to(page.get_by_role("link", name="Held nights"), most=1)


async def test_the_code_of_a_stay_is_found_and_shown(manager: Window) -> None:
    page = manager.page
    await manager.open("/")
    await manager.tab_to(page.get_by_role("navigation").get_by_role("link", name="Stays"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Stays")
    await manager.tab_to(page.get_by_role("link", name="Grace Hopper"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    with manager.staying():
        await manager.tab_to(page.get_by_role("button", name="Show code"))
        await page.keyboard.press("Space")
        await expect(page.locator("#pin-1")).to_have_text(re.compile(r"^\d{6}$"))
        assert await page.evaluate("document.activeElement.closest('#code') !== null"), "the focus stays by the code"


async def test_a_stay_is_added_and_its_dialog_holds_the_focus_and_gives_it_back(manager: Window) -> None:
    page = manager.page
    await manager.open("/")
    await manager.tab_to(page.get_by_role("link", name="Add a stay"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Add a stay")
    await manager.tab_to(page.get_by_label("Guest's name"))
    await page.keyboard.type("Ada Lovelace")
    await manager.tab_to(page.get_by_label("Unit"), most=1)
    await page.keyboard.type("Flat 2")
    await _type_day(manager, "Arrives on", date(2027, 4, 1))
    await _type_day(manager, "Leaves on", date(2027, 4, 3))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    await expect(page.get_by_text("Flat 2 · 2 nights")).to_be_visible()

    with manager.staying():
        change = page.get_by_role("link", name="Change", exact=True)
        await manager.tab_to(change)
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Change the stay")
        await expect(dialog).to_be_visible()
        await _goes_around_in(page, dialog_stops=12)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(change).to_be_focused()

    await manager.tab_to(page.get_by_role("link", name="Cancel the stay"), most=1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Cancel this stay?")).to_be_visible()
    await manager.tab_to(page.get_by_role("button", name="Cancel the stay"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="The stay is cancelled.")).to_be_visible()


async def _type_day(manager: Window, label: str, day: date) -> None:
    """As an American browser wants it: month, day, year."""
    field = manager.page.get_by_label(label)
    await manager.tab_to(field)
    await manager.page.keyboard.type(f"{day:%m%d%Y}")
    await expect(field).to_have_value(day.isoformat())


async def _goes_around_in(page: Page, dialog_stops: int) -> None:
    for key in ("Tab", "Shift+Tab"):
        for _ in range(dialog_stops):
            await page.keyboard.press(key)
            assert await page.evaluate(_IN_DIALOG), "the focus left the dialog"


async def test_a_door_is_unlocked_and_locked_from_one_place(manager: Window) -> None:
    page = manager.page
    await manager.open("/locks/flat-2")
    if await page.get_by_role("button", name="Lock", exact=True).is_visible():  # somebody has come in meanwhile
        await page.get_by_role("button", name="Lock", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="Flat 2 is locked.")).to_be_visible()
        await manager.open("/locks/flat-2")
    with manager.staying():
        await manager.tab_to(page.get_by_role("button", name="Unlock"))
        await page.keyboard.press("Space")
        await expect(page.get_by_role("status").filter(has_text="Flat 2 is unlocked.")).to_be_visible()
        lock = page.get_by_role("button", name="Lock", exact=True)
        await expect(lock).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").filter(has_text="Flat 2 is locked.")).to_be_visible()
        await expect(page.get_by_role("button", name="Unlock")).to_be_focused()
