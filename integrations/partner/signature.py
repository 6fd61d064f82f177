"""The signature of a message: HMAC-SHA256 over its time and its bytes, as in `X-Gatehouse-Signature: v1=<hex>`.

Two signatures may stand in the header, separated by commas, and two secrets may be known, so that either side can change
its secret without losing a message.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

TIMESTAMP: Final = "x-gatehouse-timestamp"
"""Seconds since 1970, UTC."""
SIGNATURE: Final = "x-gatehouse-signature"
DELIVERY: Final = "x-gatehouse-delivery"
REPLAY_WINDOW: Final = timedelta(minutes=5)
_MOST_SIGNATURES: Final = 4


def sign(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """The two headers that prove a body to whoever shares the secret."""
    timestamp = str(int(at.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: f"v1={_digest(body, secret, timestamp)}"}


def fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= REPLAY_WINDOW.total_seconds()


def signed(body: bytes, secrets: Iterable[str], timestamp: str, signature: str) -> bool:
    """Whether any signature in the header is right for any of the secrets, compared in constant time."""
    told = [each.strip() for each in signature.split(",")[:_MOST_SIGNATURES]]
    theirs = [_bytes(each.removeprefix("v1=")) for each in told if each.startswith("v1=")]
    ours = [_digest(body, secret, timestamp).encode() for secret in secrets]
    return any(hmac.compare_digest(mine, other) for mine in ours for other in theirs)


def _digest(body: bytes, secret: str, timestamp: str) -> str:
    return hmac.digest(secret.encode(), _bytes(timestamp) + b"." + body, "sha256").hex()


def _bytes(header: str) -> bytes:
    """A header's text may hold bytes that are no characters."""
    return header.encode("utf-8", "surrogateescape")
