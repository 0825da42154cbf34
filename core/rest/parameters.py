"""The parameters of Core REST, one row each: its name, how it is read, and what the document says of it.

Names and values stay as they were written: what they mean in the data model is the planner's. A new parameter is a
row here, a member of `Asked`, and its name in the rows of `core.rest.operations` that take it.

The names of components are those generated clients know; `orderByOfGroups` and its kin stand beside them where the
same parameter means something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from django.conf import settings

from config.errors import BadRequest
from config.http.ignored import meant
from config.openapi.schemas import UUID
from core.query import ir
from core.query.groups import DEFAULT_GROUPS
from core.query.orders import DIRECTIONS
from core.query.search import FILTERABLE, LARGEST_PAGE
from core.rest.filters import FILTER_WORDS
from core.rest.query_string import Query
from core.rest.readers import (
    AGGREGATE_FORM,
    GROUP_BY_FORM,
    ORDER_BY_FORM,
    read_array,
    read_before,
    read_depth,
    read_fields,
    read_filter,
    read_limit,
    read_order,
    read_separator,
)
from core.transfer.reading import SEPARATORS

Json = Mapping[str, object]
Place = Literal["query", "path", "header"]

DEFAULT_HITS = 30
FORMATS = ("csv", "jsonl")
ON_ERROR = ("stop", "continue")

_EVERYTHING = ir.Everything()


class Asked(NamedTuple):
    """The parameters of a request, each with its default."""

    depth: int | None = None
    fields: tuple[str, ...] | None = None
    filter: ir.Filter | None = None
    order: tuple[ir.Order, ...] = ()
    limit: int | None = None
    after: str | None = None
    before: str | None = None
    with_total: bool = True
    discover: str | None = None
    upsert: bool = False
    soft_delete: bool = False
    goes_on: bool = False  # records with faults are left out, the others written
    # of groups
    dimensions: tuple[Mapping[str, object], ...] = ()
    aggregates: tuple[str, ...] = ()
    order_of_groups: tuple[Mapping[str, object], ...] = ()
    record_order: tuple[ir.Order, ...] = ()
    with_records: bool = False
    omits_nulls: bool = False
    view_id: str | None = None
    # of files
    format: str | None = None
    separator: str | None = None
    is_safe: bool = False
    dry_run: bool = False
    # of a search
    words: str = ""
    objects: tuple[str, ...] = ()
    excluded_objects: tuple[str, ...] = ()

    @property
    def selection(self) -> ir.Everything:
        if self.fields is None and not self.depth:
            return _EVERYTHING
        deepens = self.depth is None and self.fields is not None and any("." in name for name in self.fields)
        return ir.Everything(self.depth or 0, self.fields, deepens)

    def page(self, default_size: int | None) -> ir.Page:
        return ir.Page(default_size if self.limit is None else self.limit, self.after, self.before)


NOTHING = Asked()


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter; `schema` may depend on settings.

    One without a `component` is tolerated and not told of. One that `is_single` counts as absent when it is repeated.
    """

    name: str
    component: str
    member: str  # of Asked; empty for what is read elsewhere
    read: Callable[[Query], object]
    words: str = ""
    schema: Json | Callable[[], Json] = field(default_factory=lambda: {"type": "string"})
    more: Json = field(default_factory=dict)  # `example`, `examples`
    is_required: bool = False
    is_single: bool = False
    place: Place = "query"

    def as_json(self) -> dict[str, object]:
        """Its component of the document."""
        schema = self.schema() if callable(self.schema) else self.schema
        said = {"name": self.name, "in": self.place, "description": self.words, "required": self.is_required}
        return said | {"schema": schema, **self.more}


def read_parameters(taken: Mapping[str, Parameter], query: Query) -> tuple[Asked, dict[str, str | None]]:
    """What was asked, and the parameters that had no effect, each with the one that is meant (None: there is none).

    BadRequest names the first that cannot be read. A removal with a misspelt `soft_delete` would be for good, so
    that one is refused.
    """
    if not query:
        return NOTHING, {}
    asked: dict[str, Any] = {}
    ignored: dict[str, str | None] = {}
    for name, values in query.items():
        parameter = taken.get(name)
        if parameter is None:
            known = ignored[name] = meant(name, taken)
            if known == "soft_delete":
                raise BadRequest(f"Unknown parameter '{name}'", hint="Did you mean soft_delete?", path=name)
            if not name.startswith("fields[") or "fields" not in taken or "fields" in query:
                continue
            parameter = taken["fields"]
        elif parameter.is_single and len(values) > 1:
            ignored[name] = None
        asked[parameter.member] = parameter.read(query)
    return Asked(**asked), ignored


# Rows ------------------------------------------------------------------------------------------------


def _flag(name: str, component: str, member: str, words: str) -> Parameter:
    schema = {"type": "boolean", "default": False}
    return Parameter(name, component, member, lambda query: query.flag(name), words, schema)


def _choice(name: str, component: str, member: str, choices: Sequence[str], words: str) -> Parameter:
    schema = {"type": "string", "enum": list(choices)}
    return Parameter(name, component, member, lambda query: query.choice(name, choices), words, schema)


def _number(largest: int, default: int) -> Json:
    return {"type": "integer", "minimum": 0, "maximum": largest, "default": default}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_TEXT: Json = {"type": "string"}
_WORDS: Json = {"type": "string", "minLength": 1}
_FILTER_EXAMPLES: Json = {
    "simple": {"value": "createdAt[gte]:2026-01-01", "summary": "Created this year"},
    "present": {"value": "deletedAt[is]:NOT_NULL", "summary": "Soft-deleted records only"},
    "either": {"value": "or(createdAt[gte]:2026-01-01,updatedAt[gte]:2026-06-01)", "summary": "One or the other"},
}
_AN_ORDER: Json = {"example": "createdAt[DescNullsLast]"}

STARTING_AFTER = Parameter(
    "starting_after",
    "startingAfter",
    "after",
    lambda query: query.cursor("starting_after"),
    "The page after this cursor (`pageInfo.endCursor`)",
    is_single=True,
)
ENDING_BEFORE = Parameter(
    "ending_before",
    "endingBefore",
    "before",
    read_before,
    "The page before this cursor (`pageInfo.startCursor`)",
    is_single=True,
)
FILTER = Parameter(
    "filter", "filter", "filter", read_filter, FILTER_WORDS, more={"examples": _FILTER_EXAMPLES}, is_single=True
)
REQUIRED_FILTER = Parameter(
    "filter",
    "requiredFilter",
    "filter",
    read_filter,
    f"Mandatory here: which records to write.\n\n{FILTER_WORDS}",
    _WORDS,
    {"example": "id[in]:[20202020-1c25-4d02-bf25-6aeccf7ea419]"},
    is_required=True,
    is_single=True,
)
DEPTH = Parameter(
    "depth",
    "depth",
    "depth",
    read_depth,
    "`1` adds the related records: one level, at most 60 of each to-many relation",
    {"type": "integer", "enum": [0, 1], "default": 0},
)
FIELDS = Parameter(
    "fields",
    "fields",
    "fields",
    read_fields,
    "Names of the members to answer, separated by commas; the id always is. `company.name` is one"
    " member of the related record (`people.city` of each), answered with its id, also where `depth` is not"
    " given; `depth=0` leaves only the relation's id. Composites are answered as a whole",
    _WORDS,
)
COUNT = Parameter(
    "count",
    "count",
    "with_total",
    lambda query: query.choice("count", ("exact", "none")) != "none",
    "`none` leaves out `totalCount`, which costs time on large filtered lists",
    {"type": "string", "enum": ["exact", "none"], "default": "exact"},
)
UPSERT = _flag("upsert", "upsert", "upsert", "Update the record that has the same id or unique value, if there is one")
ON_ERROR_OF_BATCH = Parameter(
    "on_error",
    "onError",
    "goes_on",
    lambda query: query.choice("on_error", ON_ERROR) == "continue",
    "`continue` leaves out what has a fault and writes the rest; `stop` writes nothing of it",
    {"type": "string", "enum": list(ON_ERROR), "default": "stop"},
)
DRY_RUN = _flag("dry_run", "dryRun", "dry_run", "Only say what would be done")
SAFE = _flag(
    "safe",
    "safe",
    "is_safe",
    "CSV for spreadsheets: a cell that one would take for a formula (it begins with `=`,"
    " `+`, `-`, `@`, a tab or a line end) has an apostrophe before it, and the file is called `….safe.csv`. Importing"
    " with `safe=true` takes it away again",
)
SEPARATOR = Parameter(
    "separator",
    "separator",
    "separator",
    read_separator,
    "What stands between the cells of a CSV. When absent, exports have commas, and an import finds"
    " out by the names of the columns",
    {"type": "string", "enum": list(SEPARATORS)},
)
FORMAT = _choice("format", "format", "format", FORMATS, "Format of the file")
LIMIT_OF_FILE = Parameter(
    "limit",
    "limitOfFile",
    "limit",
    lambda query: read_limit(query, 10**9),
    "Records in the file; all when absent",
    {"type": "integer", "minimum": 0},
)
SOFT_DELETE = _flag(
    "soft_delete", "softDelete", "soft_delete", "Keep the record, restorable, instead of removing it for good"
)
ORDER_BY = Parameter(
    "order_by",
    "orderBy",
    "order",
    lambda query: read_order(query.text("order_by"), "order_by"),
    "Fields with a direction, separated by commas: `createdAt[DescNullsLast],id`."
    f" Directions: {_listed(tuple(DIRECTIONS))}",
    more=_AN_ORDER,
    is_single=True,
)
LIMIT = Parameter(
    "limit",
    "limit",
    "limit",
    lambda query: read_limit(query, settings.MAX_PAGE_SIZE_REST),
    f"Records per page, at most {settings.MAX_PAGE_SIZE_REST}",
    lambda: _number(settings.MAX_PAGE_SIZE_REST, settings.DEFAULT_PAGE_SIZE),
)
DISCOVER = Parameter("discover", "", "discover", lambda query: query.joined("discover"))

# Of groups
GROUP_BY = Parameter(
    "group_by",
    "groupBy",
    "dimensions",
    lambda query: read_array(query, "group_by", dict, GROUP_BY_FORM),
    "JSON array of objects with one member each, as in the example. Dates take a `granularity`, composites a"
    " sub-field, to-one relations a field of the other object",
    more={"example": '[{"createdAt":{"granularity":"MONTH"}}]'},
    is_required=True,
)
ORDER_BY_OF_GROUPS = Parameter(
    "order_by",
    "orderByOfGroups",
    "order_of_groups",
    lambda query: read_array(query, "order_by", dict, ORDER_BY_FORM),
    "JSON array: the order of the groups, by a dimension or an aggregate",
    more={"example": '[{"createdAt":{"orderBy":"AscNullsFirst","granularity":"MONTH"}}]'},
)
LIMIT_OF_GROUPS = Parameter(
    "limit",
    "limitOfGroups",
    "limit",
    lambda query: read_limit(query, settings.MAX_PAGE_SIZE_REST),
    "Number of groups",
    lambda: _number(settings.MAX_PAGE_SIZE_REST, DEFAULT_GROUPS),
)
VIEW_ID = Parameter(
    "view_id",
    "viewId",
    "view_id",
    lambda query: query.text("view_id"),
    "A saved view whose filters to add",
    UUID,
    is_single=True,
)
AGGREGATE = Parameter(
    "aggregate",
    "aggregate",
    "aggregates",
    lambda query: tuple(dict.fromkeys(read_array(query, "aggregate", str, AGGREGATE_FORM))),
    "JSON array of aggregate names",
    more={"example": '["countNotEmptyId"]'},
)
INCLUDE_RECORDS_SAMPLE = _flag(
    "include_records_sample", "includeRecordsSample", "with_records", "Add up to 10 records to each group"
)
ORDER_BY_FOR_RECORDS = Parameter(
    "order_by_for_records",
    "orderByForRecords",
    "record_order",
    lambda query: read_order(query.text("order_by_for_records"), "order_by_for_records"),
    "The order of those records, as `order_by` of a list",
    more=_AN_ORDER,
    is_single=True,
)
OMIT_NULL_VALUES = _flag("omit_null_values", "omitNullValues", "omits_nulls", "Leave out groups without a value")

# Of a search
QUERY = Parameter(
    "query",
    "query",
    "words",
    lambda query: query.joined("query") or "",
    "Words or their beginnings; all records without it",
)
LIMIT_OF_SEARCH = Parameter(
    "limit",
    "limitOfSearch",
    "limit",
    lambda query: read_limit(query, LARGEST_PAGE),
    f"Number of records, at most {LARGEST_PAGE}",
    _number(LARGEST_PAGE, DEFAULT_HITS),
)
OBJECTS = Parameter(
    "objects",
    "objects",
    "objects",
    lambda query: query.names("objects"),
    "Only in these objects: names separated by commas",
)
EXCLUDED_OBJECTS = Parameter(
    "excluded_objects",
    "excludedObjects",
    "excluded_objects",
    lambda query: query.names("excluded_objects"),
    "Not in these objects: names separated by commas",
)
FILTER_OF_SEARCH = Parameter(
    "filter",
    "filterOfSearch",
    "filter",
    read_filter,
    f"Conditions as for lists, about {_listed(FILTERABLE)}",
    is_single=True,
)

# Not of the query string


def _elsewhere(place: Place, name: str, component: str, words: str, schema: Json, **more: Any) -> Parameter:
    return Parameter(name, component, "", lambda _query: None, words, schema, place=place, **more)


ID_PATH = _elsewhere("path", "id", "idPath", "The record's id", UUID, is_required=True)
IF_MATCH = _elsewhere(
    "header",
    "If-Match",
    "ifMatch",
    "Write only while the record is as it was read: the `ETag` it came with, else 412",
    _WORDS,
)
IF_NONE_MATCH = _elsewhere(
    "header", "If-None-Match", "ifNoneMatch", "The `ETag` of an answer at hand: 304 while it is still the same", _WORDS
)
IDEMPOTENCY_KEY = _elsewhere(
    "header",
    "Idempotency-Key",
    "idempotencyKey",
    "1 to 255 characters. Sent again within 24 hours, the same request"
    " is not carried out again but answered as it was, with `Idempotent-Replayed: true`",
    _WORDS,
)
