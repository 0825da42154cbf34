"""The statements over workspaces' tables that are sent while tests run, and what they break.

Those for records are looked at in `config.server.statements`, where all of them come by: with what the request adds, the
check of its caller say. Those for the tables themselves in `metadata.storage`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from config.server import shards, statements
from metadata.storage import statements as ddl
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

    def noting(function: Callable[..., Any], text_of: Callable[..., tuple[str, str]]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            text, using = text_of(*args)
            if "ws_" in text:  # a workspace's schema: what is sent for callers and counts comes by here too
                sent.add(text, using)
            return function(*args, **kwargs)

        return noted

    def of_records(wrapper: Any, text: str, *_: Any) -> tuple[str, str]:
        return text, wrapper.alias

    with (
        patch.object(statements, "_sent", noting(statements._sent, of_records)),
        patch.object(ddl, "send", noting(ddl.send, lambda cursor, text: (text, cursor.db.alias))),
    ):
        yield sent
