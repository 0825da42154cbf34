"""What a statement tells of a row beside its JSON: where it stands, and whether and when it was changed."""

from __future__ import annotations

from collections.abc import Sequence

from core.sql.fragment import Sql, raw

POSITION = raw("r.position")
UNCHANGED = raw("r.xmin::text")  # of a row: it is another after every change
VERSION = raw("(extract(epoch FROM r.updated_at) * 1000)::bigint::text")  # of a record: when it was last changed


def long_answers(answers: Sequence[Sql], start: int) -> list[int]:
    """The places of the answers that can be long, the first being `start`."""
    return [start + place for place, answer in enumerate(answers) if answer not in (POSITION, VERSION)]
