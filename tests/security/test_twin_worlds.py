"""Two worlds that differ only in what a caller may not see answer every question alike.

Each probe is asked in both; the answers are compared byte by byte but for new ids and moments. The one
difference there may be is the bare refusal of a duplicate, which names no record and no value.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.security.scene import (
    ALL,
    C1,
    C2,
    D1,
    D2,
    D3,
    HIDDEN,
    NOBODY,
    S1,
    V1,
    V2,
    Caller,
    Reply,
    Scene,
    normal,
    undone,
)  # fmt: skip

ROLES = {
    "Blind": {"rights": ALL, "unreadable": [f"deal.{name}" for name in HIDDEN]},
    "Walled": {"rights": ALL, "blind": ["vault"]},
}


PLAIN = {"code": "A-1", "budget": 5, "memo": "plain words", "clientId": C1}
OTHER = {"code": "B-2", "budget": 500, "memo": "hidden treasure", "clientId": C2}


def build(admin: Caller, hidden: Mapping[str, Any], *, with_vault: bool = False) -> None:
    """The records of one world. `hidden` is what the first deal has in the fields that are hidden."""

    def made(path: str, body: Any) -> None:
        reply = admin.ask("POST", f"/rest/{path}", body)
        assert reply.status == 201, reply.body

    made("batch/clients", [{"id": C1, "name": "Ann", "number": "1"}, {"id": C2, "name": "Bob", "number": "2"}])
    made("deals", {"id": D1, "name": "First treasure", "region": "north", "position": 1, **hidden})
    made("deals", {"id": D2, "name": "Second", "region": "north", "position": 2, "code": "D2", "budget": 50})
    made("deals", {"id": D3, "name": "Third", "region": "south", "position": 3, "memo": "plain words", "clientId": C1})
    made("steps", {"id": S1, "name": "Call", "dealId": D1})
    if with_vault:
        made("vaults", {"id": V1, "name": "Safe", "serial": "S-1", "dealId": D1})


def rest(method: str, path: str, body: Any = None, **headers: str) -> Any:
    return lambda caller: caller.ask(method, f"/rest/{path}", body, **headers)


def gql(document: str) -> Any:
    return lambda caller: caller.graphql(document)


def cursor(**values: Any) -> str:
    return base64.b64encode(json.dumps(values).encode()).decode()


def csv(path: str, text: str) -> Any:
    return lambda caller: caller.ask("POST", f"/rest/{path}", text.encode(), Content_Type="text/csv")


WHOLE = {"name": "New", "region": "west"}
NODE = "edges { node { id name region updatedAt steps { totalCount edges { node { name } } } } cursor }"

# What somebody may try who wants to know the hidden fields of `deal`.
FIELD_PROBES: dict[str, Any] = {
    "list": rest("GET", "deals?depth=1"),
    "one": rest("GET", f"deals/{D1}"),
    "one by fields": rest("GET", f"deals/{D1}?fields=name,code"),
    "history": rest("GET", f"deals/{D1}/history"),
    "group by region": rest("GET", 'deals/groupBy?group_by=[{"region":true}]&aggregate=["countNotEmptyRegion"]'),
    "group by code": rest("GET", 'deals/groupBy?group_by=[{"code":true}]'),
    "group by client": rest("GET", 'deals/groupBy?group_by=[{"client":{"name":true}}]'),
    "aggregate of budget": rest("GET", 'deals/groupBy?group_by=[{"region":true}]&aggregate=["maxBudget"]'),
    "filter by code": rest("GET", "deals?filter=code[eq]:A-1"),
    "filter by client": rest("GET", f"deals?filter=clientId[eq]:{C1}"),
    "filter through client": rest("GET", "deals?filter=client.name[eq]:Ann"),
    "filter by creator": rest("GET", "deals?filter=createdBy.name[eq]:Scene"),
    "order by budget": rest("GET", "deals?order_by=budget"),
    "order by client": rest("GET", "deals?order_by=client.name"),
    "cursor of budget": rest("GET", f"deals?starting_after={cursor(budget=50, id=D1)}"),
    "cursor of budget in its order": rest("GET", f"deals?order_by=budget&starting_after={cursor(budget=50, id=D1)}"),
    "clients with their deals": rest("GET", "clients?depth=1"),
    "clients by their deals": rest("GET", f"clients?filter=deals.id[eq]:{D1}"),
    "duplicates of one": rest("POST", "deals/duplicates", {"ids": [D1, D3]}),
    "duplicates of a code": rest("POST", "deals/duplicates", {"data": [{"code": "A-1"}]}),
    "duplicates of a memo": rest("POST", "deals/duplicates", {"data": [{"memo": "plain words"}]}),
    "duplicates of a client": rest("POST", "deals/duplicates", {"data": [{"clientId": C1}]}),
    "duplicates of a region": rest("POST", "deals/duplicates", {"data": [{"region": "north"}]}),
    "search for a hidden word": rest("GET", "search?query=hidden"),
    "search for a word of both": rest("GET", "search?query=treasure"),
    "search for two words": rest("GET", "search?query=first%20treasure"),
    "search for a shown and a hidden word": rest("GET", "search?query=first%20hidden"),
    "search inside words": rest("GET", "search?query=idde"),
    "search without words": rest("GET", "search?query=-"),
    "search for the code": rest("GET", "search?query=A-1"),
    "search, page by page": rest("GET", "search?query=treasure%20second&limit=1"),
    "export": rest("GET", "deals/export?format=csv"),
    "export of the code": rest("GET", "deals/export?format=jsonl&fields=id,code"),
    "export by budget": rest("GET", "deals/export?format=jsonl&order_by=budget"),
    "etag": rest("GET", f"deals/{D1}?fields=name"),
    "merge preview": rest("PATCH", "deals/merge", {"ids": [D2, D1], "dryRun": True}),
    "merge": rest("PATCH", "deals/merge", {"ids": [D2, D1]}),
    "merge into the first": rest("PATCH", "deals/merge", {"ids": [D2, D1], "conflictPriorityIndex": 1}),
    "update": rest("PATCH", f"deals/{D1}", {"name": "Changed"}),
    "update many": rest("PATCH", "deals?filter=region[eq]:north", {"region": "east"}),
    "update many by code": rest("PATCH", "deals?filter=code[eq]:A-1", {"region": "east"}),
    "delete by code": rest("DELETE", "deals?filter=code[eq]:A-1&soft_delete=true"),
    "destroy by budget": rest("DELETE", "deals?filter=budget[gt]:100"),
    "destroy": rest("DELETE", f"deals/{D1}"),
    "create": rest("POST", "deals", WHOLE),
    "create with the taken id": rest("POST", "deals", {"id": D1, **WHOLE}),
    "upsert by id": rest("POST", "deals?upsert=true", {"id": D1, **WHOLE}),
    "upsert by a new code": rest("POST", "deals?upsert=true", {"code": "Z-9", **WHOLE}),
    "connect by number": rest("POST", "deals", {**WHOLE, "client": {"connect": {"where": {"number": "1"}}}}),
    "step connects by code": rest("POST", "steps", {"name": "x", "deal": {"connect": {"where": {"code": "A-1"}}}}),
    "step connects by id and code": rest(
        "POST", "steps", {"name": "x", "deal": {"connect": {"where": {"id": D1, "code": "A-1"}}}}
    ),
    "import, connecting by code": csv("steps/import", "name,deal.code\nx,A-1\n"),
    "import, connecting by code, upsert": csv("steps/import?upsert=true&on_error=continue", "name,deal.code\nx,A-1\n"),
    "import of deals": csv("deals/import?upsert=true", f"id,name\n{D1},Again\n"),
    "unknown member": rest("POST", "deals", {"cod": "A-1"}),
    "graphql list": gql(f"{{ deals(first: 10) {{ totalCount {NODE} pageInfo {{ hasNextPage endCursor }} }} }}"),
    "graphql code": gql("{ deals { edges { node { code } } } }"),
    "graphql client": gql("{ deals { edges { node { client { name } } } } }"),
    "graphql search vector": gql("{ deals { edges { node { searchVector } } } }"),
    "graphql filter by vector": gql('{ deals(filter: {searchVector: {search: "hidden"}}) { totalCount } }'),
    "graphql empties of vector": gql("{ deals { countUniqueValuesSearchVector } }"),
    "graphql aggregates": gql("{ deals { maxBudget countUniqueValuesCode } }"),
    "graphql filter": gql('{ deals(filter: {code: {eq: "A-1"}}) { totalCount } }'),
    "graphql deals of clients": gql("{ clients { edges { node { name deals { totalCount } } } } }"),
    "graphql clients by deals": gql(f'{{ clients(filter: {{deals: {{id: {{eq: "{D1}"}}}}}}) {{ totalCount }} }}'),
    "graphql order": gql("{ deals(orderBy: [{budget: DescNullsLast}]) { edges { node { id } } } }"),
    "graphql order by creator": gql("{ deals(orderBy: [{createdBy: {name: AscNullsLast}}]) { totalCount } }"),
    "graphql group": gql("{ dealsGroupBy(groupBy: [{budget: true}]) { totalCount } }"),
    "graphql group, sample records": gql(
        "{ dealsGroupBy(groupBy: [{region: true}]) { groupByDimensionValues edges { node { name code } } } }"
    ),
    "graphql nested": gql("{ steps { edges { node { deal { code } } } } }"),
    "graphql nested filter": gql('{ steps(filter: {deal: {code: {eq: "A-1"}}}) { totalCount } }'),
    "graphql nested order": gql("{ steps(orderBy: [{deal: {budget: AscNullsLast}}]) { edges { node { name } } } }"),
    "graphql duplicates": gql(f'{{ dealDuplicates(ids: ["{D1}", "{D3}"]) {{ {NODE} }} }}'),
    "graphql search": gql('{ search(searchInput: "treasure", limit: 10) { edges { node { recordId tsRank } } } }'),
    "graphql update": gql(f'mutation {{ updateDeal(id: "{D1}", data: {{name: "x"}}) {{ id name }} }}'),
    "graphql update, code": gql(f'mutation {{ updateDeal(id: "{D1}", data: {{name: "x"}}) {{ id code }} }}'),
    "graphql merge": gql(f'mutation {{ mergeDeals(ids: ["{D1}", "{D2}"], conflictPriorityIndex: 1) {{ id name }} }}'),
    "graphql connect": gql(
        'mutation { createStep(data: {name: "x", deal: {connect: {where: {code: "A-1"}}}}) { id } }'
    ),
    "graphql unknown field": gql("{ deals { edges { node { cod budge } } } }"),
}

# The same with a unique hidden value that the first deal has in one world only: the one difference there may be.
CLASHES: dict[str, Any] = {
    "create": rest("POST", "deals", {"code": "A-1", **WHOLE}),
    "create many": rest("POST", "batch/deals", [WHOLE, {"code": "A-1"}]),
    "create those that can be": rest("POST", "batch/deals?on_error=continue", [WHOLE, {"code": "A-1"}]),
    "upsert": rest("POST", "deals?upsert=true", {"code": "A-1", **WHOLE}),
    "upsert many": rest("POST", "batch/deals?upsert=true", [{"id": D2}, {"code": "A-1", **WHOLE}]),
    "upsert of another": rest("POST", "deals?upsert=true", {"id": D2, "code": "A-1"}),
    "update": rest("PATCH", f"deals/{D2}", {"code": "A-1"}),
    "import": csv("deals/import", "name,code\nx,A-1\n"),
    "import, upsert": csv("deals/import?upsert=true&on_error=continue", "name,code\nx,A-1\n"),
    "nested": rest("POST", "steps", {"name": "x", "deal": {"create": {"code": "A-1"}}}),
    "graphql create": gql('mutation { createDeal(data: {code: "A-1"}) { id } }'),
    "graphql upsert": gql('mutation { createDeals(data: [{code: "A-1"}], upsert: true) { id } }'),
    "graphql update": gql(f'mutation {{ updateDeal(id: "{D2}", data: {{code: "A-1"}}) {{ id }} }}'),
}

# What somebody may try who wants to know the records of `vault`.
OBJECT_PROBES: dict[str, Any] = {
    "list": rest("GET", "vaults"),
    "one": rest("GET", f"vaults/{V1}"),
    "history": rest("GET", f"vaults/{V1}/history"),
    "group": rest("GET", 'vaults/groupBy?group_by=[{"name":true}]'),
    "duplicates": rest("POST", "vaults/duplicates", {"data": [{"serial": "S-1"}]}),
    "search": rest("GET", "search?query=safe"),
    "search there": rest("GET", "search?query=safe&objects=vault"),
    "export": rest("GET", "vaults/export"),
    "create": rest("POST", "vaults", {"serial": "S-1"}),
    "upsert": rest("POST", "vaults?upsert=true", {"serial": "S-1"}),
    "create with its id": rest("POST", "vaults", {"id": V1}),
    "update": rest("PATCH", f"vaults/{V1}", {"name": "x"}),
    "update as it was read": rest("PATCH", f"vaults/{V1}", {"name": "x"}, If_Match='"x"'),
    "delete": rest("DELETE", f"vaults/{V1}?soft_delete=true"),
    "restore": rest("PATCH", f"vaults/{V1}/restore"),
    "destroy": rest("DELETE", f"vaults/{V1}"),
    "merge": rest("PATCH", "vaults/merge", {"ids": [V1, V2]}),
    "import": csv("vaults/import?upsert=true", "serial\nS-1\n"),
    "deals with their vaults": rest("GET", "deals?depth=1"),
    "deals by their vaults": rest("GET", "deals?filter=vaults.serial[eq]:S-1"),
    "deals in the order of vaults": rest("GET", "deals?order_by=vault.name"),
    "relate": rest("POST", "deals", {"name": "x", "vaultId": V1}),
    "relate to what never was": rest("POST", "deals", {"name": "x", "vaultId": NOBODY}),
    "relate many": rest("POST", "batch/deals", [{"name": "x"}, {"name": "y", "vaultId": V1}]),
    "relate those that can be": rest("POST", "batch/deals?on_error=continue", [{"name": "x"}, {"vaultId": V1}]),
    "relate by update": rest("PATCH", f"deals/{D2}", {"vaultId": V1}),
    "relate by bulk update": rest("PATCH", "deals?filter=region[eq]:north", {"vaultId": V1}),
    "relate by upsert": rest("POST", "deals?upsert=true", {"id": D2, "vaultId": V1}),
    "relate by import": csv("deals/import?on_error=continue", f"name,vaultId\nx,{V1}\n"),
    "connect by id": rest("POST", "deals", {"vault": {"connect": {"where": {"id": V1}}}}),
    "connect by serial": rest("POST", "deals", {"vault": {"connect": {"where": {"serial": "S-1"}}}}),
    "connect by import": csv("deals/import?on_error=continue", "name,vault.serial\nx,S-1\n"),
    "nested create": rest("POST", "deals", {"vault": {"create": {"serial": "S-1"}}}),
    "disconnect": rest("PATCH", f"deals/{D1}", {"vault": {"disconnect": True}}),
    "delete a deal": rest("DELETE", f"deals/{D1}?soft_delete=true"),
    "destroy a deal": rest("DELETE", f"deals/{D1}"),
    "destroy deals": rest("DELETE", "deals?filter=region[eq]:north"),
    "merge deals": rest("PATCH", "deals/merge", {"ids": [D2, D1]}),
    "preview of a merge": rest("PATCH", "deals/merge", {"ids": [D2, D1], "dryRun": True}),
    "graphql list": gql("{ vaults { totalCount } }"),
    "graphql one": gql(f'{{ vault(filter: {{id: {{eq: "{V1}"}}}}) {{ id }} }}'),
    "graphql deals": gql("{ deals { edges { node { name vaults { totalCount } } } } }"),
    "graphql create": gql('mutation { createVault(data: {serial: "S-1"}) { id } }'),
    "graphql relate": gql(f'mutation {{ createDeal(data: {{vaultId: "{V1}"}}) {{ id }} }}'),
    "graphql connect": gql('mutation { createDeal(data: {vault: {connect: {where: {serial: "S-1"}}}}) { id } }'),
    "graphql update": gql(f'mutation {{ updateVault(id: "{V1}", data: {{name: "x"}}) {{ id }} }}'),
    "graphql destroy": gql(f'mutation {{ destroyDeal(id: "{D1}") {{ id name }} }}'),
    "graphql merge": gql(f'mutation {{ mergeDeals(ids: ["{D1}", "{D2}"], conflictPriorityIndex: 0) {{ id }} }}'),
    "record counts": lambda caller: caller.graphql(
        "{ objectRecordCounts { objectNamePlural totalCount } }", "/metadata"
    ),
}


def answers(scene: Scene, caller: Caller, probes: Mapping[str, Any], hidden: Mapping[str, Any], **more: Any) -> Any:
    found = {}
    with undone():
        build(scene.admin, hidden, **more)
        for name, probe in probes.items():
            with undone():
                found[name] = probe(caller)
    return found


def different(one: Mapping[str, Reply], other: Mapping[str, Reply]) -> dict[str, Any]:
    return {name: (normal(one[name]), normal(other[name])) for name in one if normal(one[name]) != normal(other[name])}


@pytest.mark.django_db
def test_hidden_fields_decide_no_answer(scene: Scene) -> None:
    caller = scene.caller("Blind")
    plain = answers(scene, caller, FIELD_PROBES, PLAIN)
    other = answers(scene, caller, FIELD_PROBES, OTHER)
    assert not (found := different(plain, other)), "\n\n".join(f"{k}\n{a}\n{b}" for k, (a, b) in found.items())
    assert {name: each.status for name, each in plain.items() if each.status >= 500} == {}


@pytest.mark.django_db
def test_hidden_records_decide_no_answer(scene: Scene) -> None:
    caller = scene.caller("Walled")
    without = answers(scene, caller, OBJECT_PROBES, PLAIN)
    with_one = answers(scene, caller, OBJECT_PROBES, PLAIN, with_vault=True)
    assert not (found := different(without, with_one)), "\n\n".join(f"{k}\n{a}\n{b}" for k, (a, b) in found.items())
    assert {name: each.status for name, each in without.items() if each.status >= 500} == {}


@pytest.mark.django_db
def test_a_hidden_duplicate_is_refused_and_nothing_more_is_told(scene: Scene) -> None:
    caller = scene.caller("Blind")
    free = answers(scene, caller, CLASHES, OTHER)
    taken = answers(scene, caller, CLASHES, PLAIN)
    assert different(free, taken).keys() == CLASHES.keys()
    for name, reply in taken.items():
        assert reply.status < 500, (name, reply.body)
        assert b"A duplicate entry was detected" in reply.body, (name, reply.body)
        for told in (D1.encode(), b"A-1", b"conflictingRecordId", b"recordId"):
            assert told not in reply.body, (name, reply.body)
