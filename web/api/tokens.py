"""The tokens themselves. A new one's text is in the answer to its making and nowhere else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.model.people import Scope
from hub.store.people import Token
from hub.tokens import MOST_DAYS, USUAL_DAYS
from web.api.paging import ByName, Page, cut_by_name, position
from web.api.problems import Problem
from web.api.routes import Call
from web.api.wire import In, Nothing, Out, Told, Whole


class TokenOut(Out):
    id: str
    name: str
    scopes: list[Scope]
    made_at: Told
    expires_at: Told
    used_at: Told | None
    revoked_at: Told | None


class TokenPage(Page[TokenOut]):
    pass


def _fields(token: Token) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes, key=lambda scope: scope.value),
        made_at=token.made_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
        revoked_at=token.revoked_at,
    )


async def list_tokens(call: Call, query: ByName, body: Nothing) -> TokenPage:
    """In the order in which they were made; revoked and expired ones too."""
    cut = cut_by_name(await call.tokens.all(), lambda token: position(token.made_at, token.id), query)
    return TokenPage(items=[_fields(token) for token in cut.rows], next=cut.next)


class TokenIn(In):
    name: Annotated[str, Field(min_length=1, max_length=60, description="the program that will use it")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS), Whole] = USUAL_DAYS


class TokenMade(Out):
    token: TokenOut
    text: str = Field(description="what the program sends; nobody can show it again")


async def make_token(call: Call, query: Nothing, body: TokenIn) -> TokenMade:
    made = await call.tokens.make(call.actor, body.name, frozenset(body.scopes), body.days)
    return TokenMade(token=_fields(made.token), text=made.text.reveal())


async def revoke_token(call: Call, query: Nothing, body: Nothing) -> TokenOut:
    id_ = call.path["token"]
    if not await call.tokens.revoke(call.actor, id_):
        raise Problem("not_found", f"there is no live token “{id_[:20]}”")
    revoked = next(token for token in await call.tokens.all() if token.id == id_)
    return _fields(revoked)
