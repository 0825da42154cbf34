"""The root fields every object has: their names, arguments and answers, and the query each stands for.

One row per verb. The schema is built from this table and the compiler reads documents by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from config.errors import BadRequest
from config.principal import Principal, Verb
from core.graphql import arguments as args
from core.graphql.arguments import Argument, Values
from core.naming import named
from core.query import ir
from core.query.scope import Scope, denied, may
from core.records.create import create
from core.records.delete import delete
from core.records.destroy import destroy
from core.records.duplicates import duplicates
from core.records.find import find_connection, find_one
from core.records.group_by import group_by
from core.records.merge import merge
from core.records.restore import restore
from core.records.update import update
from metadata.schema import ObjectSchema, WorkspaceSchema

Picks = tuple[ir.Pick, ...]
Run = Callable[[Principal, WorkspaceSchema, Any], Any]
Answer = Callable[[Principal, WorkspaceSchema, ir.Query, Picks], str]


def text_of(run: Run) -> Answer:
    """The answer is the JSON text that the verb gives."""
    return lambda principal, schema, query, _picks: run(principal, schema, query)


def first_of(run: Run) -> Answer:
    return lambda principal, schema, query, _picks: run(principal, schema, query)[0]


def list_of(run: Run) -> Answer:
    return lambda principal, schema, query, _picks: "[" + ",".join(run(principal, schema, query)) + "]"


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb. `name` and `type` are templates over the object's names (`{plural}`, `{Object}` …)."""

    root: Literal["query", "mutation"]
    name: str
    type: str
    description: str
    arguments: tuple[Argument, ...]
    build: Callable[[str, dict[str, object], Picks], ir.Query]  # from the object's name and the arguments read
    answer: Answer
    needs_criteria: bool = False  # only for objects with duplicate criteria
    verbs: tuple[Verb, ...] = ("read",)  # what the role must allow on the object
    confirms: bool = False  # writes nothing but by what finds out who asks (config.http.confirming)

    @property
    def changes_one(self) -> bool:
        return self.build is _update_one

    @property
    def changes_many(self) -> bool:
        """Whether it changes or removes every record that matches a filter."""
        return self.root == "mutation" and args.BULK_FILTER in self.arguments

    def applies_to(self, subject: ObjectSchema) -> bool:
        return subject.duplicate_criteria is not None or not self.needs_criteria

    def field_name(self, subject: ObjectSchema) -> str:
        return named(self.name, subject)

    def query(self, subject: ObjectSchema | None, values: Values, picks: Picks) -> ir.Query:
        """The query that the field's arguments ask for; `search` has no subject. Raises BadRequest and its kin."""
        name = "" if subject is None else subject.singular
        return self.build(name, args.read_arguments(self.arguments, values), picks)


def is_offered(scope: Scope, operation: Operation, subject: ObjectSchema) -> bool:
    """Whether the caller's role allows the operation on the object, be it only on the record that stands for them."""
    return all(may(scope, verb, subject) for verb in operation.verbs) or (
        operation.changes_one and may_change_own(scope, subject)
    )


def may_change_own(scope: Scope, subject: ObjectSchema) -> bool:
    """Whether the caller may change one record of the object, which stands for them."""
    has_own = scope.principal.member_id is not None
    return has_own and subject.guard is not None and bool(subject.guard.own_fields)


def require_operation(scope: Scope, operation: Operation, subject: ObjectSchema) -> None:
    if not is_offered(scope, operation, subject):
        raise denied(next(verb for verb in operation.verbs if not may(scope, verb, subject)), subject)


# What each verb asks ---------------------------------------------------------------------------------


def _find(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Find(
        name,
        picks,
        filter=args.filter_argument(values),
        order=args.order_argument(values),
        page=args.page_argument(values),
        with_total=False,
    )


def _find_one(name: str, values: Values, picks: Picks) -> ir.Query:
    query_filter = args.filter_argument(values)
    if query_filter is None:
        raise BadRequest("Missing filter argument")
    return ir.FindOne(name, picks, query_filter)


def _create_one(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Create(name, (values["data"],), picks, values.get("upsert", False))


def _create_many(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Create(name, tuple(values["data"]), picks, values.get("upsert", False))


def _update_one(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Update(name, ir.Target(id=values["id"]), values["data"], picks)


def _update_many(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Update(name, ir.Target(filter=args.bulk_filter(values)), values["data"], picks)


def _one(query: type[ir.Delete | ir.Restore | ir.Destroy]) -> Callable[[str, Values, Picks], ir.Query]:
    return lambda name, values, picks: query(name, ir.Target(id=values["id"]), picks)


def _many(query: type[ir.Delete | ir.Restore | ir.Destroy]) -> Callable[[str, Values, Picks], ir.Query]:
    return lambda name, values, picks: query(name, ir.Target(filter=args.bulk_filter(values)), picks)


def _duplicates(name: str, values: Values, picks: Picks) -> ir.Query:
    ids, data = values.get("ids"), values.get("data")
    if ids and data:
        raise BadRequest('You cannot provide both "data" and "ids" arguments')
    if ids is None and data is None:
        raise BadRequest('You have to provide either "data" or "ids" argument')
    if not ids and not data:
        raise BadRequest('The "data" condition can not be empty when "ids" input not provided')
    return ir.Duplicates(name, picks, tuple(ids) if ids else None, tuple(data) if data else None)


def _merge(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.Merge(name, tuple(values["ids"]), values["conflictPriorityIndex"], picks, values.get("dryRun", False))


def _group_by(name: str, values: Values, picks: Picks) -> ir.Query:
    return ir.GroupBy(
        name,
        tuple(values["groupBy"]),
        picks,
        filter=args.filter_argument(values),
        order=tuple(item for item in values.get("orderBy", ()) if item),
        record_order=args.order_argument(values, "orderByForRecords"),
        limit=values.get("limit"),
        record_offset=values.get("offsetForRecords", 0),
        with_records=any(pick.name == "edges" for pick in picks),
        view_id=values.get("viewId"),
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "query", "{plural}", "{Object}Connection", "A page of {labels} in the order asked for.",
        args.LIST_ARGUMENTS, _find, text_of(find_connection),
    ),
    Operation(
        "query", "{singular}", "{Object}", "One {label}: the first that matches the filter.",
        (args.ONE_FILTER,), _find_one, text_of(find_one),
    ),
    Operation(
        "query", "{singular}Duplicates", "[{Object}Connection!]", "For each input, the {labels} that look the same.",
        (args.DUPLICATE_IDS, args.DUPLICATE_DATA), _duplicates, list_of(duplicates),
        needs_criteria=True,
    ),
    Operation(
        "query", "{plural}GroupBy", "[{Object}GroupByConnection!]", "Groups of {labels}, with numbers about each.",
        (args.DIMENSIONS, args.FILTER, args.GROUP_ORDER, args.RECORD_ORDER, args.VIEW_ID, args.INCLUDE_RECORDS,
         args.LIMIT, args.RECORD_OFFSET),
        _group_by, list_of(group_by),
    ),
    Operation(
        "mutation", "create{Object}", "{Object}", "Create one {label}, or (upsert) update the one it names.",
        (args.NEW_RECORD, args.UPSERT), _create_one, first_of(create), verbs=("update",), confirms=True,
    ),
    Operation(
        "mutation", "create{Objects}", "[{Object}!]", "Create several {labels}, all or none.",
        (args.NEW_RECORDS, args.UPSERT), _create_many, list_of(create), verbs=("update",), confirms=True,
    ),
    Operation(
        "mutation", "update{Object}", "{Object}", "Change one {label}.",
        (args.ID, args.CHANGES), _update_one, first_of(update), verbs=("update",), confirms=True,
    ),
    Operation(
        "mutation", "update{Objects}", "[{Object}!]", "Change every {label} that matches the filter.",
        (args.CHANGES, args.BULK_FILTER), _update_many, list_of(update), verbs=("update",),
    ),
    Operation(
        "mutation", "delete{Object}", "{Object}", "Delete one {label}; it can be restored.",
        (args.ID,), _one(ir.Delete), first_of(delete), verbs=("soft_delete",),
    ),
    Operation(
        "mutation", "delete{Objects}", "[{Object}!]", "Delete every {label} that matches; they can be restored.",
        (args.BULK_FILTER,), _many(ir.Delete), list_of(delete), verbs=("soft_delete",),
    ),
    Operation(
        "mutation", "destroy{Object}", "{Object}", "Remove one {label} for good.",
        (args.ID,), _one(ir.Destroy), first_of(destroy), verbs=("destroy",),
    ),
    Operation(
        "mutation", "destroy{Objects}", "[{Object}!]", "Remove every {label} that matches the filter for good.",
        (args.BULK_FILTER,), _many(ir.Destroy), list_of(destroy), verbs=("destroy",),
    ),
    Operation(
        "mutation", "restore{Object}", "{Object}", "Bring back one deleted {label}.",
        (args.ID,), _one(ir.Restore), first_of(restore), verbs=("soft_delete",),
    ),
    Operation(
        "mutation", "restore{Objects}", "[{Object}!]", "Bring back every {label} that matches the filter.",
        (args.BULK_FILTER,), _many(ir.Restore), list_of(restore), verbs=("soft_delete",),
    ),
    Operation(
        "mutation", "merge{Objects}", "{Object}", "Merge two to nine {labels} into one.",
        (args.MERGED_IDS, args.PRIORITY, args.DRY_RUN), _merge, text_of(merge),
        needs_criteria=True, verbs=("update", "destroy"),
    ),
)  # fmt: skip
