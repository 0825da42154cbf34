"""Fetching documents and checking values against the schemas in them."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.factories import Api

Document = dict[str, Any]


def core(api: Api, query: str = "") -> Document:
    answer = api.get(f"/rest/open-api/core{query}")
    assert answer.status == 200
    return answer.body


def metadata(api: Api) -> Document:
    answer = api.get("/rest/open-api/metadata")
    assert answer.status == 200
    return answer.body


def faults(document: Document, schema: Any, value: Any) -> list[str]:
    """What is wrong with a value by a schema of the document."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{'/'.join(map(str, each.path))}: {each.message}" for each in validator.iter_errors(value)]


def answer_schema(document: Document, method: str, path: str, status: int) -> Any:
    response = document["paths"][path][method]["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response["content"]["application/json"]["schema"]


def body_schema(document: Document, method: str, path: str) -> Any:
    return document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
