"""Who lacks a right is told that, and by no other word whether there is what they ask for.

Every operation of the metadata APIs that names things by their ids (those of the permission matrix, and webhooks by the
OpenAPI document and the schema) is asked three times: for what is there, for what is nowhere, for an id that is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from metadata import cache
from metadata.graphql.schema import schema as metadata_schema
from tests.security.access import DENIED, KINDS, Kind, World, make_world
from tests.security.scene import NOBODY, Caller, Reply, undone
from tests.security.test_every_route_asks import root_fields
from tests.security.test_matrix_metadata import ALL_KINDS, ROWS, Row, fill, is_as_expected, outcome

NAMES = (
    "no rights",
    "reader",
    "blind to fields",
    "only IMPORT_CSV",
    "only DATA_MODEL",
    "only API_KEYS_AND_WEBHOOKS",
    "only VIEWS",
)
ASKING = [each for each in ALL_KINDS if each.name in NAMES]


@pytest.fixture(scope="module")
def world(uncommitted: None) -> World:
    made = make_world(fill, (KINDS[0], *ASKING))
    hook = {"targetUrl": "https://a.example/", "operations": ["*.*"]}
    webhook = made.scene.admin.ask("POST", "/rest/metadata/webhooks", hook).json["id"]
    return replace(made, made={**made.made, "webhook": webhook})


def asked(world: World, caller: Caller, row: Row, ids: Mapping[str, str]) -> Reply:
    path = row.path % ids
    with undone():
        if row.is_graphql:
            return caller.graphql(path, "/metadata")
        body = None if row.body is None else json.loads(json.dumps(row.body) % ids)
        return caller.ask(row.method, path, body)


def further_rows(world: World) -> Iterator[Row]:
    """Webhooks, and a role with an id of its own."""
    document = world.scene.admin.ask("GET", "/rest/open-api/metadata").json
    for path, methods in document["paths"].items():
        if path.startswith("/webhooks/{id}"):
            for method in {each.upper() for each in methods} & {"GET", "POST", "PATCH", "PUT", "DELETE"}:
                address = "/rest/metadata" + path.replace("{id}", "%(webhook)s")
                yield Row(f"{method} {path}", method, address, None, (("API_KEYS_AND_WEBHOOKS",),))
    values = 'createRoleInput: {label: "x", id: "%(least)s"}'
    yield Row(
        "GraphQL role",
        "createOneRole",
        f"mutation {{ createOneRole({values}) {{ id }} }}",
        None,
        (("ROLES",),),
        is_graphql=True,
    )
    for word, name, call in root_fields(metadata_schema().graphql_schema):
        if "ebhook" in name and re.search(r"\bid: |[wW]ebhookId: ", call):
            text = f"{word} {{ {call.replace('00000000-0000-4000-8000-000000000000', '%(webhook)s')} }}"
            yield Row(f"GraphQL {name}", name, text, None, (("API_KEYS_AND_WEBHOOKS",),), is_graphql=True)


def normal(reply: Reply, ids: Mapping[str, str]) -> tuple[int, str]:
    body = re.sub(r'"requestId":"[^"]*"|"data":(null|\{"\w+":null\})', "", reply.body.decode())
    for each in ids.values():
        body = body.replace(each, "…") if len(each) > 20 or each == "no-id" else body
    return reply.status, body


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ASKING, ids=lambda kind: kind.name)
def test_what_is_there_and_what_is_not_are_refused_alike(world: World, kind: Kind) -> None:
    caller, count = world.callers[kind.name], 0
    nowhere = dict.fromkeys(world.made, NOBODY) | {"subdomain": world.made["subdomain"]}
    no_ids = dict.fromkeys(world.made, "no-id") | {"subdomain": world.made["subdomain"]}
    for row in (*ROWS, *further_rows(world)):
        if row.path % world.made == row.path % nowhere and row.body is None:
            continue  # names nothing
        refusal = row.refusal(kind)
        if refusal is None or row.form or (row.unfound and not {404, "NOT_FOUND"} & set(refusal)):
            continue  # whoever may read a file knows that it is there
        there = asked(world, caller, row, world.made)
        assert is_as_expected(outcome(row, there), row, refusal), (row.name, there.body)
        # Whose field's values decide is found by the field: a key that may change the data model reads all of them.
        is_found_first = (row.reads or row.writes) is not None and not _lacks(row, kind)
        for ids in (nowhere, no_ids):
            reply = asked(world, caller, row, ids)
            if is_found_first and not row.unfound:
                assert DENIED.encode() not in reply.body
                continue
            is_mine = row.method == "updateWorkspaceMemberSettings"  # of oneself it takes no right: the id decides
            if row.path.startswith("query") and row.needs and any(map(kind.has, row.needs[0])):
                continue  # may look at it, and lacks the right to a part of it
            if ids is no_ids and (row.unfound or is_mine or (row.needs and any(map(kind.has, row.needs[0])))):
                assert reply.status < 500  # what is no id at all may be told to who has a part of the rights
                continue
            assert normal(reply, ids) == normal(there, world.made), (row.name, reply.body, there.body)
        count += 1
    cache.forget(world.scene.workspace.id)
    assert count > 40, count


def _lacks(row: Row, kind: Kind) -> bool:
    return any(not any(map(kind.has, group)) for group in row.needs)


@pytest.mark.django_db
def test_who_may_is_told_that_it_is_nowhere(world: World) -> None:
    """So that the test above compares refusals with something: the same requests find nothing for an Admin."""
    nowhere = dict.fromkeys(world.made, NOBODY) | {"subdomain": world.made["subdomain"]}
    found = [
        outcome(row, asked(world, world.scene.admin, row, nowhere))
        for row in (*ROWS, *further_rows(world))
        if not row.form and row.path % world.made != row.path % nowhere
    ]
    assert not [each for each in found if DENIED in each]
    assert sum(each[0] == 404 or "NOT_FOUND" in each for each in found) > 100
