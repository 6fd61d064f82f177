"""A channel in a browser: an address is pasted, tried, added and taken away again, on a desk and in a hand, by the keyboard."""

from __future__ import annotations

import pytest

from tests.integrations.servers import site
from tests.web.browser.conftest import Desk
from tests.web.browser.test_pages import SIZES, too_wide, violations
from tests.web.test_connecting import FEED

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", sorted(SIZES))
async def test_an_address_is_pasted_tried_added_and_taken_away_again(desk: Desk, size: str) -> None:
    async with site() as source, desk.window(viewport=SIZES[size], reduced_motion="reduce") as window:
        source.answer("/airbnb.com/1.ics", body=FEED)
        page = window.page
        await window.open("/channels")
        await page.get_by_role("link", name="Add a channel").press("Enter")
        await page.get_by_role("heading", name="Add a channel", level=1).wait_for()
        assert (await violations(window), await too_wide(window)) == ([], 0)
        await page.get_by_label("Address of the calendar").fill(source.url("/nothing"))
        await page.get_by_label("The unit").select_option("studio")
        await page.get_by_role("button", name="Try it").press("Enter")
        await page.get_by_role("heading", name="It could not be read").wait_for()
        await page.get_by_role("button", name="Back to the form").press("Enter")
        await page.get_by_label("Address of the calendar").fill(source.url("/airbnb.com/1.ics"))
        await page.get_by_label("Address of the calendar").press("Enter")
        await page.get_by_text("It answers, and lists 3 entries.").wait_for()
        assert (await violations(window), await too_wide(window)) == ([], 0)
        await page.get_by_role("button", name="Add it").press("Enter")
        card = page.locator("#channel-airbnb-studio")
        await card.get_by_role("link", name="Remove").press("Enter")
        await page.get_by_role("button", name="Remove it").wait_for()
        assert (await violations(window), await too_wide(window)) == ([], 0)
        await page.get_by_role("button", name="Remove it").press("Enter")
        await page.get_by_text("The channel is removed.").wait_for()
        assert (await card.count(), window.complaints) == (0, [])


async def test_every_kind_has_a_form_that_is_accessible_and_fits(desk: Desk) -> None:
    async with desk.window(viewport=SIZES["hand"], reduced_motion="reduce") as window:
        for path in ("new?kind=guesty", "new?kind=partner", "new?kind=google_calendar", "airbnb-flat-1/change"):
            await window.open(f"/channels/{path}")
            await window.page.locator("#more summary").press("Enter")
            assert (await violations(window), await too_wide(window)) == ([], 0), path
        assert window.complaints == []
