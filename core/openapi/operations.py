"""The routes of Core REST as the document lists them: one row each, in the order clients know them in.

Operation ids, parameter names and paths are what generated clients are made of, so they never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.principal import Permissions, Verb
from core.openapi import bodies
from metadata.schema import ObjectSchema

Json = Mapping[str, Any]

_READ: tuple[Verb, ...] = ("read",)
_WRITE: tuple[Verb, ...] = ("read", "update")
_SELECTION = ("depth", "fields")
_CREATION = ("depth", "fields", "upsert")


@dataclass(frozen=True, slots=True)
class RecordOperation:
    """One route. `path`, `id` and `summary` are templates over the object's names, as `named` fills them.

    A caller is shown it who has all of `verbs`, and one of `any_verbs` if there are some.
    """

    method: str
    path: str
    id: str
    summary: str
    verbs: tuple[Verb, ...]
    answer: Callable[[ObjectSchema], Json]
    parameters: tuple[str, ...] = ()  # names of parameter components
    body: Callable[[ObjectSchema, int], Json] | None = None  # the int is the largest batch
    description: str | None = None
    status: str = "200"
    any_verbs: tuple[Verb, ...] = ()
    is_of_one: bool = False  # may answer 404
    is_in_subset_of_criteria: bool = False  # answers 400 where the object has no duplicate criteria

    def is_for(self, permissions: Permissions, subject: ObjectSchema) -> bool:
        def allows(verb: Verb) -> bool:
            return permissions.allows(verb, subject.id, is_system=subject.is_system)

        return all(map(allows, self.verbs)) and (not self.any_verbs or any(map(allows, self.any_verbs)))

    @property
    def errors(self) -> tuple[str, ...]:
        """Statuses of the refusals it can answer."""
        missing = ("404",) if self.is_of_one else ()
        too_large = ("413",) if self.body is not None else ()
        return ("400", "401", "403", *missing, *too_large, "429")


def named(template: str, subject: ObjectSchema) -> str:
    """A template with the object's names in it: `{plural}` people, `{One}` Person, `{Many}` People."""
    return template.format(
        plural=subject.plural,
        singular=subject.singular,
        One=subject.singular_pascal,
        Many=subject.plural_pascal,
        label=subject.label_singular,
        labels=subject.label_plural,
    )


_FOR_GOOD = (
    "Without `soft_delete=true` this is **for good**. A soft delete answers the whole record as it now is,"
    " and can be taken back by a restore."
)
_RESTORES = "Undoes a soft delete; the filter need not mention `deletedAt`."

RECORD_OPERATIONS: tuple[RecordOperation, ...] = (
    RecordOperation(
        "GET", "/{plural}", "findMany{Many}", "List {labels}", _READ, bodies.page,
        ("orderBy", "filter", "limit", "depth", "startingAfter", "endingBefore", "fields", "count"),
        description="A page of records, their total, and the cursors of the pages beside it.",
    ),
    RecordOperation(
        "POST", "/{plural}", "createOne{One}", "Create one {label}", _WRITE, bodies.one("create{One}"),
        _CREATION, bodies.record, status="201",
    ),
    RecordOperation(
        "PATCH", "/{plural}", "updateMany{Many}", "Update the {labels} that match a filter", _WRITE,
        bodies.many("update{Many}"), ("requiredFilter", *_SELECTION), bodies.changes,
        description="One body for every match; what it does not name is kept.",
    ),
    RecordOperation(
        "DELETE", "/{plural}", "deleteMany{Many}", "Delete the {labels} that match a filter", _READ,
        bodies.removed_many("delete{Many}"), ("requiredFilter", "softDelete"), description=_FOR_GOOD,
        any_verbs=("soft_delete", "destroy"),
    ),
    RecordOperation(
        "POST", "/batch/{plural}", "createMany{Many}", "Create several {labels}", _WRITE,
        bodies.many("create{Many}"), _CREATION, bodies.batch, status="201",
        description="All or none; the answer has the order of the body.",
    ),
    RecordOperation(
        "GET", "/{plural}/{{id}}", "findOne{One}", "Read one {label}", _READ, bodies.one("{singular}"),
        ("idPath", *_SELECTION), is_of_one=True,
    ),
    RecordOperation(
        "PATCH", "/{plural}/{{id}}", "UpdateOne{One}", "Update one {label}", _WRITE, bodies.one("update{One}"),
        ("idPath", *_SELECTION), bodies.changes, is_of_one=True,
        description="What the body does not name is kept, sub-fields of a value included; `null` clears.",
    ),
    RecordOperation(
        "DELETE", "/{plural}/{{id}}", "deleteOne{One}", "Delete one {label}", _READ,
        bodies.removed_one("delete{One}"), ("idPath", "softDelete"), description=_FOR_GOOD,
        any_verbs=("soft_delete", "destroy"), is_of_one=True,
    ),
    RecordOperation(
        "POST", "/{plural}/duplicates", "find{One}Duplicates", "Find duplicates of {labels}", _READ,
        bodies.duplicates, _SELECTION, bodies.duplicates_input, is_in_subset_of_criteria=True,
        description="For each record of `data`, or each id of `ids`, the stored records that look the same.",
    ),
    RecordOperation(
        "PATCH", "/restore/{plural}/{{id}}", "restoreOne{One}", "Restore one {label}", ("read", "soft_delete"),
        bodies.one("restore{One}"), ("idPath", *_SELECTION), is_of_one=True, description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/{{id}}/restore", "restore{One}", "Restore one {label} (newer path)",
        ("read", "soft_delete"), bodies.one("restore{One}"), ("idPath", *_SELECTION), is_of_one=True,
        description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/restore/{plural}", "restoreMany{Many}", "Restore the {labels} that match a filter",
        ("read", "soft_delete"), bodies.many("restore{Many}"), ("requiredFilter", *_SELECTION), description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/restore", "restore{Many}", "Restore the {labels} that match a filter (newer path)",
        ("read", "soft_delete"), bodies.many("restore{Many}"), ("requiredFilter", *_SELECTION), description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/merge", "mergeMany{Many}", "Merge {labels} into one", ("read", "update", "destroy"),
        bodies.one("merge{One}"), _SELECTION, bodies.merge_input, is_of_one=True, is_in_subset_of_criteria=True,
        description="The record at `conflictPriorityIndex` survives; what pointed at the others points at it.",
    ),
    RecordOperation(
        "GET", "/{plural}/groupBy", "groupBy{Many}", "Group {labels}", _READ, bodies.groups,
        ("groupBy", "filter", "orderByOfGroups", "limitOfGroups", "viewId", "aggregate", "includeRecordsSample",
         "orderByForRecords", "omitNullValues"),
        description="The answer is the array of groups itself. Aggregates are texts, so that no digit is lost.",
    ),
)  # fmt: skip
