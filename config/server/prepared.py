"""Statements prepared on the server once per connection, since planning costs more than most take to run.

PREPARE and the first EXECUTE go in one round trip. PREPARE is not undone with the transaction it stands in
(https://www.postgresql.org/docs/current/sql-prepare.html), so a first run that is refused leaves the statement
behind: it is kept where the refusal shows that it was prepared, and else looked for and dropped a little later.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2 import errorcodes

DOUBTFUL_AT_ONCE = 8  # statements of which nobody knows whether the server has them, before it is asked
_PLACEHOLDER = re.compile(r"%s|%%")


class Prepared:
    """What is prepared on one of the driver's connections; the least recently used beyond the limit is dropped."""

    __slots__ = ("_doubtful", "_names", "_serial", "driver")

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self._names: OrderedDict[str, str] = OrderedDict()
        self._doubtful: set[str] = set()
        self._serial = 0

    def execute(self, cursor: Any, text: str, params: Sequence[object]) -> None:
        """Run `text`, whose parameters are `%s`. Raises psycopg2.Error."""
        arguments = "(" + ",".join(["%s"] * len(params)) + ")" if params else ""
        name = self._names.get(text)
        if name is None:
            self._prepare_and_execute(cursor, text, params, arguments)
            return
        self._names.move_to_end(text)
        try:
            cursor.execute(f"EXECUTE {name}{arguments}", params)
        except psycopg2.Error as fault:
            if is_outdated(fault):
                del self._names[text]
                self._doubtful.add(name)
            raise

    def _prepare_and_execute(self, cursor: Any, text: str, params: Sequence[object], arguments: str) -> None:
        if len(self._doubtful) >= DOUBTFUL_AT_ONCE:
            self._settle(cursor)
        self._serial += 1
        name = f"fourgate_{self._serial}"
        opening, oldest = "", None
        if len(self._names) + len(self._doubtful) >= settings.PREPARED_STATEMENTS_PER_CONNECTION:
            _, oldest = self._names.popitem(last=False)
            opening = f"DEALLOCATE {oldest};"
        try:
            cursor.execute(f"{opening}PREPARE {name} AS {_numbered(text)};EXECUTE {name}{arguments}", params)
        except psycopg2.Error as fault:
            if fault.pgcode is not None and fault.pgcode.startswith("23"):  # only running it can break a constraint
                self._names[text] = name
            else:
                self._doubtful.add(name)
                if oldest is not None:
                    self._doubtful.add(oldest)
            raise
        self._names[text] = name

    def _settle(self, cursor: Any) -> None:
        """Drop those of the doubtful that the server has."""
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name = ANY(%s)", [list(self._doubtful)])
        found = [name for (name,) in cursor.fetchall()]
        if found:
            cursor.execute(";".join(f"DEALLOCATE {name}" for name in found))
        self._doubtful.clear()


def prepared_on(wrapper: Any) -> Prepared:
    """The statements of a Django connection, which one thread alone uses; a new driver's connection has none."""
    known: Prepared | None = getattr(wrapper, "fourgate_prepared", None)
    if known is None or known.driver is not wrapper.connection:
        known = wrapper.fourgate_prepared = Prepared(wrapper.connection)
    return known


def is_outdated(fault: psycopg2.Error) -> bool:
    """Whether a column has another type than when the statement was prepared: "cached plan must not change result
    type", which PostgreSQL gives no code of its own."""
    return fault.pgcode == errorcodes.FEATURE_NOT_SUPPORTED and "cached plan" in str(fault)


def _numbered(text: str) -> str:
    """`%s` as `$1`, `$2` …; `%%` stays for the driver to halve."""
    number = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal number
        if found.group() == "%%":
            return "%%"
        number += 1
        return f"${number}"

    return _PLACEHOLDER.sub(replace, text)
