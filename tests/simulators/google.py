"""Google Calendar as it is documented: signed assertions, sync tokens that expire, ids that are never free again, ETags.

Source: developers.google.com/workspace/calendar/api, reference of `events`, guides "Synchronize resources efficiently" and
"Handle API errors"; developers.google.com/identity/protocols/oauth2/service-account.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.integrations.servers import Asked
from tests.simulators.managers.desk import Desk, Reply, reply

EMAIL = "hub@house.iam.gserviceaccount.com"
CALENDAR = "flat-1@group.calendar.google.com"
_ID = re.compile(r"[a-v0-9]{5,1024}")
_FILTERS = {"timeMin", "timeMax", "q", "updatedMin", "orderBy", "iCalUID", "privateExtendedProperty"}


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_file(address: str) -> str:
    """As the console hands it out."""
    pem = key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {
        "type": "service_account",
        "private_key_id": "k1",
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "token_uri": f"{address}/token",
    }
    return json.dumps(told)


@dataclass(slots=True)
class Google(Desk):
    """One calendar, shared with one service account."""

    address: str = ""
    role: str = "writer"
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """Ids, in the order in which they changed."""
    since: int = 0
    """Marks from before that are forgotten."""
    tokens: list[str] = field(default_factory=list)
    writes: int = 0
    made: list[dict[str, Any]] = field(default_factory=list)
    """Calendars besides the one that is shared."""
    shared: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: bool = True
    """False: what is made is made, and nobody hears of it."""
    refuses: bool = False
    """It gives tokens and takes none."""

    # ---- what a person does there ----

    def type(self, id_: str, first: str, until: str, summary: str = "Block", **more: Any) -> None:
        """Days, or instants."""
        name = "dateTime" if "T" in first else "date"
        self._keep(
            {"id": id_, "summary": summary, "start": {name: first}, "end": {name: until}, "status": "confirmed", **more}
        )

    def alter(self, id_: str, **to: Any) -> None:
        self._keep(self.events[id_] | to)

    def erase(self, id_: str) -> None:
        self._keep(
            {"id": id_, "status": "cancelled"}
            | {k: v for k, v in self.events[id_].items() if k == "extendedProperties"}
        )

    def copy(self, id_: str, to: str) -> None:
        self._keep(self.events[id_] | {"id": to})

    def _keep(self, event: dict[str, Any]) -> dict[str, Any]:
        self.log.append(event["id"])
        self.events[event["id"]] = event | {"kind": "calendar#event", "etag": f'"{len(self.log)}"'}
        return self.events[event["id"]]

    @property
    def shown(self) -> list[str]:
        return [each.get("summary", "") for each in self.events.values() if each["status"] != "cancelled"]

    def webhook(self, booking: Any) -> tuple[dict[str, str], bytes]:
        raise AssertionError("nobody is called")

    # ---- the service ----

    def respond(self, asked: Asked, path: str, query: dict[str, str]) -> Reply:
        if path == "/token":
            return self._token(asked)
        if self.refuses or asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "authError")
        parts = path.split("/")
        if path in ("/calendars", "/users/me/calendarList") or parts[3:] == ["acl"]:
            return self._calendars(asked, parts, query)
        if parts[1] != "calendars" or unquote(parts[2]) != CALENDAR or parts[3] != "events":
            return error(404, "notFound")
        id_ = parts[4] if len(parts) > 4 else ""
        if asked.method == "GET":
            return self._get(id_) if id_ else self._list(query)
        if self.role not in ("writer", "owner"):
            return error(403, "requiredAccessLevel")
        self.writes += 1
        return self._write(asked, id_)

    def _calendars(self, asked: Asked, parts: list[str], query: dict[str, str]) -> Reply:
        """Source: reference of `calendars.insert`, `calendarList.list` and `acl.insert`."""
        if asked.method == "GET":
            first = int(query.get("pageToken", "page-0").removeprefix("page-"))
            items = self.made[first : first + 1]
            more = {"nextPageToken": f"page-{first + 1}"} if first + 1 < len(self.made) else {}
            return reply({"kind": "calendar#calendarList", "items": items, **more})
        body = json.loads(asked.body)
        if parts[-1] == "acl":
            self.shared[unquote(parts[2]), body["scope"]["value"]] = body["role"]
            return reply({"kind": "calendar#aclRule", **body})
        self.made.append({**body, "id": f"made-{len(self.made)}@group.calendar.google.com", "accessRole": "owner"})
        return reply({"kind": "calendar#calendar", **self.made[-1]}) if self.answers else reply({}, 503)

    def _token(self, asked: Asked) -> Reply:
        told = dict(parse_qsl(asked.body.decode()))
        if told.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return reply({"error": "unsupported_grant_type"}, 400)
        head, claims, signature = told["assertion"].split(".")
        key().public_key().verify(_decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        says, now = json.loads(_decoded(claims)), self.now().timestamp()
        assert json.loads(_decoded(head))["alg"] == "RS256"
        assert says["scope"] == "https://www.googleapis.com/auth/calendar"
        if says["iss"] != EMAIL or says["aud"] != f"{self.address}/token" or not now - 300 < says["iat"] < now + 300:
            return reply({"error": "invalid_grant"}, 400)
        assert says["exp"] - says["iat"] <= 3600
        self.tokens.append(f"ya29.token-{len(self.tokens)}")
        return reply({"access_token": self.tokens[-1], "expires_in": 3599, "token_type": "Bearer"})

    def _list(self, query: dict[str, str]) -> Reply:
        token = query.get("syncToken", "")
        if token and _FILTERS & query.keys():
            return error(400, "syncTokenWithRequestRestrictions")
        at = int(token.removeprefix("sync-") or 0)
        if token and at < self.since:
            return error(410, "fullSyncRequired")
        ids = list(dict.fromkeys(reversed(self.log[at:])))[::-1]
        items = [self.events[id_] for id_ in ids if token or self.events[id_]["status"] != "cancelled"]
        first = int(query.get("pageToken", "page-0").removeprefix("page-"))
        page = {
            "kind": "calendar#events",
            "summary": "Flat 1",
            "accessRole": self.role,
            "items": items[first : first + self.page],
        }
        if first + self.page < len(items):
            return reply(page | {"nextPageToken": f"page-{first + self.page}"})
        return reply(page | {"nextSyncToken": f"sync-{len(self.log)}"})

    def _get(self, id_: str) -> Reply:
        return reply(self.events[id_]) if id_ in self.events else error(404, "notFound")

    def _write(self, asked: Asked, id_: str) -> Reply:
        body = json.loads(asked.body) if asked.body else {}
        if asked.method == "POST":
            if not _ID.fullmatch(body["id"]):
                return error(400, "invalid")
            return error(409, "duplicate") if body["id"] in self.events else reply(self._keep(_kept(body)))
        known = self.events.get(id_)
        if known is None:
            return error(404, "notFound")
        if asked.headers.get("if-match", known["etag"]) != known["etag"]:
            return error(412, "conditionNotMet")
        if asked.method == "PUT":
            return reply(self._keep(_kept(body)))
        if known["status"] == "cancelled":
            return error(410, "deleted")
        self.erase(id_)
        return 204, {}, b""


def _kept(body: dict[str, Any]) -> dict[str, Any]:
    """Google leaves out what is none, and what is as usual."""
    kept = {name: value for name, value in body.items() if (name, value) != ("transparency", "opaque")}
    for name in ("start", "end"):
        kept[name] = {k: v for k, v in kept[name].items() if v is not None}
    return kept


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def error(status: int, reason: str) -> Reply:
    """Guide "Handle API errors"."""
    errors = [{"domain": "global", "reason": reason, "message": f"a sentence with {EMAIL}"}]
    return reply({"error": {"errors": errors, "code": status, "message": "a sentence"}}, status)
