"""What a route is: one entry of the table in web/api/table.py, from which both the server and its description are made."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from hub.hub import Hub
from hub.model.people import Scope, allows
from hub.store.people import Token
from hub.tokens import Tokens
from web.api.problems import Problem
from web.api.reading import LARGEST_BODY
from web.api.wire import In, Out

Query = TypeVar("Query", bound=In)
Body = TypeVar("Body", bound=In)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, after the door: whose it is and what it names."""

    hub: Hub
    tokens: Tokens
    token: Token
    path: Mapping[str, str]

    @property
    def actor(self) -> str:
        """As the audit trail names the program."""
        return f"token:{self.token.name} ({self.token.id})"

    def may(self, scope: Scope) -> bool:
        return allows(self.token.scopes, scope)

    def demand(self, scope: Scope) -> None:
        """
        Raises:
            Problem: the token does not hold that scope.
        """
        if not self.may(scope):
            challenge = f'Bearer error="insufficient_scope", scope="{scope.value}"'
            why = f"this needs a token with the scope “{scope.value}”"
            raise Problem("scope_missing", why, headers={"WWW-Authenticate": challenge})


@dataclass(frozen=True, slots=True)
class Route(Generic[Query, Body]):
    method: Literal["GET", "POST", "DELETE"]
    path: str
    """Below /api/v1, e.g. `/locks/{lock}/unlock`."""
    scope: Scope
    summary: str
    answer: Callable[[Call, Query, Body], Awaitable[Out]]
    query: type[Query]
    body: type[Body]
    response: type[Out]
    status: int = 200
    refuses: bool = False
    """Whether the house as it is may not allow it."""
    replayed: bool = True
    """POST only: the answer is kept for a request that is repeated with the same idempotency key."""
    largest: int = LARGEST_BODY
    """Bytes of a body."""

    @property
    def names(self) -> list[str]:
        """What the path names, e.g. `lock`."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def takes_key(self) -> bool:
        return self.method == "POST" and self.replayed


AnyRoute = Route[Any, Any]
