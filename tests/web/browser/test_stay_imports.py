"""A file of past stays in a browser: chosen, looked at, imported and undone, on a desk and in a hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.browser.conftest import Desk
from tests.web.browser.test_pages import SIZES, too_wide, violations
from tests.web.test_stay_imports import FILE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", sorted(SIZES))
async def test_a_file_is_chosen_looked_at_imported_and_undone(desk: Desk, tmp_path: Path, size: str) -> None:
    chosen = tmp_path / "reservations.csv"
    chosen.write_text(FILE)
    async with desk.window(viewport=SIZES[size], reduced_motion="reduce") as window:
        page = window.page
        await window.open("/stays/import")
        await page.get_by_label("The file").set_input_files(str(chosen))
        await page.get_by_role("button", name="Look at it").press("Enter")
        await page.get_by_role("heading", name="1 new, 2 refused").wait_for()
        assert (await violations(window), await too_wide(window)) == ([], 0)
        await page.get_by_label("Which unit is “Villa Rosa”?").select_option("flat-2")
        await page.get_by_label("What does the status “Ancien voyageur” mean?").select_option("stayed")
        await page.get_by_label("Currency where none stands").fill("USD")
        await page.get_by_role("button", name="Read it this way").press("Enter")
        await page.get_by_role("button", name="Import 2 stays").press("Enter")
        await page.get_by_role("button", name="Undo the import").wait_for()
        assert (await violations(window), await too_wide(window)) == ([], 0)
        await page.get_by_role("button", name="Undo the import").press("Enter")
        await page.get_by_text("2 stays put back as before.").wait_for()
        assert (await violations(window), await too_wide(window), window.complaints) == ([], 0, [])
