"""Kinds of rows as both metadata APIs answer them: a member is one row of a table.

REST's JSON and document are made of it by `metadata.rest.kinds`, GraphQL's types by `metadata.graphql.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, TypeVar

from config.principal import Principal
from config.texts import snake

Form = Literal["uuid", "text", "flag", "count", "moment", "object", "texts", "uuids", "rows"]
Read = TypeVar("Read")


class Asked:
    """One request: who asks, and what was read for its answers already."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._read: dict[Hashable, Any] = {}

    def once(self, key: Hashable, read: Callable[[], Read]) -> Read:
        """What `read` gives, asked once per request and key."""
        if key not in self._read:
            self._read[key] = read()
        found: Read = self._read[key]
        return found


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an answer.

    `path` leads to its value, attribute by attribute; without it the row has it under the member's name, in snake case.
    `told` gives, of the row, what no attribute says. An `object` holds texts by name; `of` is the kind that `rows` are.
    """

    name: str
    form: Form = "text"
    path: str | None = None
    told: Callable[[Any, Asked], object] | None = None
    is_nullable: bool = False
    choices: tuple[str, ...] = ()  # said in REST's document; GraphQL has texts
    words: str | None = None
    rest_words: str | None = None  # instead of `words`, where a document puts it otherwise
    only: Literal["rest", "graphql"] | None = None
    of: Kind | None = None

    def value(self, row: object, asked: Asked) -> object:
        if self.told is not None:
            return self.told(row, asked)
        return attrgetter(self.path or snake(self.name))(row)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row: its name in GraphQL, that of its component in REST's document, and what it has."""

    name: str
    members: tuple[Member, ...]
    component: str
    words: str | None = None

    def of(self, api: Literal["rest", "graphql"]) -> list[Member]:
        return [each for each in self.members if each.only in (None, api)]
