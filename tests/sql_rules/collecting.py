"""The statements that `core.sql.execute` and `metadata.storage` send while tests run, and what they break."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from config.server import shards
from core.sql import execute
from metadata.storage import statements
from tests.sql_rules.rules import broken

_ID = re.compile(r"\b((?:[a-z]_|ws_)?)[0-9a-f]{32}\b")


class Sent:
    """The texts that were sent and not looked at yet. Statements that differ by ids alone are looked at once."""

    def __init__(self) -> None:
        self.fresh: dict[tuple[str, bool], str] = {}
        self._known: set[tuple[str, bool]] = set()

    def add(self, text: str, using: str) -> None:
        names: dict[str, str] = {}
        shape = _ID.sub(lambda found: names.setdefault(found[0], f"{found[1]}n{len(names)}"), text)
        key = (shape, shards.is_citus(using))
        if key not in self._known:
            self._known.add(key)
            self.fresh[key] = text

    def faults(self) -> list[str]:
        """What the fresh ones break, each with its statement."""
        fresh, self.fresh = self.fresh, {}
        return [
            f"{fault}: {text}"
            for (shape, on_citus), text in fresh.items()
            for fault in broken(shape, on_citus=on_citus)
        ]


@contextmanager
def collecting() -> Iterator[Sent]:
    sent = Sent()

    def of_connection(wrapper: Any, text: str, *_: Any) -> tuple[str, str]:
        return text, wrapper.alias

    def noting(function: Callable[..., Any], text_of: Callable[..., tuple[str, str]]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            sent.add(*text_of(*args))
            return function(*args, **kwargs)

        return noted

    with (
        patch.object(execute, "run", noting(execute.run, lambda wrapper, text, *_: (text, wrapper.alias))),
        patch.object(execute, "run_confirming", noting(execute.run_confirming, lambda using, text, *_: (text, using))),
        patch.object(statements, "send", noting(statements.send, lambda cursor, text: (text, cursor.db.alias))),
    ):
        yield sent
