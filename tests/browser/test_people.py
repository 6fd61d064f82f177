"""People and passes in a real browser: by keyboard alone, accessible on a desk and in a hand, and proven at a simulated door."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.house import House
from tests.browser.test_pages import SIZES, barriers, sticking_out
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser


async def add_person(opened: Window, name: str) -> str:
    """The path of their page."""
    page = opened.page
    await opened.open("/people/new")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Telephone").fill("+49 170 1234567")
    await page.get_by_role("button", name="Add the person").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return page.url.removeprefix(opened.url)


async def fill_week(page: Page) -> None:
    await page.get_by_label("Monday, from", exact=True).fill("08:00")
    await page.get_by_label("Monday, to", exact=True).fill("17:00")
    await page.get_by_role("button", name="Monday's hours for Tuesday to Friday").click()
    await page.get_by_label("Saturday, from", exact=True).fill("22:00")
    await page.get_by_label("Saturday, to", exact=True).fill("02:00")


async def test_a_cleaner_gets_a_pass_by_keyboard_alone(manager: Window) -> None:
    page = manager.page
    await manager.open("/people")
    await manager.tab_to(page.get_by_role("link", name="Add a person").first)
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="Add a person")).to_be_visible()
    await manager.tab_to(dialog.get_by_label("Name"))
    await page.keyboard.type("Maria Rossi")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Maria Rossi")
    await manager.tab_to(page.get_by_role("link", name="Give a pass").first)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("A pass for Maria Rossi")
    await manager.tab_to(page.get_by_label("Front door"))
    await page.keyboard.press("Space")
    await manager.tab_to(page.get_by_label("Monday, from", exact=True))
    await page.keyboard.type("0800AM")
    await manager.tab_to(page.get_by_label("Monday, to", exact=True), most=2)
    await page.keyboard.type("0500PM")
    await expect(page.locator('[data-hours="mon"] rect.open')).to_have_attribute("width", "540")
    await manager.tab_to(page.get_by_role("button", name="Monday's hours for Tuesday to Friday"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Friday, to", exact=True)).to_have_value("17:00")
    await manager.tab_to(page.get_by_role("button", name="Give the pass"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#pin-1")).to_have_text(re.compile(r"^\d{6}$"))
    await expect(page.get_by_text("Your code for Front door is")).to_be_visible()
    await expect(page.locator("#passes").get_by_text("Code proven")).to_be_visible()
    await expect(page.get_by_text("Open now")).to_be_visible()


async def test_a_code_is_shown_paused_and_resumed_in_one_press_each(manager: Window) -> None:
    page = manager.page
    await add_person(manager, "Ines Duarte")
    await page.get_by_role("link", name="Give a pass").first.click()
    await page.get_by_label("Boathouse").check()
    await page.get_by_label("At any time").check()
    await expect(page.get_by_label("Monday, from", exact=True)).to_be_hidden()
    await page.get_by_role("button", name="Give the pass").click()
    digits = await page.locator("#pin-1").text_content()
    await expect(page.locator("#passes").get_by_text("Code proven")).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Resume").click()
    await expect(page.locator("#passes").get_by_text("Code proven")).to_be_visible()
    with manager.staying():
        await page.get_by_role("button", name="Show code").click()
        await expect(page.locator("#pin-1")).to_have_text(digits or "")


async def test_the_pages_of_people_are_accessible_quiet_and_fit(browser: Browser, house: House) -> None:
    async with window(browser, house, reduced_motion="reduce") as opened:
        page = opened.page
        path = await add_person(opened, "Wilhelmina Featherstonehaugh-Cholmondeley")
        await page.get_by_role("link", name="Give a pass").first.click()
        await page.get_by_label("Front door").check()
        await page.get_by_label("Flat 2").check()
        await fill_week(page)
        await looked_at(opened)
        await page.get_by_role("button", name="Give the pass").click()
        await expect(page.locator("#pin-1")).to_be_visible()
        await looked_at(opened)
        for each in ("/people", path, "/people?show=left", "/people/new", f"{path}/leave"):
            await opened.open(each)
            await looked_at(opened)


async def looked_at(opened: Window) -> None:
    for size in SIZES:
        await opened.page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            await opened.page.emulate_media(color_scheme=scheme)
            assert await barriers(opened) == [], (opened.page.url, size, scheme)
        assert await sticking_out(opened) == [], (opened.page.url, size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
async def test_a_telephone_gets_a_calendar_by_its_qr_code(browser: Browser, house: House, size: ViewportSize) -> None:
    async with window(browser, house, viewport=size) as opened:
        where = await add_person(opened, f"Carla {size['width']}")
        await opened.page.get_by_role("link", name="Set it up").click()
        await expect(opened.page.get_by_text("Empty for now")).to_be_visible()
        await opened.page.get_by_role("button", name="Make a link").click()
        await expect(opened.page.get_by_role("img", name="QR code of the link")).to_be_visible()
        await expect(opened.page.get_by_role("link", name="subscribe on this device")).to_have_attribute(
            "href", re.compile(r"^webcal://.*/feeds/people/[a-z2-7]{32}\.ics$")
        )
        assert await barriers(opened) == []
        assert await sticking_out(opened) == []
        await opened.page.get_by_role("button", name="End the calendar").click()
        await expect(opened.page.get_by_role("link", name="Set it up")).to_be_visible()
        assert opened.page.url.removeprefix(opened.url).startswith(where)
