"""The door: first account, signing in and out, the link of a demonstration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.signin import IDLE
from tests.web.conftest import PASSWORD, Visitor, visiting
from tests.web.village import village


async def _set_up(visitor: Visitor, **changed: str) -> tuple[int, str]:
    code = await visitor.here.hub.signin.new_setup_code()
    told = {"code": code, "name": "Robin", "password": PASSWORD, "again": PASSWORD} | changed
    answer = await visitor.post("/setup", **told)
    return answer.status, answer.text


async def test_the_first_visit_asks_for_the_code_from_the_console(stranger: Visitor) -> None:
    assert "Nobody has an account here yet" in (await stranger.get("/setup")).text


async def test_the_code_makes_the_first_account_and_signs_it_in(stranger: Visitor) -> None:
    assert (await _set_up(stranger))[0] == 303
    assert (await stranger.get("/")).status == 200


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"code": "AAAA-BBBB-CCCC-DDDD"}, "The set-up code is wrong"),
        ({"again": "something else entirely"}, "The two passwords are not the same."),
        ({"password": "short", "again": "short"}, "password"),
        ({"name": ""}, "Your name is needed."),
    ],
)
async def test_what_is_wrong_at_the_door_is_said_and_lets_nobody_in(
    stranger: Visitor, changed: dict[str, str], sentence: str
) -> None:
    status, text = await _set_up(stranger, **changed)
    assert status == 422
    assert sentence in text
    assert (await stranger.get("/")).status == 303


async def test_passwords_are_never_written_back_into_the_page(stranger: Visitor) -> None:
    answer = await stranger.post("/setup", code="x", name="Robin", password="a secret sentence", again="another one")
    assert "a secret sentence" not in answer.html
    assert 'value="Robin"' in answer.html


async def test_the_cookie_is_kept_from_scripts_and_other_sites(stranger: Visitor) -> None:
    code = await stranger.here.hub.signin.new_setup_code()
    answer = await stranger.post("/setup", code=code, name="Robin", password=PASSWORD, again=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("gatehouse=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_over_tls_the_cookie_is_bound_to_this_very_host(tmp_path: Path) -> None:
    async with village(tmp_path, furnished=False, tls=True) as here, visiting(here) as visitor:
        code = await here.hub.signin.new_setup_code()
        answer = await visitor.post("/setup", code=code, name="Robin", password=PASSWORD, again=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-gatehouse=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


async def test_a_password_opens_and_signing_out_closes(manager: Visitor) -> None:
    assert (await manager.post("/signout")).headers["Location"] == "/signin"
    assert (await manager.get("/")).status == 303
    answer = await manager.post("/signin", name="robin", password=PASSWORD, onward="/locks")
    assert (answer.status, answer.headers["Location"]) == (303, "/locks")
    assert (await manager.get("/locks")).status == 200


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:1"]
)
async def test_nobody_is_sent_to_another_site_after_signing_in(manager: Visitor, onward: str) -> None:
    await manager.post("/signout")
    answer = await manager.post("/signin", name="Robin", password=PASSWORD, onward=onward)
    assert answer.headers["Location"] == "/"


async def test_a_wrong_password_says_nothing_of_which_part_was_wrong(manager: Visitor) -> None:
    await manager.post("/signout")
    wrong = await manager.post("/signin", name="Robin", password="wrong")
    unknown = await manager.post("/signin", name="Nobody", password="wrong")
    assert wrong.status == unknown.status == 422
    assert "The name or the password is wrong." in wrong.text
    assert "The name or the password is wrong." in unknown.text


async def test_too_many_wrong_passwords_must_wait(manager: Visitor) -> None:
    await manager.post("/signout")
    for _ in range(6):
        answer = await manager.post("/signin", name="Robin", password="wrong")
    assert answer.status == 429
    assert "Too many wrong attempts; try again in" in answer.text


async def test_a_session_left_alone_ends(manager: Visitor) -> None:
    manager.here.clock.at += IDLE
    assert (await manager.get("/")).status == 303


async def test_the_link_of_a_demonstration_lets_in_once(stranger: Visitor) -> None:
    token = await stranger.here.hub.signin.new_link_token("Robin")
    first = await stranger.get(f"/enter/{token.reveal()}")
    assert first.status == 200
    assert 'http-equiv="refresh"' in first.html
    assert (await stranger.get("/")).status == 200
    stranger.session.cookie_jar.clear()
    again = await stranger.get(f"/enter/{token.reveal()}")
    assert again.status == 409
    assert "This link was used before" in again.text


async def test_an_old_link_lets_nobody_in(stranger: Visitor) -> None:
    token = await stranger.here.hub.signin.new_link_token("Robin")
    stranger.here.clock.at += timedelta(hours=1)
    assert (await stranger.get(f"/enter/{token.reveal()}")).status == 409
