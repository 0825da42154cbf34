"""What is asked, resolved against the data model: fields in place of names, values in place of text.

The planner makes these and the SQL compiler reads them; both are pure. A plan can always be
compiled: every fault is found while planning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from metadata.fieldtypes.operators import Operator
from metadata.fieldtypes.sql_types import FieldSql
from metadata.schema import FieldSchema, ObjectSchema

# Conditions ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class All:
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    item: Condition


@dataclass(frozen=True, slots=True)
class Never:
    """A comparison with null: true for no record."""


@dataclass(frozen=True, slots=True)
class Compare:
    """`value` is the operand; a tuple for list operators; for `is`, True means NULL and False NOT_NULL."""

    sql: FieldSql
    operator: Operator
    value: Any
    is_ordered: bool = False  # an index made by a user has the values in an order that says less than they do


@dataclass(frozen=True, slots=True)
class RelatedOne:
    """The record at the other end of a to-one relation matches."""

    join: FieldSql
    target: ObjectSchema
    condition: Condition
    sees_deleted: bool


@dataclass(frozen=True, slots=True)
class RelatedMany:
    """Some record that points here through `inverse` matches."""

    inverse: FieldSql
    target: ObjectSchema
    condition: Condition
    sees_deleted: bool


Condition = All | Any_ | Negation | Never | Compare | RelatedOne | RelatedMany
EVERY = All(())


# Order -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an order. `through` is the relation it is reached by, if any."""

    path: tuple[str, ...]
    sql: FieldSql
    descending: bool
    nulls_first: bool
    through: tuple[FieldSql, ObjectSchema] | None = None
    is_nullable: bool = True
    is_indexed: bool = False  # an index gives its order, nulls last

    @property
    def is_number(self) -> bool:
        return self.sql.cast == "numeric"

    @property
    def can_be_long(self) -> bool:
        """Whether no cursor may hold the value as it is; others have a fixed length, or nearly so."""
        return self.is_number or self.sql.order.startswith("lower(")


@dataclass(frozen=True, slots=True)
class Abridged:
    """The value of an order key that was too long for the cursor.

    It is the record's own while that still has the digest, else something between `low` and `high`.
    """

    subject: ObjectSchema
    id: str
    md5: str  # of what the record is ordered by
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows: `size` of them behind the cursor's values in the direction asked for."""

    size: int
    offset: int = 0
    cursor: tuple[object, ...] | None = None  # one value per order key; some may be `Abridged`
    is_backward: bool = False


# Selection -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """A member whose JSON text is known (`__typename`)."""

    key: str
    json: str


@dataclass(frozen=True, slots=True)
class Value:
    """A member of the record itself; `sql` gives its JSON text, with addresses of the workspace's files in it."""

    key: str
    sql: str
    schema_name: str | None  # PostgreSQL schema of the workspace; None: without addresses


@dataclass(frozen=True, slots=True)
class Parts:
    """A composite of which some sub-fields were selected."""

    key: str
    members: tuple[Constant | Value, ...]


@dataclass(frozen=True, slots=True)
class JoinId:
    """The id at the other end of a to-one relation, null while that record is soft-deleted."""

    key: str
    join: FieldSql
    target: ObjectSchema


@dataclass(frozen=True, slots=True)
class ToOne:
    key: str
    join: FieldSql
    target: ObjectSchema
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class ToMany:
    """Records that point here: a plain array (`connection` is None), or a connection as picked."""

    key: str
    inverse: FieldSql
    target: ObjectSchema
    condition: Condition
    sees_deleted: bool
    order: tuple[OrderKey, ...]
    window: Window
    connection: Connection | None
    members: tuple[Member, ...] = ()


Member = Constant | Value | Parts | JoinId | ToOne | ToMany


@dataclass(frozen=True, slots=True)
class Edges:
    """The records of a connection; each edge has nodes, cursors and constants as picked."""

    key: str
    items: tuple[Node | CursorOf | Constant, ...]


@dataclass(frozen=True, slots=True)
class Node:
    key: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class CursorOf:
    key: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """`items` pairs response keys with hasNextPage, hasPreviousPage, startCursor or endCursor."""

    key: str
    items: tuple[tuple[str, str] | Constant, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A number over every matching record; `sql` is an aggregate expression that gives JSON text."""

    key: str
    sql: str


@dataclass(frozen=True, slots=True)
class Total:
    key: str


ConnectionMember = Edges | PageInfo | Aggregate | Total | Constant


@dataclass(frozen=True, slots=True)
class Connection:
    members: tuple[ConnectionMember, ...]
    values: int = 0  # that it can hold at most; counted for roots only


# Statements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FindPlan:
    """A page of records. REST gives `members` and a total; GraphQL gives the connection."""

    object: ObjectSchema
    condition: Condition
    sees_deleted: bool
    order: tuple[OrderKey, ...]
    window: Window
    members: tuple[Member, ...] = ()
    connection: Connection | None = None
    with_total: bool = False


@dataclass(frozen=True, slots=True)
class Relate:
    """Ids that a write points at; they must exist."""

    field: FieldSchema
    target: ObjectSchema
    ids: tuple[str, ...]
