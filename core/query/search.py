"""Plans a search over objects: which are searched, what the words become, where a page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from config.errors import BadRequest, InvalidCursor
from core.query import ir
from core.query.cursors import LONGEST
from core.query.filters import plan_filter
from core.query.plan import Condition
from core.query.scope import Scope, may
from core.query.words import Term, search_terms
from metadata.fieldtypes.tsvector import fold
from metadata.schema import ObjectSchema

LARGEST_PAGE = 100
LONGEST_TEXT = 10_000  # characters of a search
FILTERABLE = ("id", "createdAt", "updatedAt", "deletedAt")
_FIRST = ("person", "company", "opportunity", "note", "task")  # objects that stand before the rest at equal rank


@dataclass(frozen=True, slots=True)
class After:
    """Where the page before ended: its last ranks, and the last id seen of each object."""

    rank_cover: float  # ts_rank_cd
    rank: float  # ts_rank
    last_ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SearchPlan:
    objects: tuple[tuple[ObjectSchema, Condition], ...]  # in the order of equal ranks
    terms: tuple[Term, ...]  # folded
    text: str  # folded; without terms nothing but itself is looked for, without any text every record is found
    limit: int
    after: After | None
    hidden: frozenset[UUID]  # fields that are not shown, not as a label or picture either
    files_schema: str | None  # as `Scope.files_schema`


def plan_search(scope: Scope, query: ir.Search) -> SearchPlan:
    """Everything resolved. Objects the caller may not read are left out; raises BadRequest, InvalidCursor."""
    if query.limit < 0:
        raise BadRequest("Limit must be non-negative", path="limit")
    if len(query.text) > LONGEST_TEXT:
        raise BadRequest(f"A search has at most {LONGEST_TEXT} characters, not {len(query.text)}", path="query")
    if query.limit > LARGEST_PAGE:
        raise BadRequest(f"Limit cannot exceed {LARGEST_PAGE} items", path="limit")
    _check_filter(query.filter)
    objects = [
        (subject, plan_filter(scope, subject, query.filter))
        for subject in scope.schema.objects
        if _is_searched(subject, query) and may(scope, "read", subject)
    ]
    objects.sort(key=lambda each: (_place(each[0].singular), each[0].singular))
    text = query.text.replace("\x00", "")
    return SearchPlan(
        tuple(objects),
        tuple(search_terms(text)),
        fold(text).strip(),
        query.limit,
        _decode(query.after),
        scope.hidden,
        scope.files_schema,
    )


def _is_searched(subject: ObjectSchema, query: ir.Search) -> bool:
    if subject.singular in query.excluded:
        return False
    if query.included is not None:
        return subject.singular in query.included
    return subject.is_searchable


def _place(singular: str) -> int:
    return _FIRST.index(singular) if singular in _FIRST else len(_FIRST)


def _check_filter(query_filter: ir.Filter | None) -> None:
    match query_filter:
        case ir.And(items) | ir.Or(items):
            for item in items:
                _check_filter(item)
        case ir.Not(item):
            _check_filter(item)
        case ir.Match(name, _) if name not in FILTERABLE:
            raise BadRequest(f'A search can be filtered by {", ".join(FILTERABLE)}, not by "{name}"', path=name)


# Cursors ---------------------------------------------------------------------------------------------


def shown_rank(rank: float) -> float | int:
    """A rank as JSON shows it in every language: `0`, not `0.0`."""
    return int(rank) if rank == int(rank) else rank


def encode_cursor(rank_cover: float, rank: float, last_ids: Mapping[str, str]) -> str:
    """Base64 of `{"lastRanks": {"tsRankCD", "tsRank"}, "lastRecordIdsPerObject": {singular: id}}`, compact."""
    ranks = {"tsRankCD": shown_rank(rank_cover), "tsRank": shown_rank(rank)}
    content = {"lastRanks": ranks, "lastRecordIdsPerObject": dict(last_ids)}
    return base64.b64encode(orjson.dumps(content)).decode()


def _decode(cursor: str | None) -> After | None:
    if not cursor:
        return None
    if len(cursor) > LONGEST:
        raise InvalidCursor.of(cursor)
    try:
        content: Any = orjson.loads(base64.b64decode(cursor, validate=True))
        ranks, ids = content["lastRanks"], content["lastRecordIdsPerObject"]
        last_ids = {str(name): str(UUID(value)) for name, value in ids.items()}
        return After(float(ranks["tsRankCD"]), float(ranks["tsRank"]), last_ids)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise InvalidCursor.of(cursor) from None


def prefix_query(terms: Sequence[Term], connective: str) -> str:
    """The words as prefixes, those of one term one behind the other: what `to_tsquery('simple', …)` takes.

    >>> prefix_query([("ada",), ("acme", "example")], "|")
    'ada:* | (acme:* <-> example:*)'
    """
    phrases = (" <-> ".join(f"{word}:*" for word in term) for term in terms)
    return f" {connective} ".join(f"({each})" if " " in each else each for each in phrases)


def fragments(term: Term) -> tuple[str, ...]:
    """What must stand in the words of a record, a space around each, for the term to be inside them.

    An address may begin in the middle of a word and end in one; what is between are whole words.

    >>> fragments(("acm",)), fragments(("acme", "co", "example"))
    (('acm',), ('acme ', ' co ', ' example'))
    """
    last = len(term) - 1
    return tuple(f"{' ' if place else ''}{word}{' ' if place < last else ''}" for place, word in enumerate(term))
