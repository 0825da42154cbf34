"""What linters of OpenAPI documents look for, in both documents and both versions: the rules of spectral's `oas` set.

`make clients` asks spectral itself; this says the same without Node.js.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator, OAS31Validator

from tests.factories import Api, api_of
from tests.openapi.documents import Document
from tests.openapi.model import model_workspace

DOCUMENTS = [(name, version) for name in ("core", "metadata") for version in ("3.1", "3.0")]
METHODS = ("get", "post", "patch", "put", "delete")
KINDS = ("schemas", "parameters", "responses", "securitySchemes")


_made: dict[str, Document] = {}  # by name and version: documents are made once, and only looked at


@pytest.fixture(params=["core 3.1", "core 3.0", "metadata 3.1", "metadata 3.0"])
def document(request: pytest.FixtureRequest, db: None) -> Document:
    """One of the four documents of a workspace with a field of every type."""
    if not _made:
        api = api_of(model_workspace())
        _made.update({f"{name} {version}": _fetched(api, name, version) for name, version in DOCUMENTS})
    return _made[request.param]


def _fetched(api: Api, name: str, version: str) -> Document:
    answer = api.get(f"/rest/open-api/{name}?version={version}")
    assert answer.status == 200
    return answer.body


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation by its method and path; webhooks too."""
    sections = (document["paths"], document.get("webhooks", {}), document.get("x-webhooks", {}))
    for path, methods in ((path, methods) for section in sections for path, methods in section.items()):
        for method in METHODS:
            if method in methods:
                yield f"{method} {path}", methods[method]


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document but what is inside examples."""
    if isinstance(node, dict):
        yield node
        for key, each in node.items():
            if key not in ("example", "examples", "default"):
                yield from nodes(each)
    elif isinstance(node, list):
        for each in node:
            yield from nodes(each)


def test_it_says_what_it_is_and_whom_to_ask(document: Document) -> None:
    assert document["info"]["description"]
    assert document["info"]["contact"] == {
        "name": "The docs of this server", "url": "http://testserver/settings/docs"
    }  # fmt: skip
    assert document["info"]["license"]["name"] == "MIT"


def test_server_addresses_have_no_final_slash(document: Document) -> None:
    [server] = document["servers"]
    assert server["url"] in ("http://testserver/rest", "http://testserver/rest/metadata")


def test_every_operation_is_described(document: Document) -> None:
    bare = [name for name, each in operations(document) if not each.get("description") or not each.get("summary")]
    assert bare == []


def test_operation_ids_are_unique_and_plain(document: Document) -> None:
    ids = Counter(each["operationId"].lower() for _, each in operations(document))
    assert [id for id, count in ids.items() if count > 1 or not re.fullmatch(r"\w+", id, re.ASCII)] == []


def test_tags_are_described_and_each_operation_has_one(document: Document) -> None:
    names = [each["name"] for each in document["tags"]]
    assert len({name.lower() for name in names}) == len(names)
    assert [each["name"] for each in document["tags"] if not each["description"]] == []
    assert [name for name, each in operations(document) if len(each["tags"]) != 1 or each["tags"][0] not in names] == []


def test_parameters_of_paths_are_named_in_them(document: Document) -> None:
    known = document["components"]["parameters"]
    wrong = []
    for name, operation in operations(document):
        given = operation.get("parameters", [])
        stated = [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in given]
        keys = [(each["in"], each["name"]) for each in stated]
        in_path = {each["name"] for each in stated if each["in"] == "path"}
        if in_path != set(re.findall(r"{(\w+)}", name)) or len(set(keys)) != len(keys):
            wrong.append(name)
    assert wrong == []


def test_every_component_is_used_and_every_reference_leads_somewhere(document: Document) -> None:
    used = {each["$ref"] for each in nodes(document) if isinstance(each.get("$ref"), str)}
    there = {
        f"#/components/{kind}/{name}"
        for kind in KINDS if kind != "securitySchemes"
        for name in document["components"].get(kind, {})
    }  # fmt: skip
    assert used == there


def test_generators_can_tell_what_belongs_to_which_type(document: Document) -> None:
    """A list says its items, and nothing that belongs to one type stands beside several."""
    for node in nodes(document):
        kinds = node.get("type")
        if isinstance(kinds, list) and len(kinds) - ("null" in kinds) > 1:
            assert not {"array", "object"} & {*kinds}, node
        if "anyOf" in node or "oneOf" in node:
            assert "items" not in node and "type" not in node, node
        if kinds == "array" or (isinstance(kinds, list) and "array" in kinds):
            assert "items" in node, node
        if document["openapi"].startswith("3.0"):
            assert not isinstance(kinds, list), node


def test_every_example_fits_its_schema(document: Document) -> None:
    is_3_0 = document["openapi"].startswith("3.0")
    wrong = {}
    for node in nodes(document):
        examples = [node["example"]] if is_3_0 and "example" in node else node.get("examples") if not is_3_0 else None
        if not isinstance(examples, list) or "in" in node:
            continue
        schema = {**node, "components": document["components"]}
        validator = (OAS30Validator if is_3_0 else OAS31Validator)(schema)
        for example in examples:
            found = [each.message for each in validator.iter_errors(example)]
            if found:
                wrong[json.dumps(example)] = found
    assert wrong == {}
