"""An emergency by keyboard alone: two presses, and what it did is in sight."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.house import House
from tests.browser.window import Window

pytestmark = pytest.mark.browser


async def test_a_door_is_locked_down_and_released_by_keyboard(house: House, manager: Window) -> None:
    page = manager.page
    await manager.open("/emergency")
    await page.get_by_text("Lock down a property or a door").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.get_by_label("Where").first.select_option(label="Flat 2")
    await page.keyboard.press("Tab")
    await page.keyboard.type("A break-in next door")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Lock down Flat 2?")).to_be_visible()
    await page.get_by_role("button", name="Lock down now").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Flat 2 is locked down:")).to_be_visible()
    await manager.open("/emergency")
    with manager.staying():
        await expect(page.get_by_text("No guest's code opens")).to_be_visible()
    await page.get_by_role("link", name="Release").press("Enter")
    await page.get_by_label("Why it is over").fill("The police were here")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Release now").press("Enter")
    await expect(page.get_by_text("Flat 2 is released:")).to_be_visible()
    await manager.open("/emergency")
    await expect(page.get_by_text("Released", exact=False).first).to_be_visible()
