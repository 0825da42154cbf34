"""The routes of Core REST as the document lists them: one row each, in the order clients know them in.

Operation ids, parameter names and paths are what generated clients are made of, so they never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.http.rights import grants
from config.principal import Permissions, Verb
from core.rest import body_schemas as bodies
from metadata.schema import ObjectSchema

Json = Mapping[str, Any]

_READ: tuple[Verb, ...] = ("read",)
_WRITE: tuple[Verb, ...] = ("read", "update")
_SELECTION = ("depth", "fields")
_KEYED = ("idempotencyKey",)
_MATCHED = ("ifMatch", *_KEYED)
_CREATION = ("depth", "fields", "upsert")
_JSON = ("application/json",)
_FILES = ("text/csv", "application/x-ndjson")


@dataclass(frozen=True, slots=True)
class RecordOperation:
    """One route. `path`, `id` and `summary` are templates over the object's names, as `named` fills them.

    A caller is shown it who has all of `verbs`, one of `any_verbs` if there are some, and `flag` if there is one.
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
    flag: str | None = None
    is_of_one: bool = False  # may answer 404
    is_in_subset_of_criteria: bool = False  # answers 400 where the object has no duplicate criteria
    takes: tuple[str, ...] = _JSON  # media types of the body
    gives: tuple[str, ...] = _JSON  # and of the answer
    other_statuses: tuple[str, ...] = ()  # with the same answer

    def is_for(self, permissions: Permissions, subject: ObjectSchema) -> bool:
        def allows(verb: Verb) -> bool:
            return permissions.allows(verb, subject)

        if self.flag is not None and not grants(permissions, self.flag):
            return False
        return all(map(allows, self.verbs)) and (not self.any_verbs or any(map(allows, self.any_verbs)))

    @property
    def errors(self) -> tuple[str, ...]:
        """Statuses of the refusals it can answer."""
        found = {
            "404": self.is_of_one,
            "409": "idempotencyKey" in self.parameters,
            "412": "ifMatch" in self.parameters,
            "413": self.body is not None,
            "422": "idempotencyKey" in self.parameters,
        }
        return ("400", "401", "403", *(status for status, is_possible in found.items() if is_possible), "429")

    @property
    def is_tagged(self) -> bool:
        """Whether its answer is about one record and bears an entity tag."""
        return not {"ifNoneMatch", "ifMatch"}.isdisjoint(self.parameters) or self.body is bodies.record


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
        (*_CREATION, *_KEYED), bodies.record, status="201",
        description="Members left out get the field's default, or no value. A value of a unique field that another"
        " record has is refused, unless `upsert=true` says to update that record instead.",
    ),
    RecordOperation(
        "PATCH", "/{plural}", "updateMany{Many}", "Update the {labels} that match a filter", _WRITE,
        bodies.many("update{Many}"), ("requiredFilter", *_SELECTION, *_KEYED), bodies.changes,
        description="One body for every match; what it does not name is kept.",
    ),
    RecordOperation(
        "DELETE", "/{plural}", "deleteMany{Many}", "Delete the {labels} that match a filter", _READ,
        bodies.removed_many("delete{Many}"), ("requiredFilter", "softDelete", *_KEYED), description=_FOR_GOOD,
        any_verbs=("soft_delete", "destroy"),
    ),
    RecordOperation(
        "POST", "/batch/{plural}", "createMany{Many}", "Create several {labels}", _WRITE,
        bodies.batch_results("create{Many}"), (*_CREATION, "onError", *_KEYED), bodies.batch, status="201",
        description="All or none; the answer has the order of the body.\n\nWith `on_error=continue` records with"
        " faults are left out and the others written; `results` says what became of each. 200 when none was written.",
        other_statuses=("200",),
    ),
    RecordOperation(
        "GET", "/{plural}/{{id}}", "findOne{One}", "Read one {label}", _READ, bodies.one("{singular}"),
        ("idPath", *_SELECTION, "ifNoneMatch"), is_of_one=True,
        description="Its `ETag` is the state it was read in: `If-None-Match` asks whether the answer is still the same,"
        " `If-Match` lets a write through only while the record is.",
    ),
    RecordOperation(
        "PATCH", "/{plural}/{{id}}", "UpdateOne{One}", "Update one {label}", _WRITE, bodies.one("update{One}"),
        ("idPath", *_SELECTION, *_MATCHED), bodies.changes, is_of_one=True,
        description="What the body does not name is kept, sub-fields of a value included; `null` clears.",
    ),
    RecordOperation(
        "DELETE", "/{plural}/{{id}}", "deleteOne{One}", "Delete one {label}", _READ,
        bodies.removed_one("delete{One}"), ("idPath", "softDelete", *_MATCHED), description=_FOR_GOOD,
        any_verbs=("soft_delete", "destroy"), is_of_one=True,
    ),
    RecordOperation(
        "POST", "/{plural}/duplicates", "find{One}Duplicates", "Find duplicates of {labels}", _READ,
        bodies.duplicates, (*_SELECTION, *_KEYED), bodies.duplicates_input,
        description="For each record of `data`, or each id of `ids`, the stored records that look the same by the"
        " object's duplicate criteria.",
    ),
    RecordOperation(
        "PATCH", "/restore/{plural}/{{id}}", "restoreOne{One}", "Restore one {label}", ("read", "soft_delete"),
        bodies.one("restore{One}"), ("idPath", *_SELECTION, *_MATCHED), is_of_one=True, description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/{{id}}/restore", "restore{One}", "Restore one {label} (newer path)",
        ("read", "soft_delete"), bodies.one("restore{One}"), ("idPath", *_SELECTION, *_MATCHED), is_of_one=True,
        description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/restore/{plural}", "restoreMany{Many}", "Restore the {labels} that match a filter",
        ("read", "soft_delete"), bodies.many("restore{Many}"), ("requiredFilter", *_SELECTION, *_KEYED),
        description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/restore", "restore{Many}", "Restore the {labels} that match a filter (newer path)",
        ("read", "soft_delete"), bodies.many("restore{Many}"), ("requiredFilter", *_SELECTION, *_KEYED),
        description=_RESTORES,
    ),
    RecordOperation(
        "PATCH", "/{plural}/merge", "mergeMany{Many}", "Merge {labels} into one", ("read", "update", "destroy"),
        bodies.one("merge{One}"), (*_SELECTION, *_KEYED), bodies.merge_input, is_of_one=True,
        is_in_subset_of_criteria=True,
        description="The record at `conflictPriorityIndex` survives; what pointed at the others points at it.",
    ),
    RecordOperation(
        "GET", "/{plural}/groupBy", "groupBy{Many}", "Group {labels}", _READ, bodies.groups,
        ("groupBy", "filter", "orderByOfGroups", "limitOfGroups", "viewId", "aggregate", "includeRecordsSample",
         "orderByForRecords", "omitNullValues"),
        description="The answer is the array of groups itself. Aggregates are texts, so that no digit is lost.",
        is_of_one=True,  # of a view
    ),
    RecordOperation(
        "GET", "/{plural}/{{id}}/history", "history{One}", "Who changed one {label}", _READ, bodies.history,
        ("idPath", "limit", "startingAfter"), is_of_one=True,
        description="The changes of a record, the newest first. It outlives the record.",
    ),
    RecordOperation(
        "GET", "/{plural}/export", "export{Many}", "Export {labels} as a file", _READ, bodies.file,
        ("format", "filter", "orderBy", "fields", "limitOfFile", "separator", "safe"), gives=_FILES,
        flag="EXPORT_CSV",
        description="All records that match, in a file of any length. A file that a fault cut short ends in a line"
        " `INCOMPLETE` that is neither CSV nor JSON.",
    ),
    RecordOperation(
        "POST", "/{plural}/import", "import{Many}", "Import {labels} from a file", ("update",), bodies.imported,
        ("format", "upsert", "dryRun", "onError", "separator", "safe"), bodies.file_input,
        takes=("application/octet-stream",),
        flag="IMPORT_CSV",
        description="CSV with the members of a record as columns (`name.firstName`, `companyId`,"
        " `company.domainName.primaryLinkUrl`), or JSON Lines with records as `createMany{Many}` takes them. In a cell"
        " stands an option's value or label, a list as JSON or `A,B`; a field is given as a whole or in parts. Written"
        " in batches of 500; a fault ends the import, and its batch is not written, unless `on_error=continue`."
        " A dry run is one transaction that is taken back, so other writers of what it touches wait for its end."
        "\n\nWithout `format` the body's media type says it:"
        " `text/csv` or `application/x-ndjson`.",
    ),
)  # fmt: skip
