"""What is asked, and the statement it becomes: the cases of the files in statements/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from config.principal import EVERYTHING
from core.graphql.answer import RecordApi
from core.query import ir
from core.query.cursors import encode
from core.query.filters import plan_filter
from core.query.groups import plan_groups
from core.query.plan import EVERY, Relate
from core.query.reading import plan_connection_page, plan_one, plan_page
from core.query.scope import Scope
from core.query.search import encode_cursor, plan_search
from core.query.selections import plan_members
from core.rest.filters import parse_filter
from core.rest.readers import read_order
from core.sql import files, finding, history, mutate, pointing, record, removal, search, select, totals
from core.sql.aggregate import compile_groups
from core.sql.answers import POSITION, VERSION
from core.sql.fragment import Sql, raw
from core.sql.pointing import Pointers
from tests.pure.model import COMPANY, PERSON, PET, SCHEMA, field, scope, without

Make = Callable[[], Sql]
A, B = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000bb"
ACTOR = {"source": "API", "name": "Ada"}
_API = RecordApi(SCHEMA)
_ID = ir.Everything(only=("id",))


def listing(
    filter: str = "", order: str = "", *, size: int = 2, after: str = "", before: str = "", offset: int = 0, total: bool = False,
    selection: ir.Everything = _ID, subject: str = "person", who: Scope | None = None,
) -> Sql:  # fmt: skip
    """A page of REST; cursors as their JSON."""
    page = ir.Page(size, encode(after) if after else None, encode(before) if before else None, offset)
    asked = ir.Find(
        subject, selection, parse_filter(filter) if filter else None, read_order(order or None, "order_by"), page, total
    )
    plan = plan_page(who or scope(), asked)
    return select.compile_listing(plan, record.compile_record(plan.members, "p"))


def graphql(text: str, **variables: Any) -> Any:
    document = _API.document(text, None)
    [root] = document.root_fields(document.variables(variables))
    return root.query(variables)


def connection(text: str, **variables: Any) -> Sql:
    return select.compile_connection(plan_connection_page(scope(), graphql(text, **variables)))


def one(text: str, *columns: Sql) -> Sql:
    asked = graphql(text)
    found = plan_one(scope(), asked)
    return select.compile_one(
        *found, record.compile_record(plan_members(scope(), found[0], asked.selection), "r"), *columns
    )


def groups(text: str) -> Sql:
    return compile_groups(plan_groups(scope(), graphql(text)))


def rest_groups(*dimensions: Mapping[str, Any], **more: Any) -> Sql:
    return compile_groups(plan_groups(scope(), ir.GroupBy("person", dimensions, _ID, **more)))


def searching(text: str, who: Scope | None = None, **more: Any) -> Sql:
    asked = ir.Search(text, 2, **{"included": ("person",), **more})
    return search.compile_search(plan_search(who or scope(), asked))


def condition(filter: str, subject: Any = PERSON) -> Any:
    return plan_filter(scope(), subject, parse_filter(filter))


def pointers(*ids: str, besides: tuple[str, ...] = ()) -> Pointers:
    return Pointers(PERSON, [(field("person.company"), ids), (field("person.mentor"), ids)], besides)


_RECORD = record.compile_record(plan_members(scope(), PERSON, _ID), "r")
_ROWS: list[dict[str, Any]] = [
    {"id": A, "d": {"jobTitle": "CEO"}, "h": {"before": {}, "after": {"jobTitle": "CEO"}}, "hs": True, "rv": False}
]
_QUIET: list[dict[str, Any]] = [{"id": A, "d": {}, "hs": False, "h": None, "rv": False}]
_RELATES = [Relate(field("person.company"), COMPANY, (A, B)), Relate(field("person.mentor"), PERSON, (B,))]
_LONG = "a" * 2000
_NAMED = f'{{"jobTitle":"CEO","id":"{A}"}}'
_DIGITS = f'{{"salary":{"1" * 2000},"id":"{A}"}}'

LISTINGS: dict[str, Make] = {
    "the first page": partial(listing, total=True),
    "a page of everything at depth 1": partial(listing, selection=ir.Everything(depth=1), size=60, total=True),
    "a filtered page counts what matches": partial(listing, "jobTitle[eq]:CEO", total=True),
    "a page of none": partial(listing, size=0),
    "records that are deleted": partial(listing, "deletedAt[is]:NOT_NULL", total=True),
    "deleted or not": partial(listing, "or(deletedAt[is]:NOT_NULL,deletedAt[is]:NULL)"),
    "an offset": partial(listing, order="jobTitle", offset=4),
    "after an id": partial(listing, after=f'{{"id":"{A}"}}'),
    "before an id": partial(listing, before=f'{{"id":"{A}"}}'),
    "after a text": partial(listing, order="jobTitle[DescNullsLast]", after=_NAMED),
    "after no text, nulls last": partial(listing, order="jobTitle[AscNullsLast]", after=f'{{"jobTitle":null,"id":"{A}"}}'),
    "before no text, nulls first": partial(listing, order="jobTitle", before=f'{{"jobTitle":null,"id":"{A}"}}'),
    "after a moment that is never null": partial(listing, order="createdAt", after=f'{{"createdAt":"2024-01-01T00:00:00.000Z","id":"{A}"}}'),
    "after a moment, keys in both directions": partial(
        listing, order="createdAt[DescNullsLast]", after=f'{{"createdAt":"2024-01-01T00:00:00.000Z","id":"{A}"}}'),
    "after a related record's text": partial(
        listing, order="company.name,employees[DescNullsLast]", after=f'{{"company":{{"name":"Acme"}},"employees":5,"id":"{A}"}}'),
    "after a long text": partial(listing, order="jobTitle", after=f'{{"jobTitle":"{_LONG}","id":"{A}"}}'),
    "after a long number, descending": partial(listing, order="salary[DescNullsLast]", after=_DIGITS),
    "an index in its own order": partial(listing, order="rank[AscNullsLast]"),
    "an index, nulls at the other end": partial(listing, order="rank"),
    "an index, backwards": partial(listing, order="rank[DescNullsLast]"),
    "an index behind a value": partial(listing, order="rank[AscNullsLast]", after=f'{{"rank":5,"id":"{A}"}}'),
    "an index behind a value, nulls before it": partial(listing, order="rank", after=f'{{"rank":5,"id":"{A}"}}'),
    "an index behind no value, nulls first": partial(listing, order="rank", after=f'{{"rank":null,"id":"{A}"}}'),
    "an index behind no value, nulls last": partial(listing, order="rank[AscNullsLast]", after=f'{{"rank":null,"id":"{A}"}}'),
    "an index before a value": partial(listing, order="rank[DescNullsLast]", before=f'{{"rank":5,"id":"{A}"}}'),
    "an index before a value, nulls behind it": partial(listing, order="rank", before=f'{{"rank":5,"id":"{A}"}}'),
    "an index whose next key descends": partial(listing, order="rank,employees[DescNullsLast]"),
    "an index with an offset": partial(listing, order="rank", offset=1),
    "files without the right to download": partial(
        listing, selection=ir.Everything(only=("badge",)), who=scope(replace(EVERYTHING, tools=False))),
    "files": partial(listing, selection=ir.Everything(only=("badge",))),
}  # fmt: skip
CONNECTIONS: dict[str, Make] = {
    "edges": partial(connection, "{ people(first: 2) { edges { cursor node { id name { firstName } } } } }"),
    "everything of a page": partial(
        connection,
        "{ people(first: 2, orderBy: [{jobTitle: AscNullsLast}]) { __typename totalCount maxEmployees again: maxEmployees"
        " pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor } edges { __typename node { id } } } }"),
    "everything of a page read backwards": partial(
        connection,
        "query ($b: String) { people(last: 2, before: $b, filter: {jobTitle: {eq: \"CEO\"}}) { totalCount"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id } } more: edges { cursor } } }",
        b=encode(f'{{"id":"{A}"}}')),
    "nothing but a number": partial(connection, "{ people { totalCount } }"),
    "numbers of what matches": partial(connection, '{ people(filter: {jobTitle: {eq: "CEO"}}) { totalCount countEmptyJobTitle } }'),
    "nothing but a name": partial(connection, "{ people { __typename } }"),
    "ends of a page of none": partial(connection, "{ people(first: 0) { pageInfo { startCursor endCursor } } }"),
    "an offset has a page before it": partial(connection, "{ people(offset: 3, first: 1) { pageInfo { hasPreviousPage } } }"),
    "related records": partial(
        connection,
        "{ companies(first: 3) { edges { node { name people(first: 2, orderBy: [{rank: DescNullsLast}], filter: {stage: {eq: NEW}})"
        " { totalCount pageInfo { hasNextPage endCursor } edges { node { id companyId company { name } pets { totalCount edges { node"
        " { name } } } } } } } } } }"),
    "relations inside each other": partial(
        connection,
        "{ people(first: 1) { edges { node { mentor { mentor { company { name people(first: 1) { edges { node { mentor { id } } } } } } } } } } }",
    ),
    "cursors of long values": partial(
        connection, "{ people(orderBy: [{jobTitle: AscNullsFirst}, {salary: AscNullsFirst}, {company: {name: AscNullsFirst}},"
        " {createdAt: AscNullsFirst}]) { edges { cursor } } }"),
    "many lists of one record": partial(
        connection, "{ companies { edges { node { " + " ".join(f"p{index}: people {{ edges {{ node {{ id }} }} }}" for index in range(5)) + " } } } }"),
}  # fmt: skip
READING: dict[str, Make] = {
    "one record": partial(one, f'{{ person(filter: {{id: {{eq: "{A}"}}}}) {{ id jobTitle }} }}'),
    "one record with its version": partial(one, '{ person(filter: {deletedAt: {is: NOT_NULL}}) { id } }', raw("r.id::text"), VERSION),
    "one record of many lists": partial(
        one, f'{{ company(filter: {{id: {{eq: "{A}"}}}}) {{ '
        + " ".join(f"p{index}: people {{ edges {{ node {{ id }} }} }}" for index in range(5)) + " " + " ".join(f"n{index}: name" for index in range(20)) + " } }"),
    "a record by its id": lambda: select.compile_by_ids(PERSON, [A], _RECORD),
    "records by their ids": lambda: select.compile_by_ids(PERSON, [A, B], _RECORD),
    "how many there are": lambda: totals.kept_total(PERSON),
}  # fmt: skip
GROUPS: dict[str, Make] = {
    "by one": partial(
        groups, "{ peopleGroupBy(groupBy: [{isActive: true}]) { __typename groupByDimensionValues totalCount } }"),
    "by several, with records": partial(
        groups,
        '{ peopleGroupBy(groupBy: [{company: {name: true}}, {seenAt: {granularity: MONTH, timeZone: "Europe/Oslo"}}, {workPreference: {unnest: true}}],'
        ' orderBy: [{company: {name: AscNullsFirst}}, {aggregate: {maxEmployees: DescNullsLast}}], filter: {jobTitle: {eq: "CEO"}}, limit: 7)'
        " { groupByDimensionValues maxEmployees edges { cursor node { id } } } }"),
    "with related records": partial(
        groups, "{ peopleGroupBy(groupBy: [{isActive: true}]) { edges { node { company { name } mentor { mentor { id } } } } } }"
    ),
    "for REST": partial(rest_groups, {"stage": True}, aggregates=("totalCount", "maxEmployees")),
    "with records": partial(
        rest_groups, {"company": {"name": True}}, {"company": {"size": True}}, with_records=True, record_offset=3, omit_nulls=True,
        filter=ir.filter_of({"deletedAt": {"is": "NOT_NULL"}}), order=({"company": {"size": "DescNullsFirst"}},),
        record_order=(ir.Order(("jobTitle",), "DescNullsLast"),)),
    "deleted or not": partial(rest_groups, {"isActive": True}, filter=ir.filter_of({"not": {"deletedAt": {"is": "NULL"}}})),
    "none of empty values": partial(rest_groups, {"isActive": True}, {"stage": True}, omit_nulls=True),
}  # fmt: skip
SEARCHES: dict[str, Make] = {
    "words": partial(searching, "ada lovelace"),
    "of several objects": partial(searching, "ada", included=("person", "pet")),
    "an address": partial(searching, "ada@acme.example"),
    "no words": partial(searching, "--"),
    "no text": partial(searching, ""),
    "filtered": partial(searching, "ada", filter=ir.filter_of({"createdAt": {"gt": "2024-01-01"}})),
    "behind a page": partial(searching, "ada", after=encode_cursor(0.5, 0.25, {"person": A})),
    "behind a page without a record of it": partial(searching, "ada", after=encode_cursor(0.5, 0.25, {"pet": A})),
    "behind a page without words": partial(searching, "", after=encode_cursor(0.0, 0.0, {"person": A})),
    "some words hidden": partial(searching, "ada", without("person.jobTitle")),
    "every word hidden": partial(searching, "ada", without("person.jobTitle", "person.name", "person.emails")),
    "the label hidden": partial(searching, "ada", without("person.name")),
    "a picture that is a site's": partial(searching, "ada", included=("company",)),
    "a picture that is hidden": partial(searching, "ada", without("company.domainName"), included=("company",)),
    "a picture that may not be downloaded": partial(searching, "ada", scope(replace(EVERYTHING, tools=False))),
}
WRITES: dict[str, Make] = {
    "insert": lambda: mutate.compile_insert(PERSON, _QUIET, ACTOR, [], [_RECORD]),
    "insert with related records": lambda: mutate.compile_insert(PERSON, _QUIET, ACTOR, _RELATES, [], skip_conflicts=True),
    "update": lambda: mutate.compile_update(PERSON, _ROWS, ACTOR, _RELATES, [_RECORD]),
    "insert under a condition": lambda: mutate.compile_insert(PERSON, _QUIET, ACTOR, _RELATES, [], under=Sql("now() < %s", ("x",))),
    "update under a condition": lambda: mutate.compile_update(PERSON, _ROWS, ACTOR, _RELATES, [], under=Sql("r.id <> %s", ("x",))),
    "update that changes nothing": lambda: mutate.compile_update(PERSON, _QUIET, ACTOR, [], []),
    "update that restores": lambda: mutate.compile_update(PERSON, [{**_QUIET[0], "rv": True}], ACTOR, [], [], revived=3),
    "lock one": lambda: finding.compile_lock(PERSON, finding.by_id(A), 1, deleted=False, answers=[POSITION], with_data=False),
    "lock one that is deleted": lambda: finding.compile_lock(PERSON, finding.by_id(A), 1, deleted=True),
    "lock many": lambda: finding.compile_lock(PERSON, condition("jobTitle[eq]:CEO"), 7, deleted=None, answers=[POSITION, _RECORD, VERSION]),
    "lock many without what they hold": lambda: finding.compile_lock(PERSON, EVERY, 7, deleted=False, answers=[VERSION], with_data=False),
    "count": lambda: finding.compile_count(PERSON, condition("jobTitle[eq]:CEO"), deleted=False),
    "count the deleted": lambda: finding.compile_count(PERSON, EVERY, deleted=True),
    "count all": lambda: finding.compile_count(PERSON, EVERY, deleted=None),
    "delete one": lambda: removal.compile_set_deleted(PERSON, [A], ACTOR, [_RECORD], is_deleted=True, changed=[A]),
    "delete some of which one was": lambda: removal.compile_set_deleted(PERSON, [A, B], ACTOR, [_RECORD], is_deleted=True, changed=[B]),
    "restore": lambda: removal.compile_set_deleted(PERSON, [A, B], ACTOR, [POSITION], is_deleted=False, changed=[A, B]),
    "restore what was not deleted": lambda: removal.compile_set_deleted(PERSON, [A], ACTOR, [], is_deleted=False, changed=[]),
    "destroy": lambda: removal.compile_destroy(PERSON, [A, B], ACTOR),
    "who points here": lambda: pointing.compile_probe([pointers(A), replace(pointers(B), besides=(A,))]),
    "how many point here": lambda: pointing.compile_pointing(pointers(A, besides=(B,))),
    "all that goes": lambda: pointing.compile_closure(
        [COMPANY, PERSON, PET], [(0, 1, field("person.company")), (1, 2, field("pet.ownerPerson"))], [A, B], 9),
    "hold": lambda: finding.compile_hold(PERSON, [A, B], [VERSION, _RECORD]),
    "hold without answers": lambda: finding.compile_hold(PERSON, [A], []),
    "what follows": lambda: removal.compile_following(PERSON, [field("person.company"), field("person.mentor")], COMPANY, [A]),
    "repoint": lambda: pointing.compile_repoint(pointers(A), B, ACTOR, [_RECORD], 9),
    "empty what points here": lambda: pointing.compile_repoint(pointers(A, besides=(B,)), None, ACTOR, [], 9),
    "matches of unique values": lambda: finding.compile_matches(
        PERSON, [finding.unique_condition(field("person.emails"), [("a@x.y",), ("b@x.y",)]), finding.unique_condition(field("person.id"), [(A,)])],
        [VERSION, _RECORD]),
    "keys for connect": lambda: finding.compile_keys(PERSON, finding.unique_condition(field("person.id"), [(A,)])),
    "holders": lambda: finding.compile_holders(PERSON, finding.unique_condition(field("person.phones"), [("1", "2", "3"), ("4", "5", "6")], "r")),
    "stored": lambda: finding.compile_stored(PERSON, [A, B]),
    "existing": lambda: finding.compile_existing(PERSON, [A, B]),
    "statistics": lambda: mutate.compile_statistics(PERSON),
    "history": lambda: history.compile_history(PERSON, A, history.LAST, 11),
    "history with hidden fields": lambda: history.compile_history(PERSON, A, 5, 11, ["jobTitle", "pin"]),
}  # fmt: skip
FILES: dict[str, Make] = {
    "keep": lambda: files.compile_file("ws", [A, B, "p", "n", "text/plain", 5, "{}"]),
    "keep a part": lambda: files.compile_part("ws", A, 3, b"x"),
    "use": lambda: files.compile_use("ws", [A, B]),
    "delete": lambda: files.compile_delete("ws", Sql("f.id = %s::uuid", (A,))),
    "delete and tell": lambda: files.compile_delete("ws", raw("true"), raw("name")),
    "note what is unused": lambda: files.compile_usage("ws", [("o_a", "k"), ("o_b", "it's")]),
    "note what is unused without fields": lambda: files.compile_usage("ws", []),
    "find": lambda: files.compile_find("ws", A),
    "sign": lambda: files.compile_signature("ws", A, 5),
    "content": lambda: files.compile_content("ws", A, 2),
    "any": lambda: files.compile_any("ws"),
}
STATEMENTS: Mapping[str, Mapping[str, Make]] = {
    "connections": CONNECTIONS,
    "files": FILES,
    "groups": GROUPS,
    "listings": LISTINGS,
    "reading": READING,
    "searches": SEARCHES,
    "writes": WRITES,
}
