"""Every page, on a desk and in a hand, by day and by night: accessible, quiet, and never wider than the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.web.browser.conftest import Desk, Window

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

SIZES = {"desk": {"width": 1280, "height": 900}, "hand": {"width": 390, "height": 844}}


def _paths(desk: Desk) -> dict[str, str]:
    stays = desk.visitor.here.stays
    return {
        "today": "/",
        "stays": "/stays",
        "cancelled stays": "/stays?show=cancelled",
        "nothing found": "/stays?q=nobody",
        "a stay": f"/stays/{stays['Anna Berg']}",
        "a stay of the past": f"/stays/{stays['Edsger Dijkstra']}",
        "add a stay": "/stays/new",
        "change a stay": f"/stays/{stays['Anna Berg']}/change",
        "stages of a stay": f"/stays/{stays['Anna Berg']}/stage",
        "held nights": "/stays/holds",
        "past stays from a file": "/stays/import",
        "sold twice": "/stays/conflicts",
        "what may be booked": "/settings/booking/lindenhof",
        "what may be booked of a unit": "/units/flat-2/booking",
        "the calendar": "/calendar",
        "two weeks of the calendar": "/calendar?zoom=weeks",
        "free nights": "/calendar/free?arrival=2026-12-01&departure=2026-12-04&unit=",
        "nights that are not free": "/calendar/free?arrival=2026-11-21&departure=2026-11-24&unit=flat-1",
        "locks": "/locks",
        "a lock": "/locks/front",
        "a silent lock": "/locks/loft",
        "a code now": "/codes/new",
        "somebody else's code": "/locks/front/codes/30/adopt",
        "the log": "/log",
        "health": "/health",
        "channels": "/channels",
        "rehearsal": "/rehearsal",
        "settings": "/settings",
        "tokens": "/settings/tokens",
        "more": "/more",
        "style guide": "/styleguide",
        "nothing": "/nothing",
    }


async def violations(window: Window) -> list[Any]:
    session = await window.page.context.new_cdp_session(window.page)
    # By the debugger, because the page's own policy lets no script of others in.
    await session.send("Runtime.evaluate", {"expression": AXE.read_text()})
    found: list[Any] = await window.page.evaluate(
        """axe.run(document, {resultTypes: ["violations"]}).then(
            (result) => result.violations.map((each) => [each.id, each.nodes.map((node) => node.target.join(" "))]))"""
    )
    return found


async def too_wide(window: Window) -> int:
    return int(
        await window.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
async def test_every_page_is_accessible_quiet_and_fits(desk: Desk, size: str, scheme: str) -> None:
    async with desk.window(viewport=SIZES[size], color_scheme=scheme, reduced_motion="reduce") as window:
        for name, path in _paths(desk).items():
            await window.open(path)
            assert await violations(window) == [], name
            assert await too_wide(window) == 0, name
            expected = ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
            assert window.complaints == (expected if name == "nothing" else []), name
            window.complaints.clear()


@pytest.mark.parametrize("size", sorted(SIZES))
async def test_the_door_is_accessible_quiet_and_fits(new_desk: Desk, size: str) -> None:
    async with new_desk.window(signed_in=False, viewport=SIZES[size]) as window:
        for path in ("/setup", "/signin"):
            await window.open(path)
            assert await violations(window) == []
            assert await too_wide(window) == 0
        assert window.complaints == []


async def test_a_dialog_is_accessible_and_gives_the_focus_back(desk: Desk) -> None:
    async with desk.window() as window:
        await window.open(f"/stays/{desk.visitor.here.stays['Anna Berg']}")
        button = window.page.get_by_role("link", name="Cancel the stay")
        await button.click()
        await window.page.get_by_role("dialog", name="Cancel this stay?").wait_for()
        assert await violations(window) == []
        await window.page.keyboard.press("Escape")
        await window.page.locator("dialog").wait_for(state="hidden")
        assert await button.evaluate("each => each === document.activeElement")


async def test_less_motion_is_respected(desk: Desk) -> None:
    async with desk.window(reduced_motion="reduce") as window:
        await window.open("/styleguide")
        moving = await window.page.evaluate(
            "document.getAnimations().filter((each) => each.playState === 'running').length"
        )
        assert moving == 0
