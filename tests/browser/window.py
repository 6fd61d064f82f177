"""Debian's Chromium, and one window of it that notes everything the browser complains about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Frame, Locator, Page, ViewportSize, async_playwright, expect

from tests.browser.house import COOKIE, House

QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS: Final = 30_000
"""The other side is a hub that shares its machine; what is true passes at once."""
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}

expect.set_options(timeout=PATIENCE_MS)


@dataclass(eq=False)  # no slots: the browser library notes on its listeners' owner that it listens
class Window:
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, uncaught exceptions and refusals of the content security policy."""
    arrivals: int = 0
    """How many documents it has shown."""

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """What happens meanwhile happens without loading a page."""
        before = self.arrivals
        yield
        assert self.arrivals == before, f"a page was loaded: {self.page.url}"

    async def tab_to(self, wanted: Locator, most: int = 60) -> None:
        """Press Tab until it is there; every stop on the way must be seen."""
        for _ in range(most):
            await self.page.keyboard.press("Tab")
            assert await self.page.evaluate(_FOCUS_SEEN) == "", "the focus cannot be seen"
            if await wanted.evaluate("each => each === document.activeElement"):
                return
        raise AssertionError(f"{most} times Tab do not lead to {wanted}")

    def note_console(self, said: ConsoleMessage) -> None:
        where = said.location.get("url", "")
        refused_form = said.text.startswith("Failed to load resource") and where == self.page.url
        if said.type in ("error", "warning") and not refused_form:
            self.complaints.append(f"{said.text} ({where})")

    def note_arrival(self, frame: Frame) -> None:
        self.arrivals += frame == self.page.main_frame


_FOCUS_SEEN: Final = """() => {
  const at = document.activeElement;
  if (at === document.body || at === document.documentElement) return "";
  if (!at.matches(":focus")) return "";  // the button inside a date field, which the browser rings itself
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inside = box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0
    && box.top < innerHeight && box.left < innerWidth;
  return outlined && inside ? "" : at.outerHTML;
}"""


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path="/usr/bin/chromium", args=[*QUIET, *more])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def window(browser: Browser, house: House, *, signed_in: bool = True, **options: Any) -> AsyncIterator[Window]:
    """A window with cookies of its own. Nothing may have been complained about when it closes."""
    async with await browser.new_context(**{"viewport": DESK} | options) as context:
        if signed_in:
            await context.add_cookies([{"name": COOKIE, "value": house.session, "url": house.url}])
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        opened = Window(page, house.url)
        page.on("console", opened.note_console)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("framenavigated", opened.note_arrival)
        yield opened
        # What is on its way when the page closes would fail in the next test.
        await page.unroute_all(behavior="ignoreErrors")
        assert not opened.complaints, opened.complaints
