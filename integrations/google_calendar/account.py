"""A service account's key, and the access token that is given for it.

Source: developers.google.com/identity/protocols/oauth2/service-account, "HTTP/REST": a JWT signed with RS256 is changed into a
token that is good for an hour. Departs: no client library of Google's; this is all that would be used of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hub.contracts.accounts import ticket
from hub.io.api import Send, api_address
from hub.io.http import Request, Rules
from hub.io.tickets import Ticket

SCOPE: Final = "https://www.googleapis.com/auth/calendar"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS: Final = timedelta(hours=1)
"""The longest that Google takes."""


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    token_url: str
    key: rsa.RSAPrivateKey = field(repr=False)
    key_id: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """From the file that Google makes. Raises ValueError, without repeating any of it."""
        try:
            told = json.loads(text)
            email, pem = told["client_email"], told["private_key"]
            key = serialization.load_pem_private_key(pem.encode(), password=None)
            where = api_address(told.get("token_uri") or "https://oauth2.googleapis.com/token")
            if not isinstance(key, rsa.RSAPrivateKey) or not isinstance(email, str):
                raise TypeError("Google's keys are RSA keys")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError("must be the whole text of a service account's key file (JSON)") from error
        return cls(email, where, key, str(told.get("private_key_id", "")))

    async def token(self, now: datetime, through: Send) -> Ticket:
        """Raises Rejected, Garbled, Unavailable."""
        body = urlencode({"grant_type": _GRANT, "assertion": self.assertion(now)}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = Request(self.token_url, "POST", headers, body, "service_account")
        return ticket(await through(request, Rules(body_bytes=65536, redirects=0)), "access_token", "expires_in")

    def assertion(self, now: datetime) -> str:
        head = {"alg": "RS256", "typ": "JWT"} | ({"kid": self.key_id} if self.key_id else {})
        issued = int(now.timestamp())
        until = issued + round(_LASTS.total_seconds())
        claims = {"iss": self.email, "scope": SCOPE, "aud": self.token_url, "iat": issued, "exp": until}
        signed = f"{_part(head)}.{_part(claims)}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_coded(signature)}"


def _part(told: Mapping[str, Any]) -> str:
    return _coded(json.dumps(told, separators=(",", ":")).encode())


def _coded(data: bytes) -> str:
    """RFC 7515, 2: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
