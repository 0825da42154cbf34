"""The permission matrix of the record APIs: every verb, directly and indirectly, by every kind of access.

Cells are made of the rows here and the kinds of `access.KINDS`. Of each the exact answer is asked, and of each
that is refused that not one row of the workspace changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.security.access import KINDS, Kind, Needs, make_scenes, refusal_of
from tests.security.scene import (
    C1,
    C2,
    D1,
    D2,
    D3,
    NOBODY,
    S1,
    V1,
    Caller,
    Reply,
    Scene,
    digest,
    drop_scene,
    undone,
)  # fmt: skip

READ, UPDATE, DELETE, DESTROY = "read", "update", "soft_delete", "destroy"


@dataclass(frozen=True, slots=True)
class Row:
    """An operation: what is sent, what it needs, how it ends where all of that is there (a status, or a code)."""

    name: str
    request: tuple[Any, ...]  # REST: (method, path, body, content type); GraphQL: (document,)
    needs: Needs
    ok: int = 200
    error: str | None = None  # what even an Admin is told (GraphQL: the message's beginning)

    @property
    def is_graphql(self) -> bool:
        return len(self.request) == 1


def rest(name: str, method: str, path: str, body: Any = None, *, ok: int = 200, error: str | None = None,
         kind: str = "application/json", **needs: Any) -> Row:  # fmt: skip
    return Row(f"REST {name}", (method, path, body, kind), Needs(**needs), ok, error)


def gql(name: str, document: str, *, error: str | None = None, **needs: Any) -> Row:
    return Row(f"GraphQL {name}", (document,), Needs(**needs), 200, error)


def on(*pairs: str) -> Any:
    """`on("read deal", "destroy deal")` as pairs."""
    return [tuple(each.split()) for each in pairs]


FIND, CHANGE = on("read deal"), on("update deal")
GROUP = 'deals/groupBy?group_by=[{"%s":true}]'
CSV = "text/csv"

VERBS: Sequence[Row] = (
    rest("find many", "GET", "deals", verbs=FIND),
    rest("find many deeply", "GET", "deals?depth=1", verbs=FIND),
    rest("find one", "GET", f"deals/{D1}", verbs=FIND),
    rest("find none", "GET", f"deals/{NOBODY}", ok=404, verbs=FIND),
    rest("group by", "GET", GROUP % "region", verbs=FIND),
    rest("history", "GET", f"deals/{D1}/history", verbs=FIND),
    rest("duplicates by ids", "POST", "deals/duplicates", {"ids": [D1]}, verbs=FIND),
    rest("duplicates by data", "POST", "deals/duplicates", {"data": [{"region": "north"}]}, verbs=FIND),
    rest("create one", "POST", "deals", {"name": "x"}, ok=201, verbs=CHANGE),
    rest("create many", "POST", "batch/deals", [{"name": "x"}, {"name": "y"}], ok=201, verbs=CHANGE),
    rest("create those that can be", "POST", "batch/deals?on_error=continue", [{"name": "x"}], ok=201, verbs=CHANGE),
    rest("update one", "PATCH", f"deals/{D1}", {"name": "x"}, verbs=CHANGE),
    rest("update one by PUT", "PUT", f"deals/{D1}", {"name": "x"}, verbs=CHANGE),
    rest("update none", "PATCH", f"deals/{NOBODY}", {"name": "x"}, ok=404, verbs=CHANGE),
    rest("update many", "PATCH", "deals?filter=region[eq]:north", {"name": "x"}, verbs=CHANGE),
    rest("upsert one", "POST", "deals?upsert=true", {"id": D1, "name": "x"}, ok=201, verbs=CHANGE),
    rest("upsert many", "POST", "batch/deals?upsert=true", [{"id": D1}, {"name": "y"}], ok=201, verbs=CHANGE),
    rest("delete one", "DELETE", f"deals/{D1}?soft_delete=true", verbs=on("soft_delete deal")),
    rest("delete many", "DELETE", "deals?filter=region[eq]:north&soft_delete=true", verbs=on("soft_delete deal")),
    rest("restore one", "PATCH", f"deals/{D1}/restore", verbs=on("soft_delete deal")),
    rest("restore many", "PATCH", "deals/restore?filter=region[eq]:north", verbs=on("soft_delete deal")),
    rest("destroy one", "DELETE", f"deals/{D1}", verbs=on("destroy deal")),
    rest("destroy many", "DELETE", "deals?filter=region[eq]:north", verbs=on("destroy deal")),
    rest("merge", "PATCH", "deals/merge", {"ids": [D3, D2]}, verbs=on("update deal", "destroy deal", "read vault")),
    rest("merge what steps point at", "PATCH", "deals/merge", {"ids": [D3, D1]},
         verbs=on("update deal", "destroy deal", "read vault"), writes=["step.deal"]),
    rest("preview a merge", "PATCH", "deals/merge", {"ids": [D3, D2], "dryRun": True},
         verbs=on("update deal", "destroy deal", "read vault")),
    rest("import", "POST", "deals/import", b"name\nx\n", kind=CSV, verbs=CHANGE, flags=["IMPORT_CSV"]),
    rest("import, upsert", "POST", "deals/import?upsert=true", f"id,name\n{D1},x\n".encode(), kind=CSV, verbs=CHANGE,
         flags=["IMPORT_CSV"]),
    rest("import, dry", "POST", "deals/import?dry_run=true", b"name\nx\n", kind=CSV, verbs=CHANGE,
         flags=["IMPORT_CSV"]),
    rest("export", "GET", "deals/export?format=csv", verbs=FIND, flags=["EXPORT_CSV"]),
    rest("export lines", "GET", "deals/export?format=jsonl", verbs=FIND, flags=["EXPORT_CSV"]),
    rest("search", "GET", "search?query=first"),
    gql("search", '{ search(searchInput: "first", limit: 5) { edges { node { recordId } } } }'),
    rest("find many vaults", "GET", "vaults", verbs=on("read vault")),
    rest("find one vault", "GET", f"vaults/{V1}", verbs=on("read vault")),
    rest("find no vault", "GET", f"vaults/{NOBODY}", ok=404, verbs=on("read vault")),
    rest("history of a vault", "GET", f"vaults/{V1}/history", verbs=on("read vault")),
    rest("create a vault", "POST", "vaults", {"name": "x"}, ok=201, verbs=on("update vault")),
    rest("update a vault", "PATCH", f"vaults/{V1}", {"name": "x"}, verbs=on("update vault")),
    rest("update no vault", "PATCH", f"vaults/{NOBODY}", {"name": "x"}, ok=404, verbs=on("update vault")),
    rest("delete a vault", "DELETE", f"vaults/{V1}?soft_delete=true", verbs=on("soft_delete vault")),
    rest("restore a vault", "PATCH", f"vaults/{V1}/restore", verbs=on("soft_delete vault")),
    rest("destroy a vault", "DELETE", f"vaults/{V1}", verbs=on("destroy vault")),
    rest("export vaults", "GET", "vaults/export", verbs=on("read vault"), flags=["EXPORT_CSV"]),
    rest("import vaults", "POST", "vaults/import", b"name\nx\n", kind=CSV, verbs=on("update vault"),
         flags=["IMPORT_CSV"]),
    gql("find many", "{ deals { totalCount edges { node { id name } } } }", verbs=FIND),
    gql("find one", f'{{ deal(filter: {{id: {{eq: "{D1}"}}}}) {{ id name }} }}', verbs=FIND),
    gql("group by", "{ dealsGroupBy(groupBy: [{region: true}]) { totalCount } }", verbs=FIND),
    gql("duplicates", f'{{ dealDuplicates(ids: ["{D1}"]) {{ totalCount }} }}', verbs=FIND),
    gql("create one", 'mutation { createDeal(data: {name: "x"}) { id } }', verbs=CHANGE),
    gql("create many", 'mutation { createDeals(data: [{name: "x"}]) { id } }', verbs=CHANGE),
    gql("upsert", f'mutation {{ createDeals(data: [{{id: "{D1}"}}], upsert: true) {{ id }} }}', verbs=CHANGE),
    gql("update one", f'mutation {{ updateDeal(id: "{D1}", data: {{name: "x"}}) {{ id }} }}', verbs=CHANGE),
    gql("update many", 'mutation { updateDeals(filter: {region: {eq: "north"}}, data: {name: "x"}) { id } }',
        verbs=CHANGE),
    gql("delete one", f'mutation {{ deleteDeal(id: "{D1}") {{ id }} }}', verbs=on("soft_delete deal")),
    gql("delete many", 'mutation { deleteDeals(filter: {region: {eq: "north"}}) { id } }',
        verbs=on("soft_delete deal")),
    gql("restore one", f'mutation {{ restoreDeal(id: "{D1}") {{ id }} }}', verbs=on("soft_delete deal")),
    gql("restore many", 'mutation { restoreDeals(filter: {region: {eq: "north"}}) { id } }',
        verbs=on("soft_delete deal")),
    gql("destroy one", f'mutation {{ destroyDeal(id: "{D1}") {{ id }} }}', verbs=on("destroy deal")),
    gql("destroy many", 'mutation { destroyDeals(filter: {region: {eq: "north"}}) { id } }', verbs=on("destroy deal")),
    gql("merge", f'mutation {{ mergeDeals(ids: ["{D3}", "{D2}"], conflictPriorityIndex: 0) {{ id }} }}',
        verbs=on("update deal", "destroy deal", "read vault")),
    gql("merge what steps point at",
        f'mutation {{ mergeDeals(ids: ["{D3}", "{D1}"], conflictPriorityIndex: 0) {{ id }} }}',
        verbs=on("update deal", "destroy deal", "read vault"), writes=["step.deal"]),
    gql("find many vaults", "{ vaults { totalCount } }", verbs=on("read vault")),
    gql("find one vault", f'{{ vault(filter: {{id: {{eq: "{V1}"}}}}) {{ id }} }}', verbs=on("read vault")),
    gql("create a vault", 'mutation { createVault(data: {name: "x"}) { id } }', verbs=on("update vault")),
    gql("update a vault", f'mutation {{ updateVault(id: "{V1}", data: {{name: "x"}}) {{ id }} }}',
        verbs=on("update vault")),
    gql("delete a vault", f'mutation {{ deleteVault(id: "{V1}") {{ id }} }}', verbs=on("soft_delete vault")),
    gql("destroy a vault", f'mutation {{ destroyVault(id: "{V1}") {{ id }} }}', verbs=on("destroy vault")),
)  # fmt: skip

READ_CODE: Mapping[str, Any] = {"verbs": FIND, "reads": ["deal.code"]}
READ_BUDGET: Mapping[str, Any] = {"verbs": FIND, "reads": ["deal.budget"]}
READ_CLIENT: Mapping[str, Any] = {"verbs": FIND, "reads": ["deal.client"]}
STEPS_CODE: Mapping[str, Any] = {"verbs": on("read step", "read deal"), "reads": ["deal.code"]}
WITH_VAULTS: Mapping[str, Any] = {"verbs": on("read deal", "read vault")}

INDIRECT: Sequence[Row] = (
    rest("filter", "GET", "deals?filter=code[eq]:A-1", **READ_CODE),
    rest("filter by nothing", "GET", "deals?filter=code[is]:NULL&limit=0", **READ_CODE),
    rest("filter by a join id", "GET", f"deals?filter=clientId[eq]:{C1}", **READ_CLIENT),
    rest("filter through a relation", "GET", "deals?filter=client.name[eq]:Ann", **READ_CLIENT),
    rest("filter by who made it", "GET", "deals?filter=createdBy.name[eq]:x", verbs=FIND, reads=["deal.createdBy"]),
    rest("filter through a hidden object", "GET", "deals?filter=vault.name[eq]:Safe", **WITH_VAULTS),
    rest("filter by a join id to a hidden object", "GET", f"deals?filter=vaultId[eq]:{V1}", verbs=FIND),
    rest("filter the other side", "GET", "steps?filter=deal.code[eq]:A-1", **STEPS_CODE),
    rest("order", "GET", "deals?order_by=budget", **READ_BUDGET),
    rest("order through a relation", "GET", "deals?order_by=client.name", **READ_CLIENT),
    rest("order through a hidden object", "GET", "deals?order_by=vault.name", **WITH_VAULTS),
    rest("order the other side", "GET", "steps?order_by=deal.budget",
         verbs=on("read step", "read deal"), reads=["deal.budget"]),
    rest("group", "GET", GROUP % "code", **READ_CODE),
    rest("group through a relation", "GET", 'deals/groupBy?group_by=[{"client":{"name":true}}]', **READ_CLIENT),
    rest("group through a hidden object", "GET", 'deals/groupBy?group_by=[{"vault":{"name":true}}]', **WITH_VAULTS),
    rest("aggregate", "GET", GROUP % "region" + '&aggregate=["sumBudget"]', **READ_BUDGET),
    rest("order of groups", "GET", GROUP % "region" + '&order_by=[{"aggregate":{"maxBudget":"AscNullsLast"}}]',
         **READ_BUDGET),
    rest("duplicates of a value", "POST", "deals/duplicates", {"data": [{"code": "A-1"}]}, **READ_CODE),
    rest("update by a filter", "PATCH", "deals?filter=code[eq]:A-1", {"name": "x"}, verbs=CHANGE, reads=["deal.code"]),
    rest("delete by a filter", "DELETE", "deals?filter=budget[gt]:1&soft_delete=true", verbs=on("soft_delete deal"),
         reads=["deal.budget"]),
    rest("destroy by a filter", "DELETE", "deals?filter=budget[gt]:1", verbs=on("destroy deal"),
         reads=["deal.budget"]),
    rest("export by a filter", "GET", "deals/export?filter=code[eq]:A-1", flags=["EXPORT_CSV"], **READ_CODE),
    rest("export in an order", "GET", "deals/export?order_by=budget", flags=["EXPORT_CSV"], **READ_BUDGET),
    rest("connect by a value", "POST", "steps", {"deal": {"connect": {"where": {"code": "A-1"}}}}, ok=201,
         verbs=on("update step"), reads=["deal.code"], writes=["step.deal"]),
    rest("write", "PATCH", f"deals/{D1}", {"budget": 1}, verbs=CHANGE, writes=["deal.budget"]),
    rest("write many", "PATCH", "deals?filter=region[eq]:north", {"budget": 1}, verbs=CHANGE, writes=["deal.budget"]),
    rest("write in a batch", "POST", "batch/deals", [{"name": "x"}, {"budget": 1}], ok=201, verbs=CHANGE,
         writes=["deal.budget"]),
    rest("write by an upsert", "POST", "deals?upsert=true", {"id": D2, "budget": 1}, ok=201, verbs=CHANGE,
         writes=["deal.budget"]),
    rest("relate", "PATCH", f"deals/{D2}", {"clientId": C2}, verbs=CHANGE, writes=["deal.client"]),
    rest("unrelate", "PATCH", f"deals/{D1}", {"client": {"disconnect": True}}, verbs=CHANGE, writes=["deal.client"]),
    rest("create nested", "POST", "steps", {"deal": {"create": {"budget": 1}}}, ok=201,
         verbs=on("update step", "update deal"), writes=["step.deal", "deal.budget"]),
    rest("create a nested vault", "POST", "deals", {"vault": {"create": {"name": "x"}}}, ok=201,
         verbs=on("update deal", "update vault")),
    rest("unknown object", "GET", "nothings", ok=400),
    gql("select", "{ deals { edges { node { code } } } }", **READ_CODE),
    gql("select a relation", "{ deals { edges { node { client { id } } } } }", **READ_CLIENT),
    gql("select a hidden object", "{ deals { edges { node { vault { id } } } } }", **WITH_VAULTS),
    gql("select hidden records", "{ deals { edges { node { vaults { totalCount } } } } }", **WITH_VAULTS),
    gql("select from the other side", "{ steps { edges { node { deal { code } } } } }", **STEPS_CODE),
    gql("select what tells a relation", "{ clients { edges { node { deals { totalCount } } } } }",
        verbs=on("read client", "read deal"), reads=["deal.client"]),
    gql("select the search vector", "{ deals { edges { node { searchVector } } } }", **READ_CODE),
    gql("filter", '{ deals(filter: {code: {eq: "A-1"}}) { totalCount } }', **READ_CODE),
    gql("filter through a hidden object", '{ deals(filter: {vault: {name: {eq: "x"}}}) { totalCount } }',
        **WITH_VAULTS),
    gql("filter the words", '{ deals(filter: {searchVector: {search: "x"}}) { totalCount } }', **READ_CODE),
    gql("order", "{ deals(orderBy: [{budget: AscNullsLast}]) { totalCount } }", **READ_BUDGET),
    gql("aggregate", "{ deals { maxBudget } }", **READ_BUDGET),
    gql("group", "{ dealsGroupBy(groupBy: [{code: true}]) { totalCount } }", **READ_CODE),
    gql("records of groups", "{ dealsGroupBy(groupBy: [{region: true}]) { edges { node { code } } } }", **READ_CODE),
    gql("answer of an update", f'mutation {{ updateDeal(id: "{D1}", data: {{name: "x"}}) {{ code }} }}',
        verbs=CHANGE, reads=["deal.code"]),
    gql("answer of a delete", f'mutation {{ deleteDeal(id: "{D1}") {{ code }} }}', verbs=on("soft_delete deal"),
        reads=["deal.code"]),
    gql("answer of a destroy", f'mutation {{ destroyDeal(id: "{D1}") {{ client {{ name }} }} }}',
        verbs=on("destroy deal"), reads=["deal.client"]),
    gql("connect by a value", 'mutation { createStep(data: {deal: {connect: {where: {code: "A-1"}}}}) { id } }',
        verbs=on("update step"), reads=["deal.code"], writes=["step.deal"]),
    gql("write", f'mutation {{ updateDeal(id: "{D1}", data: {{budget: 1}}) {{ id }} }}', verbs=CHANGE,
        writes=["deal.budget"]),
    gql("create nested", "mutation { createStep(data: {deal: {create: {budget: 1}}}) { id } }",
        verbs=on("update step", "update deal"), writes=["step.deal", "deal.budget"]),
)  # fmt: skip

ROWS = (*VERBS, *INDIRECT)


@pytest.fixture(scope="module")
def scenes(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Scene, Scene, Mapping[str, Caller]]]:
    with django_db_blocker.unblock():
        made = make_scenes()
        fill(made[0].admin)
    yield made
    with django_db_blocker.unblock():
        for each in made[:2]:
            drop_scene(each.workspace)


def fill(admin: Caller) -> None:
    for path, body in (
        ("batch/clients", [{"id": C1, "name": "Ann", "number": "1"}, {"id": C2, "name": "Bob", "number": "2"}]),
        ("vaults", {"id": V1, "name": "Safe", "serial": "S-1"}),
        ("deals", {"id": D1, "name": "First", "region": "north", "code": "A-1", "budget": 5, "clientId": C1}),
        ("deals", {"id": D2, "name": "Second", "region": "south", "budget": 7, "vaultId": V1}),
        ("deals", {"id": D3, "name": "Third", "region": "south"}),
        ("steps", {"id": S1, "name": "Call", "dealId": D1}),
    ):
        reply = admin.ask("POST", f"/rest/{path}", body)
        assert reply.status == 201, reply.body


def send(caller: Caller, row: Row) -> Reply:
    if row.is_graphql:
        return caller.graphql(row.request[0])
    method, path, body, kind = row.request
    return caller.ask(method, f"/rest/{path}", body, Content_Type=kind)


def outcome(row: Row, reply: Reply) -> tuple[Any, ...]:
    """(status, code, message) of a refusal, (status,) of what was done."""
    if reply.status >= 400 and not row.is_graphql:
        body = reply.json
        return (reply.status, body["error"], *body["messages"])
    if row.is_graphql:
        body = reply.json
        if "errors" in body:
            [error] = body["errors"]
            data = body.get("data")
            assert data is None or list(data.values()) == [None]
            return (reply.status, error["extensions"]["code"], error["message"])
    return (reply.status,)


def expected(row: Row, kind: Kind) -> tuple[Any, ...] | None:
    """What the cell must end with; None where only the code of an error of the request itself is fixed."""
    if kind.refusal is not None:
        refusal = kind.refusal
        if not row.is_graphql:
            return (refusal.status, refusal.error, refusal.message)
        if kind.name == "no key":
            name = row.request[0].removeprefix("mutation ").lstrip("{ ").split("(")[0].split()[0]
            return (200, "UNAUTHENTICATED", f"Unauthenticated: no workspace resolved for fields {name}")
        return (200, refusal.graphql_code, refusal.message)
    message = refusal_of(kind, row.needs)
    if message is not None:
        return (200, "FORBIDDEN", message) if row.is_graphql else (403, "ForbiddenException", message)
    return (row.ok,) if row.ok < 400 else None


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [each for each in KINDS if not each.is_elsewhere], ids=lambda kind: kind.name)
def test_every_cell(scenes: tuple[Scene, Scene, Mapping[str, Caller]], kind: Kind) -> None:
    scene, _, callers = scenes
    before = digest(scene.workspace)
    wrong = []
    for row in ROWS:
        wanted = expected(row, kind)
        with undone():
            reply = send(callers[kind.name], row)
            found = outcome(row, reply)
            is_refused = len(found) > 1
            is_right = found == wanted if wanted is not None else reply.status == row.ok
            if not is_right:
                wrong.append((row.name, found, wanted))
            if is_refused and digest(scene.workspace) != before:
                wrong.append((row.name, "changed something", found))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.django_db
def test_a_key_of_another_workspace_is_answered_as_if_this_one_were_not_there(
    scenes: tuple[Scene, Scene, Mapping[str, Caller]],
) -> None:
    scene, _, callers = scenes
    caller, before = callers["other workspace's"], digest(scene.workspace)
    for row in ROWS:
        with undone():
            reply = send(caller, row)
        assert reply.status < 500, row.name
        for told in (b"A-1", b"First", b"Safe", b"Ann", S1.encode()):
            asked = json.dumps(row.request, default=str).encode()
            assert told in asked or told not in reply.body, (row.name, reply.body)
    assert digest(scene.workspace) == before


def test_the_number_of_cells() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert (len(VERBS), len(INDIRECT), len(KINDS)) == (68, 53, 19)
    assert len(ROWS) * len(KINDS) == 2_299
