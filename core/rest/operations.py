"""The routes of Core REST, one row each: path, parameters, body, query, answer, and the words of the document.

Routing, the view, the checks of parameters and rights and the document read these rows; nothing else lists routes.
Operation ids, parameter names and paths are what generated clients are made of, so they never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.http.response import HttpResponseBase

from config.errors import BadRequest
from config.http.rights import grants
from config.principal import Permissions, Verb
from core.query import ir
from core.rest import answers, bodies
from core.rest import body_schemas as schemas
from core.rest import parameters as p
from core.rest.answers import Call, Written
from core.rest.bodies import Body
from core.rest.parameters import Asked, Parameter
from core.rest.readers import GROUP_BY_FORM
from metadata.schema import ObjectSchema

Json = Mapping[str, object]
Check = Callable[[Asked, str], None]  # of what was asked for the object of that plural name; raises BadRequest

_READ: tuple[Verb, ...] = ("read",)
_WRITE: tuple[Verb, ...] = ("read", "update")
_SELECTION = (p.DEPTH, p.FIELDS)
_CREATION = (p.DEPTH, p.FIELDS, p.UPSERT)
_KEYED = (p.IDEMPOTENCY_KEY,)
_MATCHED = (p.IF_MATCH, *_KEYED)
_JSON = ("application/json",)
_FILES = ("text/csv", "application/x-ndjson")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One route. `path`, `id` and `summary` are templates over the object's names, as `core.naming.named` fills them.

    A caller is shown it who has all of `verbs`, one of `any_verbs` if there are some, and `flag` if there is one.
    """

    name: str
    method: str
    path: str
    id: str
    summary: str
    verbs: tuple[Verb, ...]
    answer: Callable[[Call], str | Written | HttpResponseBase]
    shows: Callable[[ObjectSchema], Json]  # the schema of the answer
    parameters: tuple[Parameter, ...] = ()  # of the query string
    headers: tuple[Parameter, ...] = ()
    body: Body | None = None
    checks: tuple[Check, ...] = ()
    description: str | None = None
    status: int = 200
    other_statuses: tuple[int, ...] = ()  # with the same answer
    any_verbs: tuple[Verb, ...] = ()
    flag: str | None = None
    is_of_one: bool = False  # may answer 404
    confirms: bool = False  # writes nothing but by what finds out who asks (config.http.confirming)
    is_in_subset_of_criteria: bool = False  # answers 400 where the object has no duplicate criteria
    gives: tuple[str, ...] = _JSON  # media types of the answer
    also: tuple[tuple[str, str], ...] = ()  # methods and paths of older clients, which the document leaves out
    shares_path: bool = False  # for other methods the last part of its path is an id
    is_own_perhaps: bool = False  # somebody without the right may do it to a record of their own
    tolerates: tuple[Parameter, ...] = ()  # parameters that the document leaves out
    taken: Mapping[str, Parameter] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "taken", {each.name: each for each in (*self.parameters, *self.tolerates)})

    def is_for(self, permissions: Permissions, subject: ObjectSchema) -> bool:
        def allows(verb: Verb) -> bool:
            return permissions.allows(verb, subject)

        if self.flag is not None and not grants(permissions, self.flag):
            return False
        return all(map(allows, self.verbs)) and (not self.any_verbs or any(map(allows, self.any_verbs)))

    @property
    def needs(self) -> tuple[Verb, ...]:
        """The rights of which a caller must have one to ask it at all."""
        writes = tuple(each for each in self.verbs if each != "read")
        return self.any_verbs or writes[:1] or _READ

    @property
    def only_reads(self) -> bool:
        return self.verbs == _READ and not self.any_verbs

    @property
    def documented(self) -> tuple[Parameter, ...]:
        """All parameters in the document's order."""
        in_path = (p.ID_PATH,) if "{{id}}" in self.path else ()
        return (*in_path, *self.parameters, *self.headers)

    @property
    def errors(self) -> tuple[str, ...]:
        """Statuses of the refusals it can answer."""
        found = {
            "404": self.is_of_one,
            "409": p.IDEMPOTENCY_KEY in self.headers,
            "412": p.IF_MATCH in self.headers,
            "413": self.body is not None,
            "422": p.IDEMPOTENCY_KEY in self.headers,
        }
        return ("400", "401", "403", *(status for status, is_possible in found.items() if is_possible), "429")

    @property
    def is_tagged(self) -> bool:
        """Whether its answer is about one record and bears an entity tag."""
        return not {p.IF_NONE_MATCH, p.IF_MATCH}.isdisjoint(self.headers) or self.body is bodies.RECORD


# Checks ----------------------------------------------------------------------------------------------


def of_some(asked: Asked, act: str, done: str) -> None:
    """Bulk writes without a filter would be about every record."""
    if ir.is_empty(asked.filter):
        raise BadRequest(
            f"Filters are mandatory for bulk {act} operations."
            f" Please provide at least one filter to prevent accidental {done} of all records.",
            path="filter",
        )


def updates_some(asked: Asked, _plural: str) -> None:
    of_some(asked, "update", "update")


def restores_some(asked: Asked, _plural: str) -> None:
    of_some(asked, "restore", "restoration")


def removes_some(asked: Asked, _plural: str) -> None:
    of_some(asked, "delete" if asked.soft_delete else "destroy", "deletion")


def groups_by_something(asked: Asked, _plural: str) -> None:
    if not asked.dimensions or any(len(each) != 1 for each in asked.dimensions):
        raise BadRequest(GROUP_BY_FORM, path="group_by")


def discovers_nothing(asked: Asked, plural: str) -> None:
    """Records shared with single callers do not exist here, so there are none to discover."""
    if asked.discover == "true":
        raise BadRequest(
            "'discover' parameter is only available on objects whose records can be discovered,"
            f" which {plural} are not",
            path="discover",
        )
    if asked.discover not in (None, "false"):
        raise BadRequest(
            f"'discover={asked.discover}' parameter invalid. Allowed values are true, false", path="discover"
        )


# Rows ------------------------------------------------------------------------------------------------

_FOR_GOOD = (
    "Without `soft_delete=true` this is **for good**. A soft delete answers the whole record as it now is,"
    " and can be taken back by a restore."
)
_RESTORES = "Undoes a soft delete; the filter need not mention `deletedAt`."

RECORD_OPERATIONS: tuple[Operation, ...] = (  # in the order in which clients know them
    Operation(
        "find_many", "GET", "/{plural}", "findMany{Objects}", "List {labels}", _READ,
        answers.answer_find_many, schemas.page,
        (p.ORDER_BY, p.FILTER, p.LIMIT, p.DEPTH, p.STARTING_AFTER, p.ENDING_BEFORE, p.FIELDS, p.COUNT),
        description="A page of records, their total, and the cursors of the pages beside it.",
        tolerates=(p.DISCOVER,), checks=(discovers_nothing,),
        also=(("GET", "/batch/{plural}"), ("GET", "/{plural}/duplicates"), ("GET", "/{plural}/merge")),
    ),
    Operation(
        "create_one", "POST", "/{plural}", "createOne{Object}", "Create one {label}", _WRITE,
        answers.answer_create_one, schemas.one("create{Object}"), _CREATION, _KEYED, bodies.RECORD, status=201,
        confirms=True,
        description="Members left out get the field's default, or no value. A value of a unique field that another"
        " record has is refused, unless `upsert=true` says to update that record instead.",
        also=(("POST", "/{plural}/{{id}}"),),
    ),
    Operation(
        "update_many", "PATCH", "/{plural}", "updateMany{Objects}", "Update the {labels} that match a filter", _WRITE,
        answers.answer_update, schemas.many("update{Objects}"), (p.REQUIRED_FILTER, *_SELECTION), _KEYED,
        bodies.CHANGES, checks=(updates_some,),
        description="One body for every match; what it does not name is kept.",
        also=(("PATCH", "/batch/{plural}"),),
    ),
    Operation(
        "delete_many", "DELETE", "/{plural}", "deleteMany{Objects}", "Delete the {labels} that match a filter", _READ,
        answers.answer_delete, schemas.removed_many("delete{Objects}"), (p.REQUIRED_FILTER, p.SOFT_DELETE), _KEYED,
        checks=(removes_some,), description=_FOR_GOOD, any_verbs=("soft_delete", "destroy"),
        also=(("DELETE", "/batch/{plural}"),),
    ),
    Operation(
        "create_many", "POST", "/batch/{plural}", "createMany{Objects}", "Create several {labels}", _WRITE,
        answers.answer_create_many, schemas.batch_results("create{Objects}"), (*_CREATION, p.ON_ERROR_OF_BATCH), _KEYED,
        bodies.BATCH, status=201, other_statuses=(200,), confirms=True,
        description="All or none; the answer has the order of the body.\n\nWith `on_error=continue` records with"
        " faults are left out and the others written; `results` says what became of each. 200 when none was written.",
    ),
    Operation(
        "find_one", "GET", "/{plural}/{{id}}", "findOne{Object}", "Read one {label}", _READ,
        answers.answer_find_one, schemas.one("{singular}"), _SELECTION, (p.IF_NONE_MATCH,), is_of_one=True,
        description="Its `ETag` is the state it was read in: `If-None-Match` asks whether the answer is still the same,"
        " `If-Match` lets a write through only while the record is.",
        tolerates=(p.DISCOVER,), checks=(discovers_nothing,),
    ),
    Operation(
        "update_one", "PATCH", "/{plural}/{{id}}", "UpdateOne{Object}", "Update one {label}", _WRITE,
        answers.answer_update, schemas.one("update{Object}"), _SELECTION, _MATCHED, bodies.CHANGES, is_of_one=True,
        description="What the body does not name is kept, sub-fields of a value included; `null` clears.",
        is_own_perhaps=True, confirms=True,
    ),
    Operation(
        "delete_one", "DELETE", "/{plural}/{{id}}", "deleteOne{Object}", "Delete one {label}", _READ,
        answers.answer_delete, schemas.removed_one("delete{Object}"), (p.SOFT_DELETE,), _MATCHED, description=_FOR_GOOD,
        any_verbs=("soft_delete", "destroy"), is_of_one=True,
    ),
    Operation(
        "duplicates", "POST", "/{plural}/duplicates", "find{Object}Duplicates", "Find duplicates of {labels}", _READ,
        answers.answer_duplicates, schemas.duplicates, _SELECTION, _KEYED, bodies.DUPLICATES,
        description="For each record of `data`, or each id of `ids`, the stored records that look the same by the"
        " object's duplicate criteria.",
    ),
    Operation(
        "restore_one", "PATCH", "/restore/{plural}/{{id}}", "restoreOne{Object}", "Restore one {label}",
        ("read", "soft_delete"), answers.answer_restore, schemas.one("restore{Object}"), _SELECTION, _MATCHED,
        is_of_one=True, description=_RESTORES, shares_path=True,
    ),
    Operation(
        "restore_one", "PATCH", "/{plural}/{{id}}/restore", "restore{Object}", "Restore one {label} (newer path)",
        ("read", "soft_delete"), answers.answer_restore, schemas.one("restore{Object}"), _SELECTION, _MATCHED,
        is_of_one=True, description=_RESTORES, shares_path=True,
    ),
    Operation(
        "restore_many", "PATCH", "/restore/{plural}", "restoreMany{Objects}",
        "Restore the {labels} that match a filter", ("read", "soft_delete"), answers.answer_restore,
        schemas.many("restore{Objects}"), (p.REQUIRED_FILTER, *_SELECTION), _KEYED, checks=(restores_some,),
        description=_RESTORES, shares_path=True,
    ),
    Operation(
        "restore_many", "PATCH", "/{plural}/restore", "restore{Objects}",
        "Restore the {labels} that match a filter (newer path)", ("read", "soft_delete"), answers.answer_restore,
        schemas.many("restore{Objects}"), (p.REQUIRED_FILTER, *_SELECTION), _KEYED, checks=(restores_some,),
        description=_RESTORES, shares_path=True,
    ),
    Operation(
        "merge", "PATCH", "/{plural}/merge", "mergeMany{Objects}", "Merge {labels} into one",
        ("read", "update", "destroy"), answers.answer_merge, schemas.one("merge{Object}"), _SELECTION, _KEYED,
        bodies.MERGE, is_of_one=True, is_in_subset_of_criteria=True,
        description="The record at `conflictPriorityIndex` survives; what pointed at the others points at it.",
    ),
    Operation(
        "group_by", "GET", "/{plural}/groupBy", "groupBy{Objects}", "Group {labels}", _READ,
        answers.answer_group_by, schemas.groups,
        (p.GROUP_BY, p.FILTER, p.ORDER_BY_OF_GROUPS, p.LIMIT_OF_GROUPS, p.VIEW_ID, p.AGGREGATE,
         p.INCLUDE_RECORDS_SAMPLE, p.ORDER_BY_FOR_RECORDS, p.OMIT_NULL_VALUES),
        checks=(groups_by_something,),
        description="The answer is the array of groups itself. Aggregates are texts, so that no digit is lost.",
        is_of_one=True,  # of a view
    ),
    Operation(
        "history", "GET", "/{plural}/{{id}}/history", "history{Object}", "Who changed one {label}", _READ,
        answers.answer_history, schemas.history, (p.LIMIT, p.STARTING_AFTER), is_of_one=True,
        description="The changes of a record, the newest first. It outlives the record.",
    ),
    Operation(
        "export", "GET", "/{plural}/export", "export{Objects}", "Export {labels} as a file", _READ,
        answers.answer_export, schemas.file,
        (p.FORMAT, p.FILTER, p.ORDER_BY, p.FIELDS, p.LIMIT_OF_FILE, p.SEPARATOR, p.SAFE), gives=_FILES,
        flag="EXPORT_CSV",
        description="All records that match, in a file of any length. A file that a fault cut short ends in a line"
        " `INCOMPLETE` that is neither CSV nor JSON.",
    ),
    Operation(
        "import", "POST", "/{plural}/import", "import{Objects}", "Import {labels} from a file", ("update",),
        answers.answer_import, schemas.imported,
        (p.FORMAT, p.UPSERT, p.DRY_RUN, p.ON_ERROR_OF_BATCH, p.SEPARATOR, p.SAFE), body=bodies.FILE,
        flag="IMPORT_CSV",
        description="CSV with the members of a record as columns (`name.firstName`, `companyId`,"
        " `company.domainName.primaryLinkUrl`), or JSON Lines with records as `createMany{Objects}` takes them. In a"
        " cell stands an option's value or label, a list as JSON or `A,B`; a field is given as a whole or in parts."
        " Written in batches of 500; a fault ends the import, and its batch is not written, unless `on_error=continue`."
        " A dry run is one transaction that is taken back, so other writers of what it touches wait for its end."
        "\n\nWithout `format` the body's media type says it:"
        " `text/csv` or `application/x-ndjson`.",
    ),
)  # fmt: skip
