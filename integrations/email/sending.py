"""Messages handed to a mail server, and what its answers mean.

A refusal of this one message (550 no such mailbox, 554 content) is final. A refusal of us (wrong password, a sender that it does
not accept) is not: once somebody has corrected the setting, everything that waits is sent. Codes: RFC 5321 §4.2, RFC 4954 §6.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Annotated, Final, Literal

import aiosmtplib
from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, field_validator, model_validator

from hub.contracts import Clock, Integration, Performer
from hub.errors import Misconfigured, Rejected, Unavailable
from hub.model.effects import Effect, SendEmail
from hub.model.values import clean
from integrations.email.layout import Layout

PATIENCE_S: Final = 20.0
"""For the whole conversation; the outbox gives a promise 30 s."""
UNTIL_CORRECTED: Final = timedelta(minutes=5)
"""Between tries while the server refuses us: many servers shut out whoever comes again and again with a wrong password."""
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_SERVER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


def _address(value: object) -> object:
    """One address, perhaps with a name before it: `Our house <house@example.com>`."""
    if isinstance(value, str):
        name, address = parseaddr(value)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or (name and "<" not in value):
            raise ValueError('must be an e-mail address, e.g. "house@example.com" or "Our house <house@example.com>"')
    return value


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    server: str
    """Name and port, e.g. `mail.example.com:587`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` on port 587, `tls` from the first byte on 465, `none` for a relay on this machine."""
    sender: Annotated[str, BeforeValidator(_address)]
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    """Who vouches for the server's certificate, where that is nobody public."""

    @field_validator("server")
    @classmethod
    def _named(cls, value: str) -> str:
        found = _SERVER.fullmatch(value)
        if found is None or int(found[2] or 0) > 65535:
            raise ValueError('must be a name and a port, e.g. "mail.example.com:587"')
        return value

    @model_validator(mode="after")
    def _protected(self) -> Config:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.security == "none" and self.password is not None and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError('a password is not sent without encryption; say security = "starttls" or "tls"')
        return self

    @property
    def host(self) -> str:
        return self.server.rpartition(":")[0].strip("[]") if self._port else self.server.strip("[]")

    @property
    def port(self) -> int:
        return self._port or _PORTS[self.security]

    @property
    def _port(self) -> int:
        found = _SERVER.fullmatch(self.server)
        return int(found[2] or 0) if found is not None else 0


class Mail(Integration):
    def __init__(self, config: Config, clock: Clock, *, patience_s: float = PATIENCE_S) -> None:
        self._config = config
        self._clock = clock
        self._patience_s = patience_s
        self._layout = Layout()
        self._tls = None if config.security == "none" else _context(config)

    @property
    def perform(self) -> Mapping[type, Performer]:
        return {SendEmail: self._send}

    async def _send(self, effect: Effect, key: str) -> None:
        assert isinstance(effect, SendEmail)  # it performs nothing else
        try:
            message = written(effect, key, self._config.sender, self._clock.now(), self._layout)
        except ValueError as error:
            raise Rejected("this is not an e-mail address") from error
        client = self._client()
        ready = False
        try:
            async with asyncio.timeout(self._patience_s):
                await self._sign_in(client)
                ready = True
                await client.send_message(message)
        except TimeoutError as error:
            words = f"the mail server did not answer within {self._patience_s:.0f} s"
            raise Unavailable(words, untouched=not ready) from error
        except aiosmtplib.SMTPException as error:
            raise understood(error, ready=ready) from error
        except OSError as error:
            raise _unconnected(error, ready=ready) from error
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        config = self._config
        return aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            timeout=None,
            use_tls=config.security == "tls",
            start_tls=config.security == "starttls",
            tls_context=self._tls,
        )

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        if self._config.username is not None and self._config.password is not None:
            await client.login(self._config.username, self._config.password.get_secret_value())


def _context(config: Config) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured("integrations.email.ca_file", f"{config.ca_file} cannot be read") from error


def written(effect: SendEmail, key: str, sender: str, now: datetime, layout: Layout) -> EmailMessage:
    """As text and as a page (RFC 2046 §5.1.4).

    The same promise bears the same Message-ID: whoever gets it twice sees that it is one message.
    """
    message = EmailMessage()
    message["From"] = sender
    message["To"] = effect.to
    message["Subject"] = effect.subject
    message["Date"] = format_datetime(now)
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no absence notes in answer
    if effect.urgent:
        message["Importance"] = "high"  # RFC 4021 §2.1.54
    message.set_content(effect.text)
    message.add_alternative(layout.page(effect), subtype="html")
    return message


def understood(error: aiosmtplib.SMTPException, *, ready: bool = True) -> Unavailable | Rejected:
    """What the mail server's no means for the message. The other side's words are kept, cut short.

    `ready`: the message was under way. Where the server said no itself, it certainly has not taken it.
    """
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _final(first.code, first.message)
        case aiosmtplib.SMTPAuthenticationError():
            return _no(f"the mail server does not accept the user name and password ({_said(error)})", UNTIL_CORRECTED)
        case aiosmtplib.SMTPSenderRefused():
            return _no(f"the mail server does not accept the sender ({_said(error)})", UNTIL_CORRECTED)
        case aiosmtplib.SMTPDataError():
            return _final(error.code, error.message)
        case aiosmtplib.SMTPResponseException(code=code) if 400 <= code < 600:
            return _no(f"the mail server refuses: {_said(error)}")
        case aiosmtplib.SMTPResponseException():
            return Unavailable("what answers there does not speak as a mail server does", untouched=not ready)
        case aiosmtplib.SMTPTimeoutError():
            return Unavailable("the mail server did not answer in time", untouched=not ready)
        case aiosmtplib.SMTPServerDisconnected():
            return Unavailable("the mail server hung up", untouched=not ready)
        case aiosmtplib.SMTPConnectError():
            return _unconnected(error.__cause__, ready=ready)
        case _:  # it says what it lacks only in its own words: STARTTLS, a way to sign in
            words = "the mail server does not offer what the settings ask for (encryption or signing in)"
            return Unavailable(words, wait=UNTIL_CORRECTED, untouched=not ready)


def _no(words: str, wait: timedelta = timedelta(0)) -> Unavailable:
    return Unavailable(words, wait=wait, untouched=True)


def _unconnected(cause: BaseException | None, *, ready: bool) -> Unavailable:
    wait = timedelta(0)
    if isinstance(cause, ssl.SSLCertVerificationError):
        words, wait = f"the mail server's certificate is not trusted ({cause.verify_message})", UNTIL_CORRECTED
    elif isinstance(cause, ssl.SSLError):
        words, wait = "the mail server does not speak TLS there; look at the port", UNTIL_CORRECTED
    else:
        words = "the mail server cannot be reached"
    return Unavailable(words, wait=wait, untouched=not ready)


def _final(code: int, words: str) -> Unavailable | Rejected:
    said = f"the mail server says “{code} {clean(words, limit=120)}”"
    return Rejected(said) if 500 <= code < 600 else _no(said)


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {clean(error.message, limit=120)}"
