"""Search over objects by words: prefixes, accents and case do not matter, best matches first."""

from __future__ import annotations

from dataclasses import dataclass

from config.principal import Principal
from core.query import ir
from core.query.names import Scope
from core.query.search import SearchPlan, encode_cursor, plan_search
from core.sql.execute import fetch
from core.sql.search import compile_search
from metadata.schema import ObjectSchema, WorkspaceSchema


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, and the cursor that continues behind it."""

    subject: ObjectSchema
    record_id: str
    label: str
    rank_cover: float  # PostgreSQL's ts_rank_cd
    rank: float  # PostgreSQL's ts_rank
    cursor: str


@dataclass(frozen=True, slots=True)
class Hits:
    hits: tuple[Hit, ...]
    has_next: bool
    end_cursor: str | None


def search(principal: Principal, schema: WorkspaceSchema, query: ir.Search) -> Hits:
    """A page of what was found. An object without any hit on the first page is searched for the text itself."""
    scope = Scope(schema, principal)
    plan = plan_search(scope, query)
    if not plan.objects:
        return Hits((), False, None)
    using = principal.workspace.shard
    rows = fetch(compile_search(plan), using, prepare=False)
    if plan.words and plan.after is None and len(rows) <= plan.limit:
        missed = frozenset(subject.singular for subject, _ in plan.objects) - {
            plan.objects[row[0]][0].singular for row in rows
        }
        if missed:
            rows = fetch(compile_search(plan, by_text=missed), using, prepare=False)
    elif not plan.words and plan.text:
        everything = frozenset(subject.singular for subject, _ in plan.objects)
        rows = fetch(compile_search(plan, by_text=everything), using, prepare=False)
    return _page(plan, rows)


def _page(plan: SearchPlan, rows: list[tuple[int, str, str, float, float]]) -> Hits:
    last_ids = dict(plan.after.last_ids) if plan.after is not None else {}
    hits = []
    for place, record_id, label, rank_cover, rank in rows[: plan.limit]:
        subject = plan.objects[place][0]
        last_ids[subject.singular] = str(record_id)
        hits.append(Hit(subject, str(record_id), label, rank_cover, rank, encode_cursor(rank_cover, rank, last_ids)))
    return Hits(tuple(hits), len(rows) > plan.limit, hits[-1].cursor if hits else None)
