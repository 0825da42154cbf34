"""The permission matrix of the record APIs: every verb, directly and indirectly, by every kind of access.

Cells are made of the rows here and the kinds of `access.KINDS`. Of each the exact answer is asked, of each that is
refused that not one row of the workspace changed, and of every one, allowed or refused, that no body, header or line
of the log holds a mark (`marks`) of what that kind of access may not read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.security.access import KINDS, Kind, Needs, World, make_world, refusal_of, sees
from tests.security.marks import hidden, logged, told
from tests.security.scene import (
    ALL,
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
    undone,
)  # fmt: skip

READ, UPDATE, DELETE, DESTROY = "read", "update", "soft_delete", "destroy"


@dataclass(frozen=True, slots=True)
class Row:
    """An operation: what is sent, what it needs, how it ends where all of that is there.

    `<…>` in a request stands for what `fill` made under that name: cursors, entity tags.
    """

    name: str
    request: tuple[Any, ...]  # REST: (method, path, body, content type); GraphQL: (document,)
    needs: Needs
    ok: int = 200
    error: str | None = None  # how the message begins that even an Admin is told
    headers: Mapping[str, str] = field(default_factory=dict)
    first: Row | None = None  # what the same caller sends before it
    lifts: Sequence[str] = ()  # what is no secret here, as it is what is asked for: `deal.client` of a list of clients
    replays: frozenset[str] | None = None  # the kinds that get a kept answer; None: not looked at

    @property
    def is_graphql(self) -> bool:
        return len(self.request) == 1


def rest(name: str, method: str, path: str, body: Any = None, *, ok: int = 200, error: str | None = None,
         kind: str = "application/json", **needs: Any) -> Row:  # fmt: skip
    return Row(f"REST {name}", (method, path, body, kind), Needs(**needs), ok, error)


def gql(name: str, document: str, *, error: str | None = None, **needs: Any) -> Row:
    return Row(f"GraphQL {name}", (document,), Needs(**needs), 200, error)


def sent_with(row: Row, headers: Mapping[str, str], **more: Any) -> Row:
    return replace(row, headers=headers, **more)


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
    rest("filter", "GET", "deals?filter=code[eq]:zq-code-1", **READ_CODE),
    rest("filter by nothing", "GET", "deals?filter=code[is]:NULL&limit=0", **READ_CODE),
    rest("filter by a join id", "GET", f"deals?filter=clientId[eq]:{C1}", **READ_CLIENT),
    rest("filter through a relation", "GET", "deals?filter=client.name[eq]:Ann", **READ_CLIENT),
    rest("filter by who made it", "GET", "deals?filter=createdBy.name[eq]:x", verbs=FIND, reads=["deal.createdBy"]),
    rest("filter through a hidden object", "GET", "deals?filter=vault.name[eq]:Safe", **WITH_VAULTS),
    rest("filter by a join id to a hidden object", "GET", f"deals?filter=vaultId[eq]:{V1}", verbs=FIND),
    rest("filter the other side", "GET", "steps?filter=deal.code[eq]:zq-code-1", **STEPS_CODE),
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
    rest("duplicates of a value", "POST", "deals/duplicates", {"data": [{"code": "zq-code-1"}]}, **READ_CODE),
    rest("update by a filter", "PATCH", "deals?filter=code[eq]:zq-code-1", {"name": "x"}, verbs=CHANGE, reads=["deal.code"]),
    rest("delete by a filter", "DELETE", "deals?filter=budget[gt]:1&soft_delete=true", verbs=on("soft_delete deal"),
         reads=["deal.budget"]),
    rest("destroy by a filter", "DELETE", "deals?filter=budget[gt]:1", verbs=on("destroy deal"),
         reads=["deal.budget"]),
    rest("export by a filter", "GET", "deals/export?filter=code[eq]:zq-code-1", flags=["EXPORT_CSV"], **READ_CODE),
    rest("export in an order", "GET", "deals/export?order_by=budget", flags=["EXPORT_CSV"], **READ_BUDGET),
    rest("connect by a value", "POST", "steps", {"deal": {"connect": {"where": {"code": "zq-code-1"}}}}, ok=201,
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
    gql("filter", '{ deals(filter: {code: {eq: "zq-code-1"}}) { totalCount } }', **READ_CODE),
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
    gql("connect by a value", 'mutation { createStep(data: {deal: {connect: {where: {code: "zq-code-1"}}}}) { id } }',
        verbs=on("update step"), reads=["deal.code"], writes=["step.deal"]),
    gql("write", f'mutation {{ updateDeal(id: "{D1}", data: {{budget: 1}}) {{ id }} }}', verbs=CHANGE,
        writes=["deal.budget"]),
    gql("create nested", "mutation { createStep(data: {deal: {create: {budget: 1}}}) { id } }",
        verbs=on("update step", "update deal"), writes=["step.deal", "deal.budget"]),
)  # fmt: skip


# What is kept between requests: cursors, entity tags, answers -----------------------------------------------


def forged(**values: Any) -> str:
    return base64.b64encode(json.dumps(values).encode()).decode()


OTHER_ORDER = "Invalid cursor"
EVERYBODY = frozenset(each.name for each in KINDS if each.refusal is None)
ADMIN = frozenset({"admin"})
NODES = "edges { cursor node { id } } pageInfo { startCursor endCursor }"
AFTER = '{ deals(first: 1, after: "%s") { ' + NODES + " } }"
BY_BUDGET = '{ deals(first: 1, orderBy: [{budget: AscNullsLast}], after: "%s") { ' + NODES + " } }"

CURSORS: Sequence[Row] = (
    rest("page after another's", "GET", "deals?limit=1&starting_after=<cursor>", verbs=FIND),
    rest("page before another's", "GET", "deals?limit=1&ending_before=<cursor>", verbs=FIND),
    rest("page by a visible field", "GET", "deals?limit=1&order_by=name&starting_after=<name cursor>", verbs=FIND),
    rest("page by a hidden field", "GET", "deals?order_by=budget&starting_after=<budget cursor>", **READ_BUDGET),
    rest("page back by a hidden field", "GET", "deals?order_by=budget&ending_before=<budget cursor>", **READ_BUDGET),
    rest("page by a hidden text", "GET", "deals?order_by=memo&starting_after=<memo cursor>",
         verbs=FIND, reads=["deal.memo"]),
    rest("a hidden field's cursor, in no order", "GET", "deals?starting_after=<budget cursor>", verbs=FIND, ok=400,
         error=OTHER_ORDER),
    rest("a hidden field's cursor, in another order", "GET", "deals?order_by=name&starting_after=<budget cursor>",
         verbs=FIND, ok=400, error='Cursor is missing the value for orderBy field "name"'),
    rest("forged, in no order", "GET", f"deals?starting_after={forged(budget=7319052, id=D1)}", verbs=FIND, ok=400,
         error=OTHER_ORDER),
    rest("forged, beside a visible field", "GET",
         f"deals?order_by=name&starting_after={forged(name='x', budget=7319052, id=D1)}", verbs=FIND, ok=400,
         error=OTHER_ORDER),
    rest("forged, in a hidden order", "GET", f"deals?order_by=budget&starting_after={forged(budget=7319052, id=D1)}",
         **READ_BUDGET),
    rest("forged, shortened hidden text", "GET",
         f"deals?order_by=memo&starting_after={forged(memo={'startsWith': 'zq', 'md5': 'x'}, id=D1)}",
         verbs=FIND, reads=["deal.memo"]),
    rest("forged, through a relation", "GET",
         f"deals?order_by=client.name&starting_after={forged(client={'name': 'm'}, id=D1)}", **READ_CLIENT),
    rest("forged, through a hidden object", "GET",
         f"deals?order_by=vault.name&starting_after={forged(vault={'name': 'm'}, id=D1)}", **WITH_VAULTS),
    rest("forged, from the other side", "GET",
         f"steps?order_by=deal.budget&starting_after={forged(deal={'budget': 1}, id=S1)}",
         verbs=on("read step", "read deal"), reads=["deal.budget"]),
    rest("forged, of a record that is none", "GET", f"deals?starting_after={forged(id=NOBODY)}", verbs=FIND),
    rest("vaults after another's", "GET", "vaults?starting_after=<vault cursor>", verbs=on("read vault")),
    rest("history after another's", "GET", f"deals/{D1}/history?limit=1&starting_after=<history cursor>", verbs=FIND),
    rest("vault's history after another's", "GET", f"vaults/{V1}/history?starting_after=<vault history cursor>",
         verbs=on("read vault")),
    replace(rest("search after another's", "GET", "search?query=zq&starting_after=<search cursor>"), lifts=["deal.client"]),
    gql("page after another's", AFTER % "<cursor>", verbs=FIND),
    gql("page by a hidden field", BY_BUDGET % "<budget cursor>", **READ_BUDGET),
    gql("forged, in a hidden order", BY_BUDGET % forged(budget=1, id=D1), **READ_BUDGET),
    gql("a hidden field's cursor, in no order", AFTER % "<budget cursor>", verbs=FIND, error=OTHER_ORDER),
    gql("forged, in no order", AFTER % forged(budget=1, id=D1), verbs=FIND, error=OTHER_ORDER),
    gql("vaults after another's", '{ vaults(after: "<vault cursor>") { totalCount } }', verbs=on("read vault")),
    replace(gql("search after another's", '{ search(searchInput: "zq", limit: 5, after: "<search cursor>") { edges { cursor node { label } } } }'), lifts=["deal.client"]),
)  # fmt: skip

CHANGED = "The record was changed since it was read"
TAGS: Sequence[Row] = (
    sent_with(rest("read what is at hand", "GET", f"deals/{D1}?fields=name", verbs=FIND, ok=304),
              {"If-None-Match": "<name tag>"}),
    sent_with(rest("read with a strange tag", "GET", f"deals/{D1}?fields=name", verbs=FIND),
              {"If-None-Match": '"x.y.z"'}),
    sent_with(rest("read a vault at hand", "GET", f"vaults/{V1}?fields=name", verbs=on("read vault"), ok=304),
              {"If-None-Match": "<vault tag>"}),
    sent_with(rest("read any vault at hand", "GET", f"vaults/{V1}?fields=name", verbs=on("read vault"), ok=304),
              {"If-None-Match": "*"}),
    sent_with(rest("update what another read", "PATCH", f"deals/{D1}", {"name": "x"}, verbs=CHANGE),
              {"If-Match": "<name tag>"}),
    sent_with(rest("update what was changed", "PATCH", f"deals/{D1}", {"name": "x"}, verbs=CHANGE, ok=412),
              {"If-Match": "<stale tag>"}),
    sent_with(rest("write what was changed", "PATCH", f"deals/{D1}", {"budget": 1}, verbs=CHANGE,
                   writes=["deal.budget"], ok=412), {"If-Match": "<stale tag>"}),
    sent_with(rest("update a vault that was changed", "PATCH", f"vaults/{V1}", {"name": "x"},
                   verbs=on("update vault"), ok=412), {"If-Match": "<stale vault tag>"}),
    sent_with(rest("update a vault as it was read", "PATCH", f"vaults/{V1}", {"name": "x"},
                   verbs=on("update vault")), {"If-Match": "<vault tag>"}),
    sent_with(rest("update no vault as it was read", "PATCH", f"vaults/{NOBODY}", {"name": "x"}, verbs=on("update vault"), ok=404),
              {"If-Match": "<vault tag>"}),
    sent_with(rest("delete a vault that was changed", "DELETE", f"vaults/{V1}?soft_delete=true",
                   verbs=on("soft_delete vault"), ok=412), {"If-Match": "<stale vault tag>"}),
    sent_with(rest("delete what was changed", "DELETE", f"deals/{D1}?soft_delete=true",
                   verbs=on("soft_delete deal"), ok=412), {"If-Match": "<stale tag>"}),
    sent_with(rest("restore what was changed", "PATCH", f"deals/{D1}/restore", verbs=on("soft_delete deal"), ok=412),
              {"If-Match": "<stale tag>"}),
    sent_with(rest("write many as they were read", "PATCH", "deals?filter=region[eq]:north", {"name": "x"}, verbs=CHANGE, ok=400,
                   error="If-Match is only possible on the path of one record"), {"If-Match": "<name tag>"}),
)  # fmt: skip

MINE = {"Idempotency-Key": "mine"}
ADMINS = {"Idempotency-Key": "the admin's"}
CREATED = rest("x", "POST", "deals", {"name": "Kept"}, ok=201, verbs=CHANGE)
VAULTED = rest("x", "POST", "vaults", {"name": "Kept"}, ok=201, verbs=on("update vault"))
OVER_GRAPHQL = gql("x", 'mutation { createDeal(data: {name: "Kept"}) { id } }', verbs=CHANGE)
USED = "This Idempotency-Key was used for another request"


def twice(row: Row, name: str) -> Row:
    once = sent_with(row, MINE)
    return replace(once, name=name, first=once, replays=EVERYBODY)


KEPT: Sequence[Row] = (
    sent_with(CREATED, ADMINS, name="REST create by another's key", replays=ADMIN),
    sent_with(VAULTED, {"Idempotency-Key": "the admin's vault"}, name="REST create a vault by another's key",
              replays=ADMIN),
    sent_with(rest("another's key, another body", "POST", "deals", {"name": "y"}, ok=201, verbs=CHANGE),
              {"Idempotency-Key": "the maker's"}, replays=frozenset()),
    twice(CREATED, "REST create twice"),
    twice(VAULTED, "REST create a vault twice"),
    twice(rest("x", "PATCH", f"deals/{D1}", {"budget": 1}, verbs=CHANGE, writes=["deal.budget"]), "REST write twice"),
    twice(rest("x", "DELETE", f"deals/{D1}", verbs=on("destroy deal")), "REST destroy twice"),
    sent_with(rest("the same key for another body", "POST", "deals", {"name": "y"}, ok=422, error=USED), MINE,
              first=sent_with(CREATED, MINE), replays=frozenset()),
    sent_with(rest("the same key for another path", "POST", "vaults", {"name": "Kept"}, ok=422, error=USED), MINE,
              first=sent_with(CREATED, MINE), replays=frozenset()),
    sent_with(OVER_GRAPHQL, {"Idempotency-Key": "the admin's mutation"}, name="GraphQL create by another's key",
              replays=ADMIN),
    twice(OVER_GRAPHQL, "GraphQL create twice"),
    sent_with(rest("import by a key", "POST", "deals/import", b"name\nx\n", kind=CSV, ok=400,
                   error="An import takes no Idempotency-Key"), MINE),
)  # fmt: skip

RELATED: Sequence[Row] = (
    replace(rest("find many clients", "GET", "clients?depth=1", verbs=on("read client")), lifts=["deal.client"]),
    rest("find many steps", "GET", "steps?depth=1", verbs=on("read step")),
    rest("find one step", "GET", f"steps/{S1}?depth=1", verbs=on("read step")),
    rest("find many vaults deeply", "GET", "vaults?depth=1", verbs=on("read vault")),
    rest("history of another", "GET", f"deals/{D2}/history?limit=10", verbs=FIND),
    rest("find deleted", "GET", "deals?filter=deletedAt[is]:NOT_NULL&depth=1", verbs=FIND),
    replace(rest("search for what is hidden", "GET", "search?query=zq&limit=50"), lifts=["deal.client"]),
    rest("search for a hidden memo", "GET", "search?query=zqmemo1"),
    rest("export of all fields", "GET", "deals/export?format=csv&limit=10", verbs=FIND, flags=["EXPORT_CSV"]),
    rest("export of steps", "GET", "steps/export?format=jsonl", verbs=on("read step"), flags=["EXPORT_CSV"]),
    rest("taken unique value", "POST", "vaults", {"serial": "zqserial"}, verbs=on("update vault"), ok=400),
    rest("unknown member", "POST", "deals", {"cod": "x"}, verbs=CHANGE, ok=400),
    rest("value of another type", "PATCH", f"deals/{D1}", {"name": {"x": 1}}, verbs=CHANGE, ok=400),
    replace(gql("search with labels", '{ search(searchInput: "zq", limit: 50) { edges { cursor node { label imageUrl } } } }'), lifts=["deal.client"]),
    gql("all of a deal", f'{{ deal(filter: {{id: {{eq: "{D1}"}}}}) {{ id name region steps {{ edges {{ node {{ name }}'
        " } } } }", verbs=FIND),
)  # fmt: skip

ROWS = (*VERBS, *INDIRECT, *CURSORS, *TAGS, *KEPT, *RELATED)


# The scene -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(uncommitted: None) -> World:
    return make_world(fill)


def fill(scene: Scene, sign: str, number: int) -> tuple[dict[str, str], dict[str, Sequence[str]]]:
    """Records of both workspaces have the same ids; texts begin with `sign`, numbers with `number`."""
    admin = scene.admin
    scene.role(f"{sign}maker", rights=ALL)
    maker = scene.caller(f"{sign}maker")

    def sent(caller: Caller, method: str, path: str, body: Any, **headers: str) -> Reply:
        reply = caller.ask(method, f"/rest/{path}", body, **headers)
        assert reply.status == (201 if method == "POST" else 200), reply.body
        return reply

    def deal(one: int, id: str, **more: Any) -> dict[str, Any]:
        hidden = {"code": f"{sign}oldcode{one}", "budget": number * 10 + one + 3, "memo": f"{sign}oldmemo{one}"}
        return {"id": id, "name": f"{sign}deal{one}", "position": one, **hidden, **more}

    upload = {"fieldMetadataId": "deal.papers", "file": SimpleUploadedFile(f"{sign}paper.txt", b"a", "text/plain")}
    uploaded = admin.client.post("/rest/metadata/files", upload, headers={"Authorization": f"Bearer {admin.token}"})
    file_id = uploaded.json()["data"]["createOneFile"]["id"]
    for caller, path, body in (
        (admin, "batch/clients", [{"id": C1, "name": f"{sign}ann", "number": f"{sign}number1"},
                                  {"id": C2, "name": f"{sign}bob", "number": f"{sign}number2"}]),
        (admin, "vaults", {"id": V1, "name": f"{sign}oldsafe", "serial": f"{sign}serial"}),
        (maker, "deals", deal(1, D1, region="north", clientId=C1)),
        (maker, "deals", deal(2, D2, region="south", clientId=C2, vaultId=V1)),
        (maker, "deals", {"id": D3, "name": f"{sign}deal3", "region": "south", "position": 3}),
        (admin, "steps", {"id": S1, "name": f"{sign}step", "dealId": D1}),
    ):  # fmt: skip
        sent(caller, "POST", path, body)
    stale = {"stale tag": f"deals/{D1}?fields=name", "stale vault tag": f"vaults/{V1}?fields=name"}
    made = {name: admin.ask("GET", f"/rest/{path}").etag or "" for name, path in stale.items()}
    papers = [{"fileId": file_id, "label": f"{sign}paper.txt"}]
    for id, change in (
        (D1, {"code": f"{sign}-code-1", "budget": number * 10 + 1, "memo": f"{sign}memo1", "papers": papers}),
        (D2, {"code": f"{sign}-code-2", "budget": number * 10 + 2, "memo": f"{sign}memo2"}),
        (D3, {"region": "south-west"}),
    ):
        sent(admin, "PATCH", f"deals/{id}", change)
    sent(admin, "PATCH", f"deals/{D3}", {"region": "south"})
    sent(admin, "PATCH", f"vaults/{V1}", {"name": f"{sign}safe", "dealId": D3})
    sent(admin, "POST", "deals", {"name": "Kept"}, Idempotency_Key="the admin's")
    theirs = sent(maker, "POST", "deals", {"name": "Kept"}, Idempotency_Key="the maker's").json
    sent(admin, "PATCH", f"deals/{theirs['data']['createDeal']['id']}", {"region": "west"})  # else it tells who made it
    kept = sent(admin, "POST", "vaults", {"name": "Kept"}, Idempotency_Key="the admin's vault").json
    admin.graphql(OVER_GRAPHQL.request[0], Idempotency_Key="the admin's mutation")

    def cursor(path: str) -> str:
        at = admin.ask("GET", f"/rest/{path}").json["pageInfo"]["endCursor"]
        assert at, path
        return str(at)

    for name, path in (
        ("cursor", "deals?limit=1"),
        ("name cursor", "deals?limit=1&order_by=name"),
        ("budget cursor", "deals?limit=1&order_by=budget[DescNullsLast]"),
        ("memo cursor", "deals?limit=1&order_by=memo[DescNullsLast]"),
        ("vault cursor", "vaults?limit=1"),
        ("history cursor", f"deals/{D1}/history?limit=1"),
        ("vault history cursor", f"vaults/{V1}/history?limit=1"),
        ("search cursor", f"search?query={sign}&limit=1"),
    ):
        made[name] = cursor(path)
    for name, path in (
        ("name tag", f"deals/{D1}?fields=name"),
        ("vault tag", f"vaults/{V1}?fields=name"),
    ):
        made[name] = admin.ask("GET", f"/rest/{path}").etag or ""
    return made, {
        **{f"{sign}deal{one}": ("deal",) for one in (1, 2, 3)},
        **{f"{sign}{each}{one}": ("deal", "deal.code") for one in (1, 2) for each in ("-code-", "oldcode")},
        **{str(number * 10 + one): ("deal", "deal.budget") for one in (1, 2, 4, 5)},
        **{f"{sign}{each}{one}": ("deal", "deal.memo") for one in (1, 2) for each in ("memo", "oldmemo")},
        **dict.fromkeys((C1, C2, f"{sign}ann", f"{sign}bob"), ("client", "deal.client")),
        **dict.fromkeys((f"{sign}number1", f"{sign}number2"), ("client", "deal.client")),
        **dict.fromkeys((file_id, f"{sign}paper"), ("deal", "deal.papers")),
        f"{sign}maker": ("deal", "deal.createdBy"),
        **dict.fromkeys((f"{sign}safe", f"{sign}oldsafe", f"{sign}serial"), ("vault",)),
        kept["data"]["createVault"]["id"]: ("vault",),
        f"{sign}step": ("step",),
    }


def filled(text: str, made: Mapping[str, str]) -> str:
    for name, value in made.items():
        text = text.replace(f"<{name}>", value)
    return text


def send(caller: Caller, row: Row, made: Mapping[str, str]) -> tuple[Reply, bytes]:
    """The answer, and all that was said in the request."""
    headers = {name: filled(value, made) for name, value in row.headers.items()}
    if row.is_graphql:
        document = filled(row.request[0], made)
        return caller.graphql(document, **headers), repr((document, headers)).encode()
    method, path, body, kind = row.request
    path = filled(path, made)
    reply = caller.ask(method, f"/rest/{path}", body, Content_Type=kind, **headers)
    return reply, repr((path, body, headers)).encode()


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
    """What the cell must end with; None where the request itself is at fault."""
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
    return (row.ok,) if row.ok < 400 and row.error is None else None


def is_as_expected(found: tuple[Any, ...], row: Row, wanted: tuple[Any, ...] | None) -> bool:
    if wanted is not None:
        return found == wanted
    return found[0] == row.ok and (row.error is None or str(found[-1]).startswith(row.error))


# The matrix ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [each for each in KINDS if not each.is_elsewhere], ids=lambda kind: kind.name)
def test_every_cell(world: World, kind: Kind) -> None:
    scene, caller = world.scene, world.callers[kind.name]
    before = digest(scene.workspace)
    wrong: list[tuple[Any, ...]] = []
    with logged() as log:
        for row in ROWS:
            wanted = expected(row, kind)
            secret = [*hidden(world.marks, {*sees(kind), *row.lifts}), *world.marks_elsewhere]
            with undone():
                for each in filter(None, (row.first, row)):
                    reply, asked = send(caller, each, world.made)
                    if marks := told(reply, secret, asked):
                        wrong.append((row.name, "told", marks))
                found = outcome(row, reply)
                if not is_as_expected(found, row, wanted):
                    wrong.append((row.name, found, wanted or row.error or row.ok))
                if row.replays is not None and (reply.replayed == "true") != (kind.name in row.replays):
                    wrong.append((row.name, "replayed", reply.replayed))
                if len(found) > 1 and row.first is None and digest(scene.workspace) != before:
                    wrong.append((row.name, "changed something", found))
    assert not wrong, "\n".join(map(str, wrong))
    assert log.lines and not log.holding([each for each in (*world.marks, *world.marks_elsewhere) if each not in IDS])


IDS = {C1, C2}  # of records: part of the paths that are logged


@pytest.mark.django_db
def test_a_key_of_another_workspace_is_answered_as_if_this_one_were_not_there(world: World) -> None:
    """Though that one has records of the same ids, and answers that were kept under the same keys."""
    caller, before = world.callers["other workspace's"], digest(world.scene.workspace)
    secret = [each for each in world.marks if each not in IDS]
    with logged() as log:
        for row in ROWS:
            with undone():
                for each in filter(None, (row.first, row)):
                    reply, asked = send(caller, each, world.made)
                    assert reply.status < 500, row.name
                    assert not told(reply, secret, asked), (row.name, reply)
    assert log.lines and not log.holding(secret)
    assert digest(world.scene.workspace) == before


@pytest.mark.django_db
def test_the_marks_are_seen_by_those_who_may_read_them(world: World) -> None:
    """Else the matrix would look for what is nowhere."""
    seen: set[str] = set()
    for row in ROWS:
        with undone():
            reply, _ = send(world.callers["admin"], row, world.made)
        seen |= set(told(reply, world.marks, b""))
    assert seen == set(world.marks)


def test_the_number_of_cells() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    parts = (VERBS, INDIRECT, CURSORS, TAGS, KEPT, RELATED)
    assert ([len(each) for each in parts], len(KINDS)) == ([68, 53, 27, 14, 12, 15], 21)
    assert len(ROWS) * len(KINDS) == 3_969
