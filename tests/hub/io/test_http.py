"""hub.io.http: an outside server can neither lead the hub astray nor fill, hold or deceive it."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from hub.errors import Disappointment, Misconfigured, Rejected, Unavailable
from hub.io.http import Answer, Request, Rules, accepted, redirected, send, shareable, web_address
from tests.integrations.servers import Site, site
from tests.simulators import vloop


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as made:
        yield made


def names(**known: Sequence[str]) -> Any:
    """A look-up that knows these names and addresses themselves; dots in names are written as double underscores."""
    table = {name.replace("__", "."): list(found) for name, found in known.items()}

    async def lookup(host: str, port: int) -> Sequence[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        if host not in table:
            raise OSError("no such name")
        return table[host]

    return lookup


async def trouble(request: Request, **rules: Any) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await send(request, Rules(**rules))
    return caught.value


# ---- a plain answer ----


async def test_an_answer_brings_status_headers_and_body(server: Site) -> None:
    server.answer("/feed", body=b"hello", ETag='"1"')
    answer = await send(Request(server.url("/feed")))
    assert (answer.status, answer.headers["etag"], answer.body) == (200, '"1"', b"hello")


async def test_conditions_are_passed_on_and_304_is_an_answer(server: Site) -> None:
    server.answer("/feed", 304)
    answer = await send(Request(server.url("/feed"), headers={"If-None-Match": '"1"'}))
    assert answer.status == 304
    assert server.asked[0].headers["if-none-match"] == '"1"'


async def test_an_address_is_asked_for_exactly_as_it_was_written(server: Site) -> None:
    await send(Request(server.url("/ical/x%2Fy.ics?s=a%2Fb%3D&t=1+2")))
    assert server.asked[0].path == "/ical/x%2Fy.ics?s=a%2Fb%3D&t=1+2"


async def test_data_is_posted_with_its_headers(server: Site) -> None:
    server.answer("/hook", body=b"ok")
    await send(Request(server.url("/hook"), "POST", {"Content-Type": "application/json"}, b"{}"))
    asked = server.asked[0]
    assert (asked.method, asked.headers["content-type"], asked.body) == ("POST", "application/json", b"{}")


async def test_cookies_are_neither_kept_nor_sent(server: Site) -> None:
    server.answer("/feed", Set_Cookie="a=b")
    await send(Request(server.url("/feed")))
    await send(Request(server.url("/feed")))
    assert "cookie" not in server.asked[1].headers


async def test_a_packed_answer_is_unpacked(server: Site) -> None:
    server.answer("/feed", body=gzip.compress(b"hello" * 1000), Content_Encoding="gzip")
    assert (await send(Request(server.url("/feed")))).body == b"hello" * 1000


# ---- what each status means ----


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_by_itself_is_unavailable(server: Site, status: int) -> None:
    server.answer("/feed", status)
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Unavailable)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ({"Retry_After": "120"}, timedelta(seconds=120)),
        (
            {"Retry_After": "Fri, 01 Oct 2027 12:05:00 GMT", "Date": "Fri, 01 Oct 2027 12:00:00 GMT"},
            timedelta(minutes=5),
        ),
        ({"Retry_After": "Fri, 01 Oct 2027 11:00:00 GMT", "Date": "Fri, 01 Oct 2027 12:00:00 GMT"}, timedelta(0)),
        ({"Retry_After": "Fri, 01 Oct 2027 12:05:00 GMT"}, timedelta(0)),
        ({"Retry_After": "9" * 400}, timedelta(hours=6)),
        ({"Retry_After": "-5"}, timedelta(0)),
        ({"Retry_After": "soon"}, timedelta(0)),
        ({}, timedelta(0)),
    ],
)
async def test_the_wait_a_server_asks_for_is_respected(server: Site, told: dict[str, str], wait: timedelta) -> None:
    server.answer("/feed", 429, b"", **told)
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Unavailable)
    assert error.wait == wait


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "let us in"),
        (403, "let us in"),
        (404, "nothing at this"),
        (410, "nothing at this"),
        (400, "refuses"),
        (300, "refuses"),
    ],
)
def test_what_needs_a_person_is_rejected_on_demand(status: int, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        accepted(Answer(status, {}, b"", "feeds.example"))


@pytest.mark.parametrize("status", [200, 204, 304])
def test_what_was_granted_passes(status: int) -> None:
    answer = Answer(status, {}, b"", "feeds.example")
    assert accepted(answer) is answer


# ---- servers that do not behave ----


async def test_a_server_that_hangs_is_given_up(server: Site) -> None:
    server.hang("/feed")
    error = await trouble(Request(server.url("/feed")), total_s=0.05)
    assert isinstance(error, Unavailable)
    assert "did not answer within 0.05 s" in str(error)


async def test_an_answer_that_stops_in_the_middle_is_given_up(server: Site) -> None:
    server.raw("/feed", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nBEGIN:VCAL")
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Unavailable)
    assert "middle of its answer" in str(error)


async def test_a_packed_answer_that_stops_in_the_middle_is_given_up(server: Site) -> None:
    server.answer("/feed", body=gzip.compress(b"hello" * 1000)[:-10], Content_Encoding="gzip")
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Unavailable)
    assert "middle of its answer" in str(error)


@pytest.mark.parametrize(
    "answer", [b"", b"\x00\xff\x00garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"220 mail.example ESMTP\r\n"]
)
async def test_what_is_not_http_is_unavailable(server: Site, answer: bytes) -> None:
    server.raw("/feed", answer)
    assert isinstance(await trouble(Request(server.url("/feed"))), Unavailable)


async def test_headers_without_end_are_unavailable(server: Site) -> None:
    server.raw("/feed", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")
    assert isinstance(await trouble(Request(server.url("/feed"))), Unavailable)


async def test_a_body_announced_too_large_is_refused_before_it_is_read(server: Site) -> None:
    server.raw("/feed", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Rejected)
    assert "more than 5 MB" in str(error)


async def test_a_body_that_grows_too_large_is_refused_while_it_is_read(server: Site) -> None:
    server.raw("/feed", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000)
    assert isinstance(await trouble(Request(server.url("/feed")), body_bytes=200_000), Rejected)


async def test_a_body_that_unpacks_too_large_is_refused_before_it_fills_the_memory(server: Site) -> None:
    server.answer("/feed", body=gzip.compress(bytes(100 * 1024**2)), Content_Encoding="gzip")
    tracemalloc.start()
    error = await trouble(Request(server.url("/feed")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, Rejected)
    assert "more than 5 MB" in str(error)
    assert peak < 20 * 1024**2


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate"])
async def test_packing_that_was_not_asked_for_is_unavailable(server: Site, encoding: str) -> None:
    server.answer("/feed", body=b"xxxx", Content_Encoding=encoding)
    assert isinstance(await trouble(Request(server.url("/feed"))), Unavailable)


async def test_broken_packing_is_unavailable(server: Site) -> None:
    server.answer("/feed", body=b"this is not gzip", Content_Encoding="gzip")
    assert "cannot be unpacked" in str(await trouble(Request(server.url("/feed"))))


async def test_a_closed_port_is_unavailable(server: Site) -> None:
    async with site() as gone:
        url = gone.url("/feed")
    error = await trouble(Request(url))
    assert isinstance(error, Unavailable)
    assert "cannot be reached" in str(error)


async def test_a_certificate_nobody_vouches_for_is_unavailable(tmp_path: Path) -> None:
    async with site(_self_signed(tmp_path)) as server:
        server.answer("/feed")
        error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Unavailable)
    assert "certificate" in str(error)
    assert not server.asked


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_no_message_repeats_the_address(server: Site) -> None:
    server.answer("/secret-token", 503)
    for request in (
        Request(server.url("/secret-token")),
        Request("ftp://x/secret-token"),
        Request("http://[/secret-token"),
    ):
        error = await trouble(request)
        assert "secret-token" not in f"{error} {request}"


async def test_cancelling_closes_the_connection(server: Site) -> None:
    server.hang("/feed")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(send(Request(server.url("/feed"))))
        await _until_asked(server, 1)
        asking.cancel()
    await _until_free(server)
    assert asking.cancelled()


async def _until_asked(server: Site, count: int) -> None:
    for _turn in range(100_000):
        if len(server.asked) >= count:
            return
        await asyncio.sleep(0)
    pytest.fail("the server was not asked")


async def _until_free(server: Site) -> None:
    for _turn in range(100_000):
        if server.busy == 0:
            return
        await asyncio.sleep(0)
    pytest.fail("the connection stayed open")


# ---- redirects ----


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_on_the_same_server_is_followed(server: Site, status: int) -> None:
    server.answer("/feed", status, Location="/there")
    server.answer("/there", body=b"hello")
    assert (await send(Request(server.url("/feed"), headers={"If-None-Match": '"1"'}))).body == b"hello"
    assert server.asked[1].headers["if-none-match"] == '"1"'


async def test_a_redirect_in_a_circle_ends(server: Site) -> None:
    server.answer("/feed", 302, Location="/feed")
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Rejected)
    assert "more than 3 times" in str(error)
    assert len(server.asked) == 4


async def test_a_redirect_into_the_house_is_refused_though_the_operator_wrote_a_local_address(server: Site) -> None:
    async with site() as other:
        server.answer("/feed", 302, Location=other.url("/admin"))
        error = await trouble(Request(server.url("/feed")))
        assert isinstance(error, Rejected)
        assert "inside this house" in str(error)
        assert not other.asked


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://0.0.0.0/"]
)
async def test_a_redirect_to_a_metadata_address_is_refused(server: Site, target: str) -> None:
    server.answer("/feed", 302, Location=target)
    assert isinstance(await trouble(Request(server.url("/feed"))), Rejected)


async def test_a_redirect_that_takes_data_along_is_refused(server: Site) -> None:
    server.answer("/hook", 307, Location="/there")
    error = await trouble(Request(server.url("/hook"), "POST", body=b"{}"))
    assert isinstance(error, Rejected)
    assert len(server.asked) == 1


@pytest.mark.parametrize("location", ["", "ftp://feeds.example/", "file:///etc/passwd", "http://a b/", "http://[::1"])
async def test_a_redirect_to_nothing_usable_is_refused(server: Site, location: str) -> None:
    server.answer("/feed", 302, Location=location)
    error = await trouble(Request(server.url("/feed")))
    assert isinstance(error, Rejected)
    assert "no web address" in str(error)


def test_a_redirect_from_https_to_http_is_refused() -> None:
    with pytest.raises(Rejected, match="anybody could listen"):
        redirected(URL("https://feeds.example/a"), "http://feeds.example/a")


def test_a_redirect_from_http_to_https_is_followed() -> None:
    assert redirected(URL("http://feeds.example/a"), "https://feeds.example/b?s=%2F") == URL(
        "https://feeds.example/b?s=%2F", encoded=True
    )


def test_a_key_is_not_shown_to_another_server() -> None:
    assert shareable({"Authorization": "Bearer x", "COOKIE": "a=b", "If-None-Match": '"1"'}) == {"If-None-Match": '"1"'}


# ---- where the hub may be sent ----


async def test_a_public_name_that_leads_into_the_house_is_refused(server: Site) -> None:
    lookup = names(feeds__example=["127.0.0.1"])
    error = await trouble(Request(server.url("/feed", "feeds.example"), setting="url"), lookup=lookup)
    assert isinstance(error, Misconfigured)
    assert "write the address itself" in str(error)
    assert not server.asked


async def test_one_bad_address_among_good_ones_is_refused(server: Site) -> None:
    lookup = names(feeds__example=["93.184.216.34", "127.0.0.1"])
    assert isinstance(await trouble(Request(server.url("/feed", "feeds.example")), lookup=lookup), Misconfigured)
    assert not server.asked


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://0.0.0.0/"]
)
async def test_a_metadata_address_is_refused_even_if_the_operator_wrote_it(url: str) -> None:
    assert isinstance(await trouble(Request(url)), Misconfigured)


async def test_a_local_name_that_leads_to_a_metadata_address_is_refused(server: Site) -> None:
    lookup = names(nas=["169.254.169.254"])
    assert isinstance(await trouble(Request(server.url("/feed", "nas")), lookup=lookup), Misconfigured)


async def test_a_local_name_the_operator_wrote_is_asked(server: Site) -> None:
    server.answer("/feed", body=b"hello")
    answer = await send(Request(server.url("/feed", "nas")), Rules(lookup=names(nas=["127.0.0.1"])))
    assert answer.body == b"hello"
    assert server.asked[0].headers["host"].startswith("nas:")


async def test_the_address_is_looked_up_once_and_held(server: Site) -> None:
    """A name that changes its address between the judgement and the connection (DNS rebinding) gains nothing."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["169.254.169.254"]])

    async def lookup(host: str, port: int) -> Sequence[str]:
        return next(answers)

    server.answer("/feed", body=b"hello")
    assert (await send(Request(server.url("/feed", "nas")), Rules(lookup=lookup))).body == b"hello"
    assert next(answers) == ["169.254.169.254"]


async def test_a_name_nobody_knows_is_unavailable() -> None:
    error = await trouble(Request("http://feeds.example/"), lookup=names())
    assert isinstance(error, Unavailable)
    assert "feeds.example was not found" in str(error)


async def test_a_name_without_addresses_is_unavailable() -> None:
    assert isinstance(await trouble(Request("http://feeds.example/"), lookup=names(feeds__example=[])), Unavailable)


@pytest.mark.parametrize(
    "url",
    ["", "feeds.example/x", "ftp://feeds.example/", "webcal://feeds.example/", "file:///etc/passwd", "http://", "http:///x",
     "http://h:99999/", "http://h:x/", "http://a b/", "http://h/\r\nX: y", "http://h\x00/", "http://[::1/", "javascript:alert(1)",
     "http://-/", "//feeds.example/", "http://" + "a" * 300 + "/", "http://%31/"],
)  # fmt: skip
async def test_what_is_no_web_address_is_misconfigured(url: str) -> None:
    error = await trouble(Request(url, setting="channel.url"))
    assert isinstance(error, Misconfigured)
    assert error.key == "channel.url"
    assert web_address(url) is None


# ---- sparing the other side ----


async def test_no_more_than_two_requests_are_under_way_at_one_host(server: Site) -> None:
    server.answer("/feed")
    server.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _each in range(5):
            group.create_task(send(Request(server.url("/feed"))))
        await _until_asked(server, 2)
        server.gate.set()
    assert (len(server.asked), server.busiest) == (5, 2)


def test_requests_to_one_public_host_keep_their_distance() -> None:
    started: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def lookup(host: str, port: int) -> Sequence[str]:
            started.append(loop.time())
            raise OSError("no such name")

        rules = Rules(lookup=lookup, interval_s=0.5)
        async with asyncio.TaskGroup() as group:
            for _each in range(3):
                group.create_task(_ask_in_vain(rules))

    vloop.run(main())
    assert [later - earlier for earlier, later in pairwise(started)] == pytest.approx([0.5, 0.5])


async def _ask_in_vain(rules: Rules) -> None:
    with pytest.raises(Unavailable):
        await send(Request("http://feeds.example/"), rules)
