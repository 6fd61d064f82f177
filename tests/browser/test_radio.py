"""Locks are added to a house with a simulated stick: by keyboard alone, by a photo of the label, by camera, and with consent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import segno
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.house import Box, Calendars, Door, House, Plan, Unit, running
from tests.browser.test_pages import barriers, sticking_out
from tests.browser.window import Window, chromium, window

pytestmark = pytest.mark.browser

PLAN: Final = Plan(
    doors=(Door("front", "Front door"),),
    units=(Unit("flat-1", "Flat 1", ("front",)),),
    boxes=(Box("Gate"), Box("Shed"), Box("Cellar"), Box("Attic", "kwikset", "s0"), Box("Barn")),
)
GATE, SHED, CELLAR, ATTIC, BARN = range(5)
HAND: Final[ViewportSize] = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with one lock, and some that lie in their boxes. Each test unpacks its own."""
    with running(tmp_path_factory.mktemp("unfinished"), PLAN, calendars=Calendars()) as house:
        house.furnish_account()
        yield house


def dsk(house: House, which: int) -> str:
    """What the label in a box says."""
    box = house.ask("/rehearsal").body.partition(f'id="box-new-{which + 1}"')[2]
    found = re.search(r'dsk-text"><b>(\d{5})</b>(-[\d-]{41})<', box)
    assert found is not None, "it lies in no box any more"
    return f"{found[1]}{found[2]}"


def press_button(house: House, which: int) -> None:
    house.send(f"/rehearsal/boxes/new-{which + 1}/pair")


def qr_text(number: str) -> str:
    """Source: zwave-js/specs, the QR code format: 90, SmartStart, checksum, keys, DSK, kind and icon, product."""
    content = f"135{number.replace('-', '')}" + "0010" + "1638700768" + "0220" + "00297000020000100257"
    check = int.from_bytes(hashlib.sha1(content.encode(), usedforsecurity=False).digest()[:2], "big")
    return f"9001{check:05}{content}"


async def fits_a_hand(opened: Window) -> None:
    await opened.page.set_viewport_size(HAND)
    assert await barriers(opened) == []
    assert await sticking_out(opened) == []


async def test_a_lock_is_added_and_named_with_nothing_but_keys(browser: Browser, unfinished: House) -> None:
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio")
        await opened.tab_to(page.get_by_role("link", name="Add a lock").first)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Add a lock")
        await opened.tab_to(page.get_by_label("What the label says"))
        await page.keyboard.type(dsk(unfinished, GATE))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("press the button")).to_be_visible()
        await fits_a_hand(opened)

        with opened.staying():
            press_button(unfinished, GATE)
            await expect(page.get_by_role("heading", name="Make it a lock of the house")).to_be_visible()
            await expect(page.get_by_text("S2 Access Control")).to_be_visible()
            await fits_a_hand(opened)
            await opened.tab_to(page.get_by_label("Name of the door"))
            await page.keyboard.type("Garden gate")
            await opened.tab_to(page.get_by_label("Flat 1"))
            await page.keyboard.press("Space")
        await opened.tab_to(page.get_by_role("button", name="Name it"))
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", level=1)).to_have_text("Garden gate")
        await expect(page.get_by_text("Opens for Flat 1")).to_be_visible()


async def test_a_photo_of_the_label_is_read_in_the_browser(browser: Browser, unfinished: House, tmp_path: Path) -> None:
    number = dsk(unfinished, SHED)
    photo = tmp_path / "label.png"
    segno.make(qr_text(number), error="m", micro=False).save(str(photo), scale=5, border=6)
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio/zwave/add")
        with opened.staying():
            await page.get_by_label("A photo of the label").set_input_files(photo)
            await expect(
                page.get_by_role("status").filter(has_text=f"The number on the label is {number}.")
            ).to_be_visible()
            await expect(page.get_by_role("button", name="Add it now")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("press the button")).to_be_visible()
        press_button(unfinished, SHED)
        await expect(page.get_by_role("heading", name="Make it a lock of the house")).to_be_visible()


async def test_a_picture_without_a_code_and_a_code_of_something_else_are_said(
    browser: Browser, unfinished: House, tmp_path: Path
) -> None:
    other, plain = tmp_path / "other.png", tmp_path / "plain.png"
    segno.make("https://example.org").save(str(other), scale=5)
    segno.make("1").save(str(plain), scale=1, border=0, dark="white")
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio/zwave/add")
        await page.get_by_label("A photo of the label").set_input_files(other)
        await expect(page.get_by_text("not one of Z-Wave")).to_be_visible()
        await page.get_by_label("A photo of the label").set_input_files(plain)
        await expect(page.get_by_text("There is no QR code to be seen")).to_be_visible()
        await expect(page.get_by_label("What the label says")).to_have_value("")


def film(text: str, file: Path) -> Path:
    """A minute-less film of a QR code, as a camera sees it: one frame of 640 × 480 in YUV4MPEG2."""
    modules = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(scale=8, border=4)]
    rows = [bytearray(b"\xeb" * 640) for _ in range(480)]
    top, left = (480 - len(modules)) // 2, (640 - len(modules)) // 2
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            rows[top + y][left + x] = 16 if dark else 235
    grey = b"\x80" * (320 * 240 * 2)
    file.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + b"".join(rows) + grey) * 3)
    return file


async def test_the_camera_reads_the_label(unfinished: House, tmp_path: Path) -> None:
    number = dsk(unfinished, CELLAR)
    seen = film(qr_text(number), tmp_path / "label.y4m")
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}")
    async with chromium(*flags) as browser, window(browser, unfinished, permissions=["camera"]) as opened:
        page = opened.page
        await opened.open("/radio/zwave/add")
        with opened.staying():
            await page.get_by_role("button", name="Use the camera").click()
            await expect(page.get_by_role("status").filter(has_text=number)).to_be_visible()
            await expect(page.locator("video")).to_be_hidden()


async def test_an_old_lock_is_added_only_by_words_and_stays_marked(browser: Browser, unfinished: House) -> None:
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio/zwave/add")
        await page.get_by_role("button", name="Add it now").click()
        await expect(page.get_by_text("press the button")).to_be_visible()
        with opened.staying():
            press_button(unfinished, ATTIC)
            consent = page.get_by_label("Type “use the old encryption” to allow it")
            await expect(consent).to_be_focused()
            await fits_a_hand(opened)
            await page.keyboard.type("use the old encryption")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("S0", exact=True)).to_be_visible()
        await page.get_by_role("link", name="To the network").click()
        await expect(page.get_by_role("row").filter(has_text="Kwikset").get_by_text("S0", exact=True)).to_be_visible()


async def test_without_script_a_lock_is_added_by_a_page_that_looks_again_by_itself(
    browser: Browser, unfinished: House
) -> None:
    digits = dsk(unfinished, BARN)[:5]
    async with window(browser, unfinished, java_script_enabled=False) as opened:
        page = opened.page
        await opened.open("/radio/zwave/add")
        await expect(page.get_by_role("heading", name="Scan its QR code")).to_be_hidden()
        await page.get_by_role("button", name="Add it now").click()
        await expect(page.get_by_text("press the button")).to_be_visible()
        press_button(unfinished, BARN)
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label(re.compile("digits")).fill(digits)
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_label("Name of the door").fill("Barn")
        await page.get_by_role("button", name="Name it").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Barn")


async def test_the_map_and_the_table_follow_what_happens(browser: Browser, unfinished: House) -> None:
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio/zwave/nodes/2")
        with opened.staying():
            await page.get_by_role("button", name="Ping").click()
            await expect(page.get_by_role("status").filter(has_text="It answered within")).to_be_visible()
            await expect(page.get_by_role("button", name="Ping")).to_be_focused()
        await _cancels(page, opened)


async def _cancels(page: Page, opened: Window) -> None:
    await opened.open("/radio")
    await page.get_by_role("button", name="Remove a device").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Remove a device")
    with opened.staying():
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()


async def test_a_removed_lock_leaves_its_door_without_one(browser: Browser, unfinished: House) -> None:
    async with window(browser, unfinished) as opened:
        page = opened.page
        await opened.open("/radio")
        await page.get_by_role("button", name="Remove a device").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Remove a device")
        with opened.staying():
            unfinished.rehearse("front", act="pair")
            await expect(page.get_by_text("has left the network")).to_be_visible()
        await opened.open("/locks/front")
        await expect(page.get_by_text("This lock has no device any more.")).to_be_visible()
        await fits_a_hand(opened)
