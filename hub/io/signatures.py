"""Whether a message was really sent by whom it says: over its bytes as they came, and in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from pydantic import SecretStr

from hub.io.api import basic

TOLERANCE: Final = timedelta(minutes=5)
"""Source: docs.svix.com, "Verifying webhooks manually"."""
_MOST: Final = 8
"""Signatures in one header."""


def svix(body: bytes, headers: Mapping[str, str], secret: str, now: datetime | None) -> bool:
    """Svix's scheme: HMAC-SHA256 of `id.timestamp.body`, under the secret that is base64 after `whsec_`.

    Source: docs.svix.com, "Verifying webhooks manually".

    Args:
        headers: names in lower case.
        now: None while nobody here knows the time; then the signature alone decides.
    """
    id_, stamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not id_ or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    if now is not None and abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    ours = base64.b64encode(hmac.digest(key, _bytes(f"{id_}.{stamp}.") + body, "sha256"))
    told = [each for each in headers.get("svix-signature", "").split(" ")[:_MOST] if each.startswith("v1,")]
    return any(hmac.compare_digest(ours, _bytes(each[3:])) for each in told)


def hmac_hex(body: bytes, told: str, secret: str) -> bool:
    """HMAC-SHA256 of the body in hexadecimal, with or without `sha256=` before it."""
    ours = hmac.digest(secret.encode(), body, "sha256").hex()
    return hmac.compare_digest(ours.encode(), _bytes(told.strip().lower().removeprefix("sha256=")))


def basic_auth(headers: Mapping[str, str], user: str, password: str) -> bool:
    """User and password (RFC 7617): whoever listens can take them, so what such a message says is never believed."""
    return hmac.compare_digest(basic(user, password).encode(), _bytes(headers.get("authorization", "")))


def unheard_of() -> str:
    """A word that makes a signed request unlike all before: a UUID of version 4 (RFC 9562)."""
    return str(uuid4())


def known(*secrets: SecretStr) -> list[str]:
    """Those that are set: the one of today, and the one before while the other side still has that."""
    return [each.get_secret_value() for each in secrets if each.get_secret_value()]


def same(told: str, secret: str) -> bool:
    return secret != "" and hmac.compare_digest(secret.encode(), _bytes(told))


def _bytes(header: str) -> bytes:
    """A header's text may hold bytes that are no characters."""
    return header.encode("utf-8", "surrogateescape")
