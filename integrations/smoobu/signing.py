"""Every request signed anew, as Smoobu has it since it takes no key alone any more (31 October 2026).

Source: docs.smoobu.com as read by integrators in September 2026; its two worked examples stand in the tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from yarl import URL

from hub.io.api import Send
from hub.io.http import Answer, Request, Rules
from hub.io.signatures import unheard_of

_SAFE = "-_.~"


def signature(secret: str, key: str, request: Request, stamp: str, nonce: str) -> str:
    """HMAC-SHA256 over what is asked, when, and by whom; parameters sorted, and written as RFC 3986 has it."""
    url = URL(request.url, encoded=True)
    asked = sorted(
        f"{quote(name, safe=_SAFE)}={quote(value, safe=_SAFE)}"
        for name, value in parse_qsl(url.raw_query_string, keep_blank_values=True)
    )
    body = hashlib.sha256(request.body or b"").hexdigest()
    said = "\n".join((request.method, url.raw_path, "&".join(asked), stamp, nonce, body, key))
    return base64.b64encode(hmac.digest(secret.encode(), said.encode(), "sha256")).decode()


def signed(key: str, secret: str, now: Callable[[], datetime], through: Send) -> Send:
    """Stamped as it leaves: a request may have waited for its turn, and Smoobu takes none that is older than five minutes."""

    async def send(request: Request, rules: Rules) -> Answer:
        stamp, nonce = f"{now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", unheard_of()
        proof: Mapping[str, str] = {
            "X-API-Key": key,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": signature(secret, key, request, stamp, nonce),
        }
        return await through(replace(request, headers={**request.headers, **proof}), rules)

    return send
