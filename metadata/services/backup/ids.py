"""Other ids for a copy of a workspace: those of shared rows, which are its only once in a database."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import IO
from uuid import UUID

_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM_BITS = 62  # the last of every UUID of version 4, behind what it is ordered by


class OtherIds:
    """Gives each of the known ids another one, and leaves all other text as it is.

    Ids keep the order they had: lists that are ordered by them stay as they were.
    """

    def __init__(self, known: Iterable[UUID]) -> None:
        mask = secrets.randbits(_RANDOM_BITS) | 1
        self._others = {str(id).encode(): str(UUID(int=id.int ^ mask)).encode() for id in known}

    def of(self, id: UUID) -> UUID:
        return UUID(self._others[str(id).encode()].decode())

    def text(self, text: bytes) -> bytes:
        return _ID.sub(lambda found: self._others.get(found[0], found[0]), text)


class Rows:
    """What COPY reads from: an entry of an archive line by line, its rows counted and its ids replaced."""

    def __init__(self, entry: IO[bytes], ids: OtherIds | None) -> None:
        self._entry = entry
        self._ids = ids
        self._rest = b""
        self.rows = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._entry.read(size)
        self.rows += piece.count(b"\n")
        if self._ids is None:
            return piece
        lines = self._rest + piece
        end = lines.rfind(b"\n") + 1
        while piece and not end:  # a row longer than a piece
            piece = self._entry.read(size)
            self.rows += piece.count(b"\n")
            lines += piece
            end = lines.rfind(b"\n") + 1
        self._rest = lines[end:]
        return self._ids.text(lines[:end])
