"""The page of a guest on a phone, by keyboard alone: the code, and another one where a door does not open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.browser.house import TODAY, House, until
from tests.browser.test_pages import SIZES, barriers, sticking_out
from tests.browser.window import Window, window

pytestmark = pytest.mark.browser

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
WORDS: Final = {
    "phone": "+49 170 1234567",
    "instructions": "The way in is from the harbour side.\n\nBins go out on Tuesday. The network is called Harbour.",
}


@pytest.fixture
def stay(house: House) -> Iterator[str]:
    """Where the stay of a guest is who may come in by now, behind two doors with backup codes."""
    house.send("/settings/guests/harbour", **WORDS)
    nights = {"arrival": TODAY.isoformat(), "departure": (TODAY + timedelta(days=1)).isoformat()}
    path = house.send("/stays/new", unit="flat-2", guest="Ines Duarte", **nights).headers["Location"]
    until("the code", lambda: house.ask(path).body.count("Code proven") == 2 or None)
    for door in ("front", "flat-2"):
        until("backup codes", lambda door=door: "2 of 2 proven" in house.ask(f"/locks/{door}").body or None)  # type: ignore[misc]
    yield path
    house.send(f"{path}/cancel")
    house.send("/settings/guests/harbour", phone="", instructions="")


def link_of(house: House, stay: str) -> str:
    shown = house.send(f"{stay}/for-guest").body
    found = re.search(r"(/g/[a-z2-7]{32})", shown)
    assert found is not None, shown
    return found[1]


async def test_a_guest_sees_the_code_and_gets_another_by_keyboard_alone(
    browser: Browser, house: House, stay: str
) -> None:
    async with window(browser, house, signed_in=False, viewport=PHONE, reduced_motion="reduce") as guest:
        page = guest.page
        await guest.open(link_of(house, stay))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Harbour House")
        await expect(page.get_by_text("Bins go out on Tuesday.")).to_be_visible()
        await looked_at(guest)
        await guest.tab_to(page.get_by_role("button", name="Show the code"), most=3)
        await page.keyboard.press("Enter")
        own = await page.locator("#pin-1").text_content()
        assert re.fullmatch(r"\d{6}", own or "")
        await expect(page.locator("#pin-1")).to_be_focused()
        await looked_at(guest)
        await guest.tab_to(page.get_by_role("button", name="My code does not open Flat 2"), most=6)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("There is a new code for Flat 2, which works at once.")).to_be_visible()
        pins = await page.locator(".pin").all_text_contents()
        assert own in pins
        [other] = set(pins) - {own}
        with guest.staying():
            await expect(page.get_by_text("The lock has just said that it holds your own code.")).to_be_visible()
        await looked_at(guest)
        house.rehearse("flat-2", digits=other)
        until("the guest inside", lambda: "unlocked Flat 2" in house.ask(stay).body or None)
        await guest.tab_to(page.get_by_role("button", name="The new code does not open Flat 2 either"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("No other code is ready for Flat 2.")).to_be_visible()
        await expect(page.get_by_role("link", name="Call +49 170 1234567")).to_have_attribute(
            "href", "tel:+491701234567"
        )
        await looked_at(guest)


async def test_the_manager_copies_the_link_and_revokes_it(manager: Window, house: House, stay: str) -> None:
    page = manager.page
    await manager.open(stay)
    with manager.staying():
        await page.get_by_role("button", name="Show the text").click()
        await expect(page.locator("#guest-text")).to_contain_text("Hello Ines Duarte")
    found = re.search(r"(http://\S+/g/[a-z2-7]{32})", await page.locator("#guest-text").text_content() or "")
    assert found is not None
    await expect(page.get_by_role("button", name="Copy only the link")).to_be_visible()
    await looked_at(manager)
    await page.goto(found[1])
    await expect(page.get_by_role("button", name="Show the code")).to_be_visible()
    await manager.open(stay)
    await expect(page.locator("#for-guest").get_by_text("first ")).to_be_visible()
    await page.get_by_role("button", name="Revoke the link").click()
    await expect(page.get_by_text("There is no link yet")).to_be_visible()
    await page.goto(found[1])
    await expect(page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    await looked_at(manager)
    await manager.open("/settings/guests/harbour")
    await looked_at(manager)


async def looked_at(opened: Window) -> None:
    before = opened.page.viewport_size
    assert before is not None
    for size in SIZES:
        await opened.page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            await opened.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await opened.page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
            assert await barriers(opened) == [], (opened.page.url, size, scheme)
        assert await sticking_out(opened) == [], (opened.page.url, size)
    await opened.page.set_viewport_size(before)
