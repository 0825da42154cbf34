"""Search over objects by words: prefixes, accents and case do not matter, best matches first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from config.principal import Principal
from core.query import ir
from core.query.scope import Scope
from core.query.search import SearchPlan, encode_cursor, plan_search, shown_rank
from core.sql.execute import fetch
from core.sql.search import compile_search
from metadata.schema import ObjectSchema, WorkspaceSchema


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found, and the cursor that continues behind it."""

    subject: ObjectSchema
    record_id: str
    label: str
    image_url: str | None
    rank_cover: float  # PostgreSQL's ts_rank_cd
    rank: float  # PostgreSQL's ts_rank
    cursor: str

    def as_json(self) -> dict[str, object]:
        """What both APIs show of it."""
        return {
            "recordId": self.record_id,
            "objectNameSingular": self.subject.singular,
            "objectLabelSingular": self.subject.label_singular,
            "label": self.label,
            "imageUrl": self.image_url,
            "tsRank": shown_rank(self.rank),
            "tsRankCD": shown_rank(self.rank_cover),
        }


@dataclass(frozen=True, slots=True)
class Hits:
    hits: tuple[Hit, ...]
    has_next: bool
    end_cursor: str | None


def search(principal: Principal, schema: WorkspaceSchema, query: ir.Search) -> Hits:
    """A page of what was found."""
    scope = Scope(schema, principal)
    plan = plan_search(scope, query)
    if not plan.objects:
        return Hits((), False, None)
    return _page(plan, fetch(compile_search(plan), principal.workspace.shard, prepare=False, late=scope))


def _page(plan: SearchPlan, rows: list[tuple[Any, ...]]) -> Hits:
    last_ids = dict(plan.after.last_ids) if plan.after is not None else {}
    hits = []
    for place, record_id, label, image_url, rank_cover, rank in rows[: plan.limit]:
        subject = plan.objects[place][0]
        last_ids[subject.singular] = str(record_id)
        cursor = encode_cursor(rank_cover, rank, last_ids)
        hits.append(Hit(subject, str(record_id), label, image_url, rank_cover, rank, cursor))
    return Hits(tuple(hits), len(rows) > plan.limit, hits[-1].cursor if hits else None)
