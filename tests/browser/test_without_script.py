"""Without JavaScript the same forms do the same."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.house import NAME, PASSWORD, House
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(loop_scope="session")
async def plain(browser: Browser, house: House) -> AsyncIterator[Window]:
    """A window without script, signed in."""
    async with window(browser, house, java_script_enabled=False) as opened:
        yield opened


async def test_one_signs_in_and_out(browser: Browser, house: House) -> None:
    async with window(browser, house, signed_in=False, java_script_enabled=False) as opened:
        page = opened.page
        await opened.open("/locks")
        await page.get_by_label("Your name").fill(NAME)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Locks")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def test_a_stay_is_added_changed_shown_and_cancelled(plain: Window) -> None:
    page = plain.page
    await plain.open("/stays")
    await page.get_by_role("link", name="Add a stay").click()
    await page.get_by_label("Guest's name").fill("Ada Lovelace")
    await page.get_by_label("Unit").select_option(label="Flat 2")
    await page.get_by_label("Arrives on").fill("2027-05-03")
    await page.get_by_label("Leaves on").fill("2027-05-01")
    await page.get_by_role("button", name="Add the stay").click()
    await expect(page.get_by_role("alert")).to_have_text("The departure must be after the arrival.")
    await page.get_by_label("Leaves on").fill("2027-05-04")
    await page.get_by_role("button", name="Add the stay").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    await expect(page.get_by_text("Flat 2 · 1 night")).to_be_visible()

    await page.get_by_role("link", name="Change", exact=True).click()
    await page.get_by_label("Leaves on").fill("2027-05-06")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_text("Flat 2 · 3 nights")).to_be_visible()

    await page.get_by_role("button", name="Show code").click()
    await expect(page.locator("#pin-1")).to_have_text(re.compile(r"^\d{6}$"))
    await expect(page.get_by_text("Robin looked at the code.")).to_be_visible()

    await page.get_by_role("link", name="Cancel the stay").click()
    await page.get_by_role("button", name="Cancel the stay").click()
    await expect(page.get_by_text("The stay is cancelled.").first).to_be_visible()


async def test_a_door_is_unlocked_and_locked(plain: Window) -> None:
    page = plain.page
    await plain.open("/locks")
    card = page.locator("[data-lock]", has=page.get_by_role("heading", name="Flat 2"))
    if await card.get_by_role("button", name="Lock", exact=True).is_visible():  # somebody has come in meanwhile
        await card.get_by_role("button", name="Lock", exact=True).click()
        await plain.open("/locks")
    await card.get_by_role("button", name="Unlock").click()
    await expect(page.get_by_role("status").filter(has_text="Flat 2 is unlocked.")).to_be_visible()
    await plain.open("/locks/flat-2")
    await page.get_by_role("button", name="Lock", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="Flat 2 is locked.")).to_be_visible()


async def test_a_calendar_is_read_a_keypad_pressed_and_the_log_filtered(plain: Window) -> None:
    page = plain.page
    await plain.open("/channels")
    await page.locator("#channel-airbnb-flat-2").get_by_role("button", name="Read it now").click()
    await expect(page.get_by_text("Reading the calendar now.")).to_be_visible()

    await page.get_by_role("link", name="Rehearsal").click()
    await page.locator(".lock-card", has_text="Front door").get_by_label("Type a code").fill("0000")
    await page.locator(".lock-card", has_text="Front door").get_by_role("button", name="Enter").click()
    await expect(page.get_by_text("The keypad does not know this code.")).to_be_visible()

    await page.get_by_role("link", name="Access log").click()
    await page.get_by_label("Door").select_option(label="Flat 1")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_role("row", name=re.compile("Grace Hopper.*Code set.*Flat 1"))).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("Code set.*Front door"))).to_have_count(0)


async def test_a_token_is_made_and_revoked(plain: Window) -> None:
    page = plain.page
    await plain.open("/settings/tokens")
    await page.get_by_label("What uses it").fill("a script")
    await page.get_by_label("See the house, the stays and the access log").check()
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.get_by_text("It is shown only this once.")).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="a script")
    await row.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("The token is revoked.")).to_be_visible()
