"""The records that a page is taken from: one table, one condition; their order, what is beyond a page, and how many.

Soft-deleted ones are hidden unless the filter names them. Whatever is read has a limit and orders by the id last.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.query.plan import EVERY, Condition, OrderKey, Window
from core.sql.filters import compile_condition, table_of
from core.sql.fragment import Sql, integer, join, raw
from core.sql.keysets import Run, index_runs, key_expression, keyset, order_by, same_value
from core.sql.totals import kept_total
from metadata.schema import ObjectSchema


def where_of(condition: Condition, sees_deleted: bool, alias: str, belongs: Sql | None = None) -> Sql:
    """Which rows of the alias are read, of those that `belongs` names."""
    conditions = [belongs] if belongs is not None else []
    if not sees_deleted:
        conditions.append(raw(f"{alias}.deleted_at IS NULL"))
    if condition != EVERY:
        conditions.append(compile_condition(condition, alias))
    return join(conditions, " AND ") if conditions else raw("true")


class Source:
    """The records a page is taken from: one table, one condition."""

    def __init__(self, subject: ObjectSchema, where: Sql, alias: str, *, is_unfiltered: bool = False) -> None:
        self.subject = subject
        self.where = where
        self.alias = alias
        self.is_unfiltered = is_unfiltered

    def table(self) -> Sql:
        return raw(f"{table_of(self.subject)} {self.alias}")

    def rows(self, order: Sequence[OrderKey], limit: int, window: Window | None = None) -> Sql:
        """`SELECT r.*` in order, at most `limit` rows, behind the window's cursor."""
        is_backward = window is not None and window.is_backward
        if window is None or not window.offset:
            runs = index_runs(order, None if window is None else window.cursor, self.alias, is_backward)
            if runs:
                return self._chained(runs, order_by(order, self.alias, is_backward), limit)
        where = self.where
        if window is not None and window.cursor is not None:
            where += raw(" AND ") + keyset(order, window.cursor, self.alias, is_backward)
        sql = raw(f"SELECT {self.alias}.* FROM ") + self.table() + raw(" WHERE ") + where
        sql += raw(" ORDER BY ") + order_by(order, self.alias, is_backward) + raw(" LIMIT ") + integer(limit)
        if window is not None and window.offset:
            sql += raw(" OFFSET ") + integer(window.offset)
        return sql

    def _chained(self, runs: Sequence[Run], ordering: Sql, limit: int) -> Sql:
        """The rows of the runs, one after the other; the second is not looked at when the first fills the page."""
        selects = [
            raw(f"SELECT {self.alias}.* FROM ")
            + self.table()
            + raw(" WHERE ")
            + join([self.where, *conditions], " AND ")
            + raw(" ORDER BY ")
            + own_ordering
            + raw(" LIMIT ")
            + integer(limit)
            for conditions, own_ordering in runs
        ]
        if len(selects) == 1:
            return selects[0]
        first, second = selects
        unfilled = raw("(SELECT count(*) FROM filled) < ") + integer(limit)
        return (
            raw("WITH filled AS MATERIALIZED (")
            + first
            + raw(
                f") SELECT {self.alias}.* FROM (SELECT 0 AS run, filled.* FROM filled UNION ALL SELECT 1, more.* FROM ("
            )
            + second
            + raw(") more WHERE ")
            + unfilled
            + raw(f") {self.alias} ORDER BY {self.alias}.run, ")
            + ordering
            + raw(" LIMIT ")
            + integer(limit)
        )

    def exists(self, further: Sql | None = None) -> Sql:
        where = self.where if further is None else self.where + raw(" AND ") + further
        return raw("EXISTS (SELECT 1 FROM ") + self.table() + raw(" WHERE ") + where + raw(")")

    def total(self) -> Sql:
        """How many records there are: kept for the whole object, counted under a filter."""
        if self.is_unfiltered:
            return kept_total(self.subject)
        return raw("(SELECT count(*) FROM ") + self.table() + raw(" WHERE ") + self.where + raw(")")


def other_side(source: Source, order: Sequence[OrderKey], window: Window) -> Sql:
    """Whether records stand on the side the page was not read towards."""
    if window.cursor is not None:
        # Nearly always the record that the cursor was made of is still there, and found by its id.
        same = [
            same_value(key, value, key_expression(key, source.alias))
            for key, value in zip(order, window.cursor, strict=True)
        ]
        beyond = keyset(order, window.cursor, source.alias, not window.is_backward)
        return (
            raw("CASE WHEN ")
            + source.exists(join(same, " AND "))
            + raw(" THEN true ELSE ")
            + source.exists(beyond)
            + raw(" END")
        )
    if window.offset:
        return source.exists()
    return raw("false")
