"""What stands before every page: sessions, the origin of forms, their token, headers, and errors as pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.conftest import Visitor

PAGES = (
    "/", "/stays", "/stays/new", "/locks", "/locks/front", "/log", "/health", "/channels", "/rehearsal", "/settings",
    "/settings/tokens", "/codes/new", "/locks/front/codes/30/adopt", "/more", "/styleguide",
)  # fmt: skip
_STATIC = r"""["'](/static/[^"'#]+)"""


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_leads_a_stranger_to_the_door(stranger: Visitor, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/setup")


async def test_every_page_is_strict_about_what_a_browser_may_do(manager: Visitor) -> None:
    for path in PAGES:
        answer = await manager.get(path)
        assert answer.status == 200, path
        policy = answer.headers["Content-Security-Policy"]
        for rule in (
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ):
            assert rule in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Cache-Control"] == "no-store", path


async def test_no_page_carries_a_script_or_a_style_of_its_own(manager: Visitor) -> None:
    for path in PAGES:
        html = (await manager.get(path)).html
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|<script(?! src=)", html), path


async def test_every_file_a_page_asks_for_is_there(manager: Visitor) -> None:
    asked = {(path, url) for path in PAGES for url in re.findall(_STATIC, (await manager.get(path)).html)}
    assert {path for path, _ in asked} == set(PAGES)
    for url in sorted({url for _, url in asked}):
        answer = await manager.get(url)
        assert answer.status == 200, url
        assert "immutable" in answer.headers["Cache-Control"]


async def test_every_icon_a_page_shows_is_drawn(manager: Visitor) -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (Path(__file__).parents[2] / "web/static/icons.svg").read_text()))
    for path in PAGES:
        shown = set(re.findall(r"icons-[0-9a-f]+\.svg#([^\"]+)", (await manager.get(path)).html))
        assert shown <= drawn, path


async def test_every_form_that_changes_something_carries_the_token(manager: Visitor) -> None:
    for path in PAGES:
        html = (await manager.get(path)).html
        forms = re.findall(r'<form[^>]*method="post".*?</form>', html, flags=re.DOTALL)
        assert forms, path
        for form in forms:
            assert f'name="csrf" value="{manager.csrf}"' in form, path


async def test_after_signing_in_one_is_where_one_wanted_to_go(manager: Visitor) -> None:
    await manager.post("/signout")
    answer = await manager.get("/stays?show=past")
    assert answer.headers["Location"] == "/signin?onward=%2Fstays%3Fshow%3Dpast"


async def test_a_fragment_that_finds_the_session_ended_sends_the_page_to_the_door(manager: Visitor) -> None:
    await manager.post("/signout")
    answer = await manager.get("/locks/front?part=card", **{"HX-Request": "true"})
    assert (answer.status, answer.headers["HX-Redirect"]) == (401, "/signin")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://elsewhere.example"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_a_form_from_elsewhere_changes_nothing(manager: Visitor, headers: dict[str, str]) -> None:
    answer = await manager.ask(
        "POST", "/settings/theme", headers=headers, data=[("csrf", manager.csrf), ("theme", "dark")]
    )
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


async def test_a_form_from_here_is_taken_also_where_browsers_send_no_fetch_headers(manager: Visitor) -> None:
    answer = await manager.ask(
        "POST", "/settings/theme", headers={"Origin": manager.url}, data=[("csrf", manager.csrf), ("theme", "dark")]
    )
    assert answer.status == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_form_without_the_sessions_token_changes_nothing(manager: Visitor, token: str) -> None:
    manager.csrf = token
    answer = await manager.post("/settings/theme", theme="dark")
    assert answer.status == 403
    assert "Open the page again" in answer.text


async def test_what_is_not_there_is_said_on_a_page(manager: Visitor) -> None:
    for path in ("/nothing", "/stays/none", "/locks/none", "/static/none.css"):
        assert (await manager.get(path)).status == 404, path
    assert "There is nothing here" in (await manager.get("/nothing")).text


async def test_an_unexpected_failure_is_a_page_without_its_inside(manager: Visitor) -> None:
    await manager.here.hub.store.write(lambda tx: tx.sql.exec_driver_sql("DROP TABLE questions"))
    answer = await manager.get("/")
    assert answer.status == 500
    assert "should not have happened" in answer.text
    assert "no such table" not in answer.html
    assert "Traceback" not in answer.html


async def test_what_the_hub_refuses_is_said_beside_the_page_where_there_is_script(manager: Visitor) -> None:
    answer = await manager.post("/questions/none", answer="yes", headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"] == "none"
    assert "There is no such question" in answer.text


async def test_the_api_knows_its_own_callers(manager: Visitor) -> None:
    answer = await manager.get("/api/v1/units")
    assert answer.status == 401
    assert answer.headers["Content-Type"].startswith("application/problem+json")
