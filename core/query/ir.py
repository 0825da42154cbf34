"""What is asked, as it was said: names and raw values, before any look at the data model.

REST and GraphQL both parse into these; the planner resolves them. All are plain data.

A filter's leaf keeps its body as nested mappings, `{"firstName": {"eq": "Ada"}}`, because only the
data model tells sub-fields, relations and operators apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Filters ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    item: Filter


@dataclass(frozen=True, slots=True)
class Match:
    """One member of a filter: a field, join column or relation, and what is said of it."""

    name: str
    body: object


Filter = And | Or | Not | Match


def filter_of(mapping: Mapping[str, object]) -> Filter:
    """A filter given as nested mappings (GraphQL, stored views): members side by side are ANDed.

    >>> filter_of({"name": {"eq": "A"}, "not": {"id": {"is": "NULL"}}})
    And(items=(Match(name='name', body={'eq': 'A'}), Not(item=And(items=(Match(name='id', body={'is': 'NULL'}),)))))
    """
    items: list[Filter] = []
    for name, body in mapping.items():
        if name in ("and", "or") and isinstance(body, Sequence | Mapping) and not isinstance(body, str):
            members = [body] if isinstance(body, Mapping) else body
            parts = tuple(filter_of(member) for member in members if isinstance(member, Mapping))
            items.append(And(parts) if name == "and" else Or(parts))
        elif name == "not" and isinstance(body, Mapping):
            items.append(Not(filter_of(body)))
        else:
            items.append(Match(name, body))
    return And(tuple(items))


def is_empty(query_filter: Filter | None) -> bool:
    """Whether a filter restricts nothing: what a bulk write refuses.

    >>> is_empty(filter_of({"or": [{}]})), is_empty(filter_of({"name": {}}))
    (True, True)
    >>> is_empty(filter_of({"or": [{}, {"id": {"eq": 1}}]}))
    False
    """
    match query_filter:
        case None:
            return True
        case And(items) | Or(items):
            return all(is_empty(item) for item in items)
        case Not():
            return False
        case Match(_, body):
            return isinstance(body, Mapping) and (not body or all(_is_empty_body(each) for each in body.values()))


def _is_empty_body(body: object) -> bool:
    return isinstance(body, Mapping) and all(_is_empty_body(each) for each in body.values())


# Order, page, selection ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """One order key: a path of names and the raw direction (`AscNullsFirst` …)."""

    path: tuple[str, ...]
    direction: object


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the ordered records: `size` rows after or before a cursor, `offset` rows skipped."""

    size: int | None = None  # None: the default of the API
    after: str | None = None
    before: str | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Everything:
    """REST's selection: every readable field; relations too at depth 1; `only` names the fields wanted.

    Among them, `relation.field` stands for one member of the related records; `deepens`: whatever the depth is.
    """

    depth: int = 0
    only: tuple[str, ...] | None = None
    deepens: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """One member of a GraphQL selection: response key, field name, arguments and what is selected below it.

    Compared by identity: a document is compiled once, so its picks are the key of what is made of them.
    """

    key: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    picks: tuple[Pick, ...] = ()
    type_name: str | None = None  # set for __typename: the text to answer


Selection = Everything | tuple[Pick, ...]


# What is asked ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Find:
    """Many records. GraphQL gives the selection of the connection, REST that of the record."""

    object_name: str  # nameSingular
    selection: Selection
    filter: Filter | None = None
    order: tuple[Order, ...] = ()
    page: Page = Page()
    with_total: bool = True  # REST: totalCount in the answer


@dataclass(frozen=True, slots=True)
class FindOne:
    object_name: str
    selection: Selection
    filter: Filter | None


@dataclass(frozen=True, slots=True)
class GroupBy:
    """Groups of records. `dimensions` are one-key mappings as both APIs send them."""

    object_name: str
    dimensions: tuple[Mapping[str, object], ...]
    selection: Selection  # REST: the sample records' selection; GraphQL: picks of the group
    aggregates: tuple[str, ...] = ()
    filter: Filter | None = None
    order: tuple[Mapping[str, object], ...] = ()
    record_order: tuple[Order, ...] = ()
    limit: int | None = None
    record_offset: int = 0
    with_records: bool = False
    omit_nulls: bool = False
    view_id: str | None = None  # a stored view whose filters apply too


@dataclass(frozen=True, slots=True)
class Create:
    """New records, or (upsert) updates of those that a unique value or id already names."""

    object_name: str
    records: tuple[Mapping[str, object], ...]
    selection: Selection
    upsert: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The records a write is about: one by id, or all that match a filter."""

    id: object = None
    filter: Filter | None = None
    expected: tuple[str, ...] | None = None  # versions (`core.sql.answers.VERSION`) of which it must have one

    @property
    def is_one(self) -> bool:
        return self.id is not None


@dataclass(frozen=True, slots=True)
class Update:
    object_name: str
    target: Target
    changes: Mapping[str, object]
    selection: Selection


@dataclass(frozen=True, slots=True)
class Delete:
    """Soft delete: `deletedAt` is set."""

    object_name: str
    target: Target
    selection: Selection


@dataclass(frozen=True, slots=True)
class Restore:
    object_name: str
    target: Target
    selection: Selection


@dataclass(frozen=True, slots=True)
class Destroy:
    """For good."""

    object_name: str
    target: Target
    selection: Selection


@dataclass(frozen=True, slots=True)
class Duplicates:
    object_name: str
    selection: Selection
    ids: tuple[object, ...] | None = None
    records: tuple[Mapping[str, object], ...] | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    object_name: str
    ids: tuple[object, ...]
    priority: int
    selection: Selection
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What was changed of one record, the newest first; of the page only `size` and `after` are read."""

    object_name: str
    id: object
    page: Page = Page()


@dataclass(frozen=True, slots=True)
class Search:
    """Records of several objects by words. `included` and `excluded` are singular names.

    `filter` only knows fields that every object has.
    """

    text: str
    limit: int
    after: str | None = None
    included: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()
    filter: Filter | None = None


Query = Find | FindOne | GroupBy | Create | Update | Delete | Restore | Destroy | Duplicates | Merge | History | Search
