"""Digest access authentication (RFC 7616), as a client: which of a server's challenges is answered, and with what.

The password itself is never sent. Servers built on SabreDAV, Baïkal among them, ask for it by default.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final
from urllib.parse import urlsplit

_HASHES: Final[Mapping[str, str]] = {"sha-256": "sha256", "md5": "md5"}
"""The better one first. RFC 7616, 3.7 knows SHA-512-256 as well, which nobody was seen to ask for."""
_TOKEN: Final = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))|([^\s,"=]+)')
"""A parameter, or a word by itself, which is the name of a scheme (RFC 9110, 11.6.1)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    realm: str
    nonce: str
    algorithm: str
    """As the server spelt it; empty: it did not say."""
    session: bool
    opaque: str | None
    qop: bool
    """The answer bears a count and a number of ours (`auth`); False: it is an answer of RFC 2069."""
    stale: bool
    """Only the nonce was too old: name and password may be right."""


def challenge(header: str) -> Challenge | None:
    """The best Digest challenge of a WWW-Authenticate header that we can answer; None: there is none."""
    found = [each for each in map(_challenge, _digests(header)) if each is not None]
    order = list(_HASHES)
    return min(found, key=lambda each: order.index(_bare(each.algorithm)), default=None)


def _digests(header: str) -> list[dict[str, str]]:
    found: list[tuple[str, dict[str, str]]] = []
    for name, quoted, bare, scheme in _TOKEN.findall(header):
        if scheme:
            found.append((scheme.lower(), {}))
        elif found:
            found[-1][1][name.lower()] = re.sub(r"\\(.)", r"\1", quoted) or bare
    return [told for scheme, told in found if scheme == "digest"]


def _challenge(told: Mapping[str, str]) -> Challenge | None:
    algorithm, qop = told.get("algorithm", ""), told.get("qop")
    ways = {each.strip().lower() for each in (qop or "").split(",")}
    if not told.get("nonce") or _bare(algorithm) not in _HASHES or (qop is not None and "auth" not in ways):
        return None
    return Challenge(
        realm=told.get("realm", ""),
        nonce=told["nonce"],
        algorithm=algorithm,
        session=algorithm.lower().endswith("-sess"),
        opaque=told.get("opaque"),
        qop=qop is not None,
        stale=told.get("stale", "").lower() == "true",
    )


def _bare(algorithm: str) -> str:
    return (algorithm or "md5").lower().removesuffix("-sess")


@dataclass(slots=True)
class Digest:
    """Answers to one challenge, counted."""

    asked: Challenge
    user: str
    password: str = field(repr=False)
    draw: Callable[[], str] = lambda: token_hex(16)
    count: int = 0

    def answer(self, method: str, url: str) -> str:
        """The value of an Authorization header for one request."""
        asked, draw = self.asked, self.draw()
        parts = urlsplit(url)
        uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.count += 1
        secret = self._hash(f"{self.user}:{asked.realm}:{self.password}")
        if asked.session:
            secret = self._hash(f"{secret}:{asked.nonce}:{draw}")
        counted = f"{asked.nonce}:{self.count:08x}:{draw}:auth" if asked.qop else asked.nonce
        said = {
            "username": self.user,
            "realm": asked.realm,
            "uri": uri,
            "nonce": asked.nonce,
            "response": self._hash(f"{secret}:{counted}:{self._hash(f'{method}:{uri}')}"),
            **({} if asked.opaque is None else {"opaque": asked.opaque}),
            **({"cnonce": draw} if asked.qop or asked.session else {}),
        }
        bare = {
            **({"algorithm": asked.algorithm} if asked.algorithm else {}),
            **({"qop": "auth", "nc": f"{self.count:08x}"} if asked.qop else {}),
        }
        quoted = [f'{name}="{_quoted(value)}"' for name, value in said.items()]
        return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])

    def _hash(self, text: str) -> str:
        return hashlib.new(_HASHES[_bare(self.asked.algorithm)], text.encode(), usedforsecurity=False).hexdigest()


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
