"""The operator table: every comparison a filter can make, for both APIs and every field type.

A row says what shape its operand has and which SQL it becomes (placeholders as in `sql_types`).
What an operator means for null: comparisons with an absent value are never true (SQL's rule), `is`
tests for it. A text operand of `""` means "no value", since both are stored as an absent key: `eq`
and `in` then test for NULL and `neq` for NOT NULL (no other type coerces anything to `""`).
Every row has one parameter, or none for the shapes `null` and `flag`.
Which rows a type offers is in its class; which values it takes is its `coerce`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Shape = Literal["one", "list", "text", "pattern", "null", "flag"]


@dataclass(frozen=True, slots=True)
class Operator:
    """`shape`: one value, a list, a text whatever the field's type is, a text that is a pattern (where a backslash
    escapes), NULL/NOT_NULL, or a boolean that is not looked at. `graphql` is the operand's type there, `{}` the
    scalar of the filter."""

    name: str
    shape: Shape
    sql: str
    sentence: str  # for the docs
    in_rest: bool = True  # whether the REST grammar can say it
    graphql: str = "{}"
    by_order: str | None = None  # SQL that follows from it and that an index in the field's order can answer

    @property
    def sql_by_order(self) -> str:
        """The same, where such an index is there. What follows is as rare as the whole, so the planner, which would
        take both for independent, must not see how rare the rest is."""
        return self.sql if self.by_order is None else f"({self.by_order} AND coalesce({self.sql}, false))"


OPERATORS: Mapping[str, Operator] = {  # in the order messages print them
    row.name: row
    for row in (
        Operator("eq", "one", "{value} = {operand}", "equals", by_order="{order} = {order_operand}"),
        Operator("neq", "one", "{value} <> {operand}", "has another value than"),
        Operator(
            "in",
            "list",
            "{value} = ANY(%s::{array})",
            "is one of",
            graphql="[{}!]",
            by_order="{order} = ANY(({order_operand})::{array})",  # of the array's text: marks have no case
        ),
        Operator("containsAny", "list", "{json} ?| %s::text[]", "has at least one of", graphql="[{}]"),
        Operator("is", "null", "{value} IS NULL", "is NULL or NOT_NULL", graphql="FilterIs"),
        Operator("gt", "one", "{order} > {order_operand}", "comes after"),
        Operator("gte", "one", "{order} >= {order_operand}", "equals or comes after"),
        Operator("lt", "one", "{order} < {order_operand}", "comes before"),
        Operator("lte", "one", "{order} <= {order_operand}", "equals or comes before"),
        Operator("startsWith", "text", "starts_with({text}, %s::text)", "begins with"),
        Operator("endsWith", "text", "starts_with(reverse({text}), reverse(%s::text))", "ends with"),
        Operator("like", "pattern", "{text} LIKE %s::text", "matches the SQL pattern (case-sensitive)"),
        Operator("ilike", "pattern", "{text} ILIKE %s::text", "matches the SQL pattern (any case)"),
        Operator(
            "containsIlike",
            "pattern",
            "EXISTS (SELECT 1 FROM jsonb_array_elements_text({json}) item WHERE item ILIKE %s::text)",
            "has an element that matches the SQL pattern (any case)",
            in_rest=False,
        ),
        Operator(
            "isEmptyArray",
            "flag",
            "coalesce({json} = '[]'::jsonb, true)",
            "has no element",
            in_rest=False,
            graphql="Boolean",
        ),
        Operator(
            "search",
            "text",
            "{json} @@ websearch_to_tsquery('simple', %s::text)",
            "matches the words",
            in_rest=False,
        ),
    )
}

# The sets that types take, in the order messages print them:
TEXT_OPERATORS = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "is", "like", "ilike", "startsWith", "endsWith")
NUMBER_OPERATORS = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "is")
BOOLEAN_OPERATORS = ("eq", "is")
SELECT_OPERATORS = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "containsAny", "is", "isEmptyArray")
MULTI_SELECT_OPERATORS = ("containsAny", "is", "isEmptyArray")
ARRAY_OPERATORS = ("containsIlike", "is", "isEmptyArray")
JSON_OPERATORS = ("is", "like")
TS_VECTOR_OPERATORS = ("search", "is")
