"""integrations.email against a real mail server: what is sent, and what each of its refusals means."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.contracts import Host
from hub.errors import Disappointment, Misconfigured, Rejected, Unavailable
from hub.model.effects import SendEmail
from integrations.email import Config, start
from integrations.email.sending import Mail
from tests.integrations.conftest import StoppedClock
from tests.integrations.email.smtp import certificate, mail_server, stranger

LETTER = SendEmail(
    "anna@example.com", "Urgent: Front does not answer", "Front does not answer.\n\nÜber die Tür.\n", True
)
SECRET = "correct horse battery staple"


def config(server: str, **told: Any) -> Config:
    return Config.model_validate(
        {"server": server, "security": "none", "sender": "Our house <house@example.com>", **told}
    )


def mail(server: str, *, patience_s: float = 5.0, **told: Any) -> Mail:
    return Mail(config(server, **told), StoppedClock(), patience_s=patience_s)


async def send(sender: Mail, letter: SendEmail = LETTER, key: str = "alert:01J:0:anna:email") -> None:
    await sender.perform[SendEmail](letter, key)


async def trouble(sender: Mail, letter: SendEmail = LETTER) -> Disappointment:
    with pytest.raises(Disappointment) as caught:
        await send(sender, letter)
    return caught.value


async def test_a_message_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        await send(mail(server.address))
    (message,) = server.messages
    assert server.envelopes == [("house@example.com", ("anna@example.com",))]
    assert message["Subject"] == "Urgent: Front does not answer"
    assert message["From"] == "Our house <house@example.com>"
    assert message["Importance"] == "high"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Mon, 01 Feb 2027 12:00:00 +0000"
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text
    assert page.get_content_type() == "text/html"
    assert _read(page.get_content()) == LETTER.text.split()


def _read(html: str) -> list[str]:
    """The words of the page's body."""
    body = html.partition("<body")[2].partition(">")[2]
    return unescape(re.sub(r"<[^>]+>", " ", body)).split()


async def test_the_page_of_a_message_says_its_words_and_nothing_that_somebody_put_into_them() -> None:
    text = (
        "The booking of <script>alert(1)</script> & co was not taken: “a < b”.\n\n"
        'Look at https://house.example/stays/1?a=1&b=2.\nAnd "see" javascript:alert(1) too.\n'
    )
    async with mail_server() as server:
        await send(mail(server.address), SendEmail("anna@example.com", "A <b>subject</b>", text))
    [message] = server.messages
    page = message.get_body(("html",))
    assert page is not None
    html = page.get_content()
    assert "<script" not in html
    assert "<b>" not in html
    assert re.findall(r'href="([^"]*)"', html) == ["https://house.example/stays/1?a=1&amp;b=2"]
    assert "src=" not in html, "nothing is loaded from anywhere"
    assert "".join(_read(html)) == "".join(text.split())


async def test_twice_sent_it_is_recognisable_and_another_promise_is_another_message() -> None:
    async with mail_server() as server:
        sender = mail(server.address)
        await send(sender)
        await send(sender)
        await send(sender, key="alert:01J:1:ben:email")
    first, second, third = (message["Message-ID"] for message in server.messages)
    assert first == second != third
    assert first.endswith("@example.com>")


async def test_the_line_is_encrypted_before_the_password_is_said(tmp_path: Path) -> None:
    tls, ca = certificate(tmp_path)
    for implicit in (False, True):
        told: dict[str, Any] = {
            "security": "tls" if implicit else "starttls",
            "username": "house",
            "password": SECRET,
            "ca_file": ca,
        }
        async with mail_server(tls=tls, implicit=implicit, login=("house", SECRET)) as server:
            await send(mail(server.address, **told))
        assert (server.encrypted, server.signed_in) == ([True], [True])


async def test_a_server_that_offers_no_encryption_gets_neither_password_nor_message(tmp_path: Path) -> None:
    async with mail_server(login=("house", SECRET)) as server:
        error = await trouble(mail(server.address, security="starttls", username="house", password=SECRET))
    assert isinstance(error, Unavailable)
    assert "does not offer" in str(error)
    assert server.messages == []


async def test_a_certificate_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path)
    for implicit in (False, True):
        async with mail_server(tls=tls, implicit=implicit) as server:
            error = await trouble(mail(server.address, security="tls" if implicit else "starttls"))
        assert isinstance(error, Unavailable)
        assert "certificate is not trusted" in str(error)
        assert server.messages == []


async def test_a_wrong_password_waits_for_somebody_to_correct_it_and_is_never_repeated(tmp_path: Path) -> None:
    tls, ca = certificate(tmp_path)
    async with mail_server(tls=tls, login=("house", SECRET)) as server:
        error = await trouble(
            mail(server.address, security="starttls", username="house", password="wrong one", ca_file=ca)
        )
    assert isinstance(error, Unavailable)
    assert error.wait >= timedelta(minutes=5)
    assert "does not accept the user name and password (535" in str(error)
    assert "wrong one" not in str(error)


@pytest.mark.parametrize(
    ("where", "answer", "kind", "says"),
    [
        ("RCPT", "550 no such mailbox", Rejected, "the mail server says “550 no such mailbox”"),
        ("RCPT", "450 mailbox busy", Unavailable, "the mail server says “450 mailbox busy”"),
        ("RCPT", "452 too many messages", Unavailable, "the mail server says “452 too many messages”"),
        ("DATA", "554 this looks like spam", Rejected, "the mail server says “554 this looks like spam”"),
        ("DATA", "451 try again later", Unavailable, "the mail server says “451 try again later”"),
        ("MAIL", "553 not your address", Unavailable, "the mail server does not accept the sender (553 not your address)"),
        ("MAIL", "421 shutting down", Unavailable, "421 shutting down"),
    ],
)  # fmt: skip
async def test_what_the_server_refuses(where: str, answer: str, kind: type[Disappointment], says: str) -> None:
    async with mail_server() as server:
        server.answers[where] = answer
        error = await trouble(mail(server.address))
        assert type(error) is kind
        assert says in str(error)
        assert getattr(error, "untouched", True), "the server has certainly not taken it"
        server.answers.clear()
        await send(mail(server.address))  # it resumes by itself
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("bytes_", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak as a mail server does"),
        (b"\x15\x03\x01\x00\x02\x02\x50\r\n", "does not speak as a mail server does"),
        (b"554 no service here\r\n", "554 no service here"),
        (b"421 too busy\r\n", "421 too busy"),
        (b"", "the mail server cannot be reached"),
        (b"220 hello\r\n", "the mail server hung up"),
    ],
)
async def test_what_answers_there_is_no_mail_server_or_hangs_up(bytes_: bytes, says: str) -> None:
    async with stranger(lambda _, writer: writer.write(bytes_)) as address:
        error = await trouble(mail(address))
    assert isinstance(error, Unavailable)
    assert says in str(error)


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    async with stranger(lambda *_: "hold the line") as address:
        error = await trouble(mail(address, patience_s=0.2))
    assert isinstance(error, Unavailable)
    assert error.untouched
    assert "did not answer" in str(error)


async def test_of_a_server_that_hangs_up_once_the_message_is_under_way_nobody_knows_whether_it_has_it() -> None:
    replies = b"220 hello\r\n250 at your service\r\n250 OK\r\n250 OK\r\n354 go ahead\r\n"
    async with stranger(lambda _, writer: writer.write(replies)) as address:
        error = await trouble(mail(address))
    assert isinstance(error, Unavailable)
    assert not error.untouched


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with mail_server() as server:
        address = server.address
    error = await trouble(mail(address))
    assert isinstance(error, Unavailable)
    assert error.untouched
    assert "cannot be reached" in str(error)


async def test_cancelling_leaves_no_connection_behind() -> None:
    async with stranger(lambda *_: "hold the line") as address:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await send(mail(address))


async def test_what_is_no_address_is_refused_without_asking_the_server() -> None:
    async with mail_server() as server:
        error = await trouble(mail(server.address), SendEmail("anna@example.com\r\nBcc: all@example.com", "s", "t"))
    assert isinstance(error, Rejected)
    assert server.tried == 0


def test_nothing_that_is_shown_holds_an_address_or_the_password() -> None:
    assert "anna" not in repr(LETTER)
    assert SECRET not in repr(config("127.0.0.1", username="house", password=SECRET))


@pytest.mark.parametrize(
    ("told", "host", "port"),
    [
        ({"server": "mail.example.com", "security": "starttls"}, "mail.example.com", 587),
        ({"server": "mail.example.com", "security": "tls"}, "mail.example.com", 465),
        ({"server": "mail.example.com:2525"}, "mail.example.com", 2525),
        ({"server": "[::1]:2525"}, "::1", 2525),
        ({"server": "[::1]"}, "::1", 25),
    ],
)
def test_the_port_follows_from_the_encryption(told: dict[str, str], host: str, port: int) -> None:
    made = config(**told)
    assert (made.host, made.port) == (host, port)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"server": "mail.example.com:99999"}, "must be a name and a port"),
        ({"server": "smtp://mail.example.com"}, "must be a name and a port"),
        ({"sender": "our house"}, "must be an e-mail address"),
        ({"username": "house"}, "belong together"),
        ({"server": "mail.example.com", "username": "house", "password": SECRET}, "not sent without encryption"),
    ],
)
def test_what_cannot_work_is_said(told: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        config(**{"server": "127.0.0.1", **told})


def test_a_file_of_certificates_that_cannot_be_read_switches_it_off(tmp_path: Path, host: Host) -> None:
    with pytest.raises(Misconfigured, match="ca_file"):
        start(config("mail.example.com", security="tls", ca_file=tmp_path / "none.pem"), host)
