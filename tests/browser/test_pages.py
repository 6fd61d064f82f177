"""Every page in its states, on a desk and in a hand, by day and by night: accessible, quiet, no wider than the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, FilePayload, ViewportSize, expect

from tests.browser.house import NAME, PASSWORD, House
from tests.browser.lived_in import LONG_NAME, lived_in, stay_called
from tests.browser.window import DESK, Window, window

pytestmark = pytest.mark.browser

AXE: Final = (Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js").read_text()
SIZES: Final[tuple[ViewportSize, ...]] = (DESK, {"width": 390, "height": 844})

Scene = Callable[[Window, House], Awaitable[None]]


@pytest.fixture(scope="module")
def busy_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with lived_in(tmp_path_factory.mktemp("lived-in")) as house:
        yield house


# ---- scenes ---------------------------------------------------------------------------------------------------------


def at(path: str) -> Scene:
    async def scene(opened: Window, _house: House) -> None:
        await opened.open(path)

    return scene


def stay_of(guest: str, then: str = "") -> Scene:
    """The page of a stay, where something is pressed."""

    async def scene(opened: Window, house: House) -> None:
        await opened.open(stay_called(house, guest))
        if then:
            await opened.page.locator("main").get_by_text(then, exact=True).click()

    return scene


async def shown_code(opened: Window, house: House) -> None:
    await stay_of("Grace Hopper", "Show code")(opened, house)
    await opened.page.get_by_role("button", name="Show the text").click()
    await expect(opened.page.get_by_role("button", name="Copy the text")).to_be_visible()


def dialog(button: str, title: str) -> Scene:
    async def scene(opened: Window, house: House) -> None:
        await stay_of("Grace Hopper", button)(opened, house)
        await expect(opened.page.get_by_role("dialog", name=title)).to_be_visible()

    return scene


async def refused_stay(opened: Window, _house: House) -> None:
    page = opened.page
    await opened.open("/stays/new")
    await page.get_by_label("Guest's name").fill("Ada Lovelace")
    await page.get_by_label("Arrives on").fill("")
    await page.locator("main form").evaluate("form => form.noValidate = true")
    await page.get_by_role("button", name="Add the stay").click()
    await expect(page.get_by_text("The day of arrival is needed.")).to_be_visible()


async def asked_emergency(opened: Window, _house: House) -> None:
    await opened.open("/emergency?act=lock_down")
    await opened.page.get_by_label("Why").first.fill("A break-in next door")
    await opened.page.get_by_role("button", name="Go on").first.click()
    await opened.page.get_by_role("button", name="Lock down now").wait_for()


async def drawn_code(opened: Window, _house: House) -> None:
    page = opened.page
    await opened.open("/codes/new")
    await page.get_by_label("Whom it is for").fill("The painter")
    await page.get_by_label("Flat 2").check()
    await page.get_by_role("button", name="Draw a code").click()
    await expect(page.locator("#pin")).to_be_visible()


async def made_token(opened: Window, _house: House) -> None:
    page = opened.page
    await opened.open("/settings/tokens")
    await page.get_by_label("What uses it").fill("A thermostat")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#token")).to_be_visible()


async def _unfold(opened: Window) -> None:
    for summary in await opened.page.locator("summary").all():
        await summary.click()


NETWORK_KEYS: Final = b'{"S2_AccessControl": "33333333333333333333333333333333"}'


async def shown_keys(opened: Window, _house: House) -> None:
    await opened.open("/radio/zwave/care")
    await _unfold(opened)
    taking = opened.page.locator("form[action$='/keys/import']")
    file = FilePayload(name="keys.json", mimeType="application/json", buffer=NETWORK_KEYS)
    await taking.locator("input[type=file]").set_input_files(file)
    await taking.get_by_role("button", name="Take them over").click()
    await expect(opened.page.locator("#toasts")).to_contain_text("keys")
    await _unfold(opened)
    await opened.page.get_by_label("Your password, once more").fill(PASSWORD)
    await opened.page.get_by_role("button", name="Show the keys").click()
    await expect(opened.page.get_by_text("They are shown only this once")).to_be_visible()


async def refused_label(opened: Window, _house: House) -> None:
    await opened.open("/radio/zwave/add")
    await opened.page.get_by_text("It cannot encrypt at all").click()
    await opened.page.get_by_label("to add it all the same").fill("please")
    await opened.page.get_by_role("button", name="Add it now").click()
    await expect(opened.page.get_by_text("These are not the words")).to_be_visible()


async def opened_hands(opened: Window, _house: House) -> None:
    await opened.open("/rehearsal")
    for summary in await opened.page.locator("summary").all():
        await summary.click()


async def toast(opened: Window, _house: House) -> None:
    await opened.open("/channels")
    await opened.page.get_by_role("button", name="Read it now").first.click()
    await expect(opened.page.get_by_text("It is being read now.")).to_be_visible()


async def refused_sign_in(opened: Window, _house: House) -> None:
    page = opened.page
    await page.context.clear_cookies()
    await opened.open("/signin")
    await page.get_by_label("Your name").fill(NAME)
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()


async def refused_set_up(opened: Window, _house: House) -> None:
    page = opened.page
    await opened.open("/setup")
    for label in ("Set-up code", "Your name", "Password", "The password once more"):
        await page.get_by_label(label, exact=True).fill("wrong")
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_be_visible()


SCENES: Final[dict[str, Scene]] = {
    "today": at("/"),
    "stays": at("/stays"),
    "past stays": at("/stays?show=past"),
    "cancelled stays": at("/stays?show=cancelled"),
    "stays that cannot be used": at("/stays?show=unclear"),
    "no such stay": at("/stays?q=nobody"),
    "a stay": stay_of("Grace Hopper"),
    "a stay with its code": shown_code,
    "a stay with a long name": stay_of(LONG_NAME),
    "a stay without its code": stay_of("Familie van der Meer"),
    "a stay nobody understands": stay_of("Closed"),
    "changing a stay": dialog("Change", "Change the stay"),
    "cancelling a stay": dialog("Cancel the stay", "Cancel this stay?"),
    "adding a stay": at("/stays/new"),
    "a stay refused": refused_stay,
    "locks": at("/locks"),
    "a lock": at("/locks/front"),
    "a silent lock": at("/locks/boathouse"),
    "a jammed lock": at("/locks/studio"),
    "a lock without keypad": at("/locks/cellar"),
    "a code now": at("/codes/new"),
    "a code drawn": drawn_code,
    "emergency": at("/emergency?act=code"),
    "an emergency to confirm": asked_emergency,
    "the access log": at("/log"),
    "the record": at("/record"),
    "the log of a door": at("/log?lock=flat-1&what=unlocked"),
    "an empty log": at("/log?what=tamper"),
    "channels": at("/channels"),
    "a platform": at("/channels/vrbo-flat-1/sync"),
    "a platform that cannot be read": at("/channels/lodgify-studio/sync"),
    "what may be booked": at("/units/flat-1/booking"),
    "health": at("/health"),
    "radio": at("/radio"),
    "a device": at("/radio/zwave/nodes/2"),
    "a silent device": at("/radio/zwave/nodes/5"),
    "naming a device": at("/radio/zwave/nodes/2/name"),
    "adding a lock": at("/radio/zwave/add"),
    "a label refused": refused_label,
    "replacing a device": at("/radio/zwave/nodes/2/replace"),
    "backup and keys": at("/radio/zwave/care"),
    "keys shown": shown_keys,
    "the trace": at("/radio/zwave/trace"),
    "settings": at("/settings"),
    "tokens": at("/settings/tokens"),
    "a token made": made_token,
    "rehearsal": opened_hands,
    "a toast": toast,
    "more": at("/more"),
    "the style guide": at("/styleguide"),
    "nothing": at("/nothing"),
    "sign-in refused": refused_sign_in,
    "set-up": at("/setup"),
    "set-up refused": refused_set_up,
}


# ---- what is looked for ---------------------------------------------------------------------------------------------


async def barriers(opened: Window) -> list[Any]:
    """Violations, and text whose ground axe could not see."""
    await opened.page.evaluate(AXE)  # by the debugger: the page's own policy lets no script of others in
    found: list[Any] = await opened.page.evaluate(_AXE_RUN)
    return found


async def sticking_out(opened: Window) -> list[Any]:
    """What is wider than the screen."""
    found: list[Any] = await opened.page.evaluate(_STICKING_OUT)
    return found


_AXE_RUN: Final = """async () => {
  const result = await axe.run(document, {resultTypes: ["violations", "incomplete"]});
  const unseen = ({any, target}) => any.some(({data}) => data?.messageKey === "bgGradient")
    && !document.querySelector(target[0])?.matches("select");  // its arrow is a gradient, beside the text
  const doubtful = result.incomplete.filter(({id}) => id === "color-contrast")
    .map((each) => ({...each, nodes: each.nodes.filter(unseen)})).filter(({nodes}) => nodes.length);
  return [...result.violations, ...doubtful].map(({id, nodes}) => [id, nodes.map(({html}) => html)]);
}"""

_STICKING_OUT: Final = """() => {
  const wide = document.documentElement.clientWidth;
  const hidden = (each) => each && (getComputedStyle(each).clipPath !== "none" || hidden(each.parentElement));
  const scroller = (each) => ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
  const scrolls = (each) => each && (scroller(each) || scrolls(each.parentElement));
  const out = [...document.body.querySelectorAll("*")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width > 0 && (box.right > wide + 1 || box.left < -1) && !hidden(each) && !scrolls(each.parentElement);
  });
  if (document.documentElement.scrollWidth > wide) out.unshift(document.documentElement);
  return out.map((each) => each.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("name", SCENES)
async def test_a_page_is_accessible_quiet_and_fits(browser: Browser, busy_house: House, name: str) -> None:
    async with window(browser, busy_house, reduced_motion="reduce") as opened:
        await SCENES[name](opened, busy_house)
        for size in SIZES:
            await opened.page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                await opened.page.emulate_media(color_scheme=scheme)
                assert await barriers(opened) == [], (size, scheme)
                assert await sticking_out(opened) == [], (size, scheme)
