"""integrations.caldav when its server refuses, is slow, or talks nonsense: said in words, and over by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.contracts import Host
from hub.errors import Disappointment, Garbled, Rejected, Unavailable
from hub.io.http import Answer, Request, Rules, send
from integrations.caldav import Config
from integrations.caldav.calendar import CalDav
from tests.integrations.caldav.radicale import USER, Radicale, radicale
from tests.integrations.caldav.test_caldav import STAY, Hub, config
from tests.integrations.servers import Site

SECRET = "hunter2-and-more"


async def _hasty(request: Request, rules: Rules) -> Answer:
    return await send(request, replace(rules, total_s=0.3))


@pytest.fixture
def diary(server: Site, host: Host) -> CalDav:
    told = {"url": server.url("/cal/"), "user": USER, "password": SECRET, "timezone": "Europe/Berlin"}
    return CalDav(Config.model_validate(told), host, _hasty)


async def trouble(diary: CalDav) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await Hub(diary).poll()
    assert SECRET not in str(caught.value)
    assert "/cal/" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Rejected),
        (403, Rejected),
        (404, Rejected),
        (301, Rejected),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_a_refusal_waits_for_a_person_and_trouble_is_tried_again(
    server: Site, diary: CalDav, status: int, kind: type[Disappointment]
) -> None:
    server.answer("/cal/", status, b"<html>token=" + SECRET.encode(), Retry_After="7", Location="/elsewhere")
    found = await trouble(diary)
    assert type(found) is kind
    assert not isinstance(found, Unavailable) or found.wait == timedelta(seconds=7)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"<multistatus",
        b"{}",
        b"\xff\xfe",
        b'<D:multistatus xmlns:D="DAV:"/>',
        b'<!DOCTYPE a [<!ENTITY d "c">]><multistatus xmlns="DAV:"><response><href>&d;</href></response></multistatus>',
        b'<D:multistatus xmlns:D="DAV:"><D:response><D:propstat><D:prop/></D:propstat></D:response></D:multistatus>',
    ],
)
async def test_nonsense_is_an_error_and_changes_nothing(server: Site, diary: CalDav, body: bytes) -> None:
    server.answer("/cal/", 207, body, Content_Type="application/xml")
    assert isinstance(await trouble(diary), Garbled | Rejected)


async def test_a_server_that_answers_200_is_no_caldav_server(server: Site, diary: CalDav) -> None:
    server.answer("/cal/", 200, b"hello")
    assert isinstance(await trouble(diary), Garbled)


async def test_silence_is_waited_for_no_longer_than_that(server: Site, diary: CalDav) -> None:
    server.hang("/cal/")
    assert isinstance(await trouble(diary), Unavailable)


async def test_a_connection_that_breaks_off_is_tried_again(server: Site, diary: CalDav) -> None:
    server.raw("/cal/", b"HTTP/1.1 207 Told\r\nContent-Length: 500\r\n\r\n<D:multi")
    assert isinstance(await trouble(diary), Unavailable)


async def test_a_password_is_sent_over_https_only() -> None:
    with pytest.raises(ValueError, match="https"):
        Config.model_validate({"url": "http://cloud.example/cal", "user": "u", "password": SECRET, "timezone": "UTC"})


# ---- a real server, of which some requests are lost or refused ----


class Line:
    """To a real server; `faults` meet the next writes."""

    def __init__(self) -> None:
        self.faults: list[int | str] = []

    async def __call__(self, request: Request, rules: Rules) -> Answer:
        if request.method not in ("PUT", "DELETE") or not self.faults:
            return await send(request, rules)
        match self.faults.pop(0):
            case "lost":
                await send(request, rules)
                raise Unavailable("the answer was lost")
            case "down":
                raise Unavailable("nobody is there")
            case int() as status:
                return Answer(status, {}, b"", "127.0.0.1")
            case other:
                raise AssertionError(other)


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Radicale]:
    (tmp_path / "radicale").mkdir()
    async with radicale(tmp_path / "radicale") as made:
        yield made


async def test_an_answer_that_was_lost_makes_no_second_event_and_no_news(peer: Radicale, host: Host) -> None:
    line = Line()
    hub = Hub(CalDav(config(peer), host, line))
    await hub.poll()
    for fault in ("lost", "down"):
        line.faults.append(fault)
        with pytest.raises(Unavailable):
            await hub.show(STAY)
        assert await hub.poll() == []
        await hub.show(replace(STAY, guest="Ada King"))
    text = await peer.everything()
    assert text.count("BEGIN:VEVENT") == 1
    assert "Guest: A. K." in text
    line.faults.append("lost")
    with pytest.raises(Unavailable):
        await hub.show()
    assert await hub.poll() == []
    await hub.show()
    assert "BEGIN:VEVENT" not in await peer.everything()


@pytest.mark.parametrize(("status", "kind"), [(403, Rejected), (405, Rejected), (413, Rejected), (412, Unavailable)])
async def test_a_write_that_is_refused_is_said(
    peer: Radicale, host: Host, status: int, kind: type[Disappointment]
) -> None:
    line = Line()
    line.faults = [status] * 3
    hub = Hub(CalDav(config(peer), host, line))
    with pytest.raises(kind):
        await hub.show(STAY)
    line.faults.clear()
    await hub.show(STAY)
    assert "Guest: A. B." in await peer.everything(), "and the next try finds its way"


@pytest.mark.parametrize("answer", [400, 403, 405])
async def test_a_server_that_cannot_say_what_changed_is_read_by_its_tags(
    peer: Radicale, host: Host, answer: int
) -> None:
    async def old(request: Request, rules: Rules) -> Answer:
        if request.method == "REPORT" and b"sync-collection" in (request.body or b""):
            return Answer(answer, {}, b"", "127.0.0.1")
        return await send(request, rules)

    hub = Hub(CalDav(config(peer), host, old))
    await hub.poll()
    await peer.write("mine", "DTSTART;VALUE=DATE:20270510", "DTEND;VALUE=DATE:20270512", "SUMMARY:Block")
    assert len(await hub.poll()) == 1
    await hub.show(STAY)
    assert await hub.poll() == []
    await peer.delete("mine")
    assert len(await hub.poll()) == 1
    assert await hub.poll() == []


async def test_a_mark_that_the_server_has_forgotten_is_read_anew(peer: Radicale, host: Host) -> None:
    hub = Hub(CalDav(config(peer), host))
    await hub.poll()
    await peer.write("mine", "DTSTART;VALUE=DATE:20270510", "DTEND;VALUE=DATE:20270512", "SUMMARY:Block")
    assert hub.cursor is not None
    head, _, tail = hub.cursor.partition("/sync/")
    hub.cursor = f"{head}/sync/{'0' * 64}{tail[64:]}"
    (fact,) = await hub.poll()
    assert [each.uid for each in fact.stays] == ["mine"]  # type: ignore[union-attr]
