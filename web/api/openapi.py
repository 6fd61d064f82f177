"""The OpenAPI 3.1 description, made from the table of routes and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hub.model.people import Scope
from web.api.answering import REPLAYED
from web.api.problems import CONTENT_TYPE, ProblemDetails, description
from web.api.reading import KEY_FORM, KEY_HEADER
from web.api.routes import AnyRoute

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"

_ABOUT: Final = """\
Everything that the pages can do. Times are UTC; days and times of day are local to the property.

Send a token with every request: `Authorization: Bearer gh_…`. A list ends when `next` is null; else give it as `cursor`.
Whatever is refused is answered with problem details (RFC 9457) that name each fault and its cure, and has changed nothing.
"""

_HINTS: Final[Mapping[Scope, str]] = {
    Scope.READ: "see the house, without the digits of codes",
    Scope.STAYS_WRITE: "add, change and cancel stays; read a channel now",
    Scope.CODES_READ: "see the digits of codes; audited",
    Scope.UNLOCK: "lock and unlock doors",
    Scope.PEOPLE_WRITE: "add people, give, change and end their passes, and see how to reach them",
    Scope.QUESTIONS_WRITE: "answer what the hub asks",
    Scope.ADMIN: "all of these, the radio with its keys, and the tokens themselves",
}


def document(routes: Iterable[AnyRoute], *, version: str) -> Schema:
    routes = list(routes)
    schemas = _schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gatehouse", "version": version, "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas.named(paths),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _scopes()}},
        },
    }


def _scopes() -> str:
    return "Scopes:\n" + "\n".join(f"- `{scope.value}`: {hint}" for scope, hint in _HINTS.items())


@dataclass(frozen=True, slots=True)
class _Schemas:
    references: Mapping[type, Schema]
    components: Schema

    def of(self, model: type[BaseModel]) -> Schema:
        return self.references[model]

    def open(self, model: type[BaseModel]) -> Schema:
        """The object itself, not a reference to it."""
        found: Schema = self.components[_name(self.of(model))]
        return found

    def named(self, part: Any) -> Schema:
        """Every schema that `part` refers to, itself or by another; a query's own object is spelt out where it is asked."""
        found: Schema = {}
        ahead = _references(part)
        while ahead:
            name = ahead.pop()
            found[name] = self.components[name]
            ahead |= _references(found[name]) - found.keys()
        return dict(sorted(found.items()))


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]


def _references(part: Any) -> set[str]:
    match part:
        case {"$ref": str()}:
            return {_name(part)}
        case dict():
            return set().union(*map(_references, part.values()))
        case list():
            return set().union(*map(_references, part))
        case _:
            return set()


def _schemas(routes: Iterable[AnyRoute]) -> _Schemas:
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [(ProblemDetails, "serialization")]
    for route in routes:
        wanted += [(route.query, "validation"), (route.body, "validation"), (route.response, "serialization")]
    found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)
    return _Schemas({model: reference for (model, _), reference in found.items()}, definitions["$defs"])


def _operation(route: AnyRoute, schemas: _Schemas) -> Schema:
    operation: Schema = {
        "operationId": route.answer.__name__,
        "summary": route.summary,
        "security": [{"token": [route.scope.value]}],
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
    }
    if route.body.model_fields:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(route.body)}},
        }
    return operation


def _parameters(route: AnyRoute, schemas: _Schemas) -> list[Schema]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in route.names
    ]
    key = {
        "name": KEY_HEADER,
        "in": "header",
        "required": False,
        "description": "The same request with the same key within 24 hours is answered from memory, not done again.",
        "schema": {"type": "string", "pattern": f"^{KEY_FORM}$"},
    }
    described = schemas.open(route.query)
    asked = [_asked(name, schema, described) for name, schema in described.get("properties", {}).items()]
    return [*named, *asked, *([key] if route.takes_key else [])]


def _asked(name: str, schema: Schema, described: Schema) -> Schema:
    """A query cannot say null: what is not wanted is left out."""
    schema = {key: value for key, value in schema.items() if not (key == "default" and value in (None, ""))}
    choices = [choice for choice in schema.pop("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema |= choices[0]
    elif choices:
        schema["anyOf"] = choices
    words = schema.pop("description", None)
    parameter = {"name": name, "in": "query", "required": name in described.get("required", []), "schema": schema}
    return parameter if words is None else parameter | {"description": words}


def _responses(route: AnyRoute, schemas: _Schemas) -> Schema:
    answer: Schema = {
        "description": "Done." if route.method != "GET" else "Found.",
        "content": {"application/json": {"schema": schemas.of(route.response)}},
    }
    if route.takes_key:
        answer["headers"] = {
            REPLAYED: {"description": "`true`: answered from memory.", "schema": {"type": "string", "const": "true"}}
        }
    refusal = {CONTENT_TYPE: {"schema": schemas.of(ProblemDetails)}}
    refusals = {str(status): {"description": description(status), "content": refusal} for status in _refusals(route)}
    return {str(route.status): answer, **refusals}


def _refusals(route: AnyRoute) -> list[int]:
    statuses = {401, 403, 422, 500, 503}
    if route.names:
        statuses.add(404)
    if route.refuses or route.takes_key:
        statuses.add(409)
    if route.body.model_fields:
        statuses |= {400, 415}
    if route.method != "GET":
        statuses |= {413, 429}
    return sorted(statuses)
