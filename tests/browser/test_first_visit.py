"""The first sign-in: from the set-up code on the console to Today."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.house import NAME, PASSWORD, Calendars, House, Plan, running
from tests.browser.window import Window, chromium, window

pytestmark = pytest.mark.browser


@asynccontextmanager
async def stranger(house: House) -> AsyncIterator[Window]:
    async with chromium() as browser, window(browser, house, signed_in=False) as opened:
        await opened.open("/")
        yield opened


async def _fill_in(page: Page, code: str, password: str = PASSWORD, again: str = "") -> None:
    await page.get_by_label("Set-up code").fill(code)
    await page.get_by_label("Your name").fill(NAME)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_label("The password once more").fill(again or password)
    await page.get_by_role("button", name="Create the account").click()


async def test_the_set_up_code_of_the_console_makes_the_account_and_leads_to_today(tmp_path: Path) -> None:
    with running(tmp_path, Plan(), calendars=Calendars()) as house:
        async with stranger(house) as opened:
            page = opened.page
            await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Gatehouse")

            await _fill_in(page, "WRON-GCOD-E123-4567")
            await expect(page.get_by_role("alert")).to_have_text(
                "The set-up code is wrong, was used before or is older than half an hour; the console shows a new one."
            )
            await expect(page.get_by_label("Your name")).to_have_value(NAME)

            code = house.setup_code()
            await _fill_in(page, code, "short")
            await expect(page.get_by_role("alert")).to_have_text(
                "A password has at least 8 characters; 15 or more are better."
            )
            await _fill_in(page, code, PASSWORD, "something else entirely")
            await expect(page.get_by_role("alert")).to_have_text("The two passwords are not the same. Type both again.")

            await _fill_in(page, code.lower().replace("-", " "))
            await expect(page.get_by_role("heading", level=1)).to_have_text("Friday 5 March")
            await expect(page.get_by_text("Nobody arrives today")).to_be_visible()

            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_role("status")).to_contain_text("You are signed out.")
            await page.get_by_label("Your name").fill(NAME)
            await page.get_by_label("Password").fill("not the password")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Friday 5 March")
