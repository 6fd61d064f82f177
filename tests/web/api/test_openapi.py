from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.model.people import Scope
from tests.web.api.conftest import Api
from web.api import VERSION
from web.api.openapi import document
from web.api.table import TABLE

DOCUMENT = document(TABLE, version=VERSION)


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["$ref"]} if "$ref" in part else set()
        return own.union(*map(references, part.values()))
    return set().union(*map(references, part)) if isinstance(part, list) else set()


async def test_the_description_is_served_to_anybody(api: Api) -> None:
    answer = await api.ask("GET", "/openapi.json", headers={"Authorization": ""})
    assert (answer.status, answer.json) == (200, json.loads(json.dumps(DOCUMENT)))
    assert answer.json["openapi"] == "3.1.0"


def test_every_route_of_the_table_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in TABLE}
    assert len({item["operationId"] for path in DOCUMENT["paths"].values() for item in path.values()}) == len(TABLE)


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert references(DOCUMENT) == {f"#/components/schemas/{name}" for name in schemas}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")
def test_an_operation_names_its_scope_its_parameters_and_its_refusals(route: Any) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert operation["security"] == [{"token": [route.scope.value]}]
    in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
    assert in_path == re.findall(r"\{(\w+)\}", route.path)
    assert {"401", "403", "422", "500"} <= operation["responses"].keys()
    for status, response in operation["responses"].items():
        kinds = set(response["content"])
        assert kinds == ({"application/json"} if status.startswith("2") else {"application/problem+json"})


def test_every_scope_is_explained() -> None:
    words = DOCUMENT["components"]["securitySchemes"]["token"]["description"]
    assert [scope for scope in Scope if f"`{scope.value}`: " not in words] == []


def test_a_query_that_takes_words_of_two_kinds_says_either() -> None:
    listed = DOCUMENT["paths"]["/stays"]["get"]["parameters"]
    (kind,) = [each["schema"] for each in listed if each.get("name") == "kind"]
    checked = Draft202012Validator(kind | {"components": DOCUMENT["components"]})
    assert [word for word in ("reservation", "hold", "null", None) if checked.is_valid(word)] == ["reservation", "hold"]
