"""Plans of searching → one SELECT over all objects, best matches first."""

from __future__ import annotations

from core.query.plan import EVERY, Condition
from core.query.search import After, SearchPlan, prefix_query
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, integer, join, raw
from metadata.schema import ObjectSchema


def compile_search(plan: SearchPlan, *, by_text: frozenset[str] = frozenset()) -> Sql:
    """`(object number, id, label, rank_cover, rank)` of at most `limit + 1` records.

    Objects named in `by_text` are searched for the text itself, wherever it stands, without a rank.
    """
    parts = [
        _object(plan, index, subject, condition, is_text=subject.singular in by_text)
        for index, (subject, condition) in enumerate(plan.objects)
    ]
    return (
        raw("SELECT * FROM (")
        + join(parts, " UNION ALL ")
        + raw(") found ORDER BY cover DESC, rank DESC, object, id LIMIT ")
        + integer(plan.limit + 1)
    )


def _object(plan: SearchPlan, index: int, subject: ObjectSchema, condition: Condition, *, is_text: bool) -> Sql:
    ranked = bool(plan.words) and not is_text
    question = prefix_query(plan.words)
    if ranked:
        ranks = Sql(
            "ts_rank_cd(r.search, to_tsquery('simple', %s)) AS cover,"
            " ts_rank(r.search, to_tsquery('simple', %s)) AS rank",
            (question, question),
        )
        match = Sql("r.search @@ to_tsquery('simple', %s)", (question,))
    else:
        ranks = raw("0::real AS cover, 0::real AS rank")
        match = raw("true")
        if plan.text:
            match = Sql("strpos(r.search::text, %s) > 0", (plan.text,))
    sql = raw(f"SELECT {index} AS object, r.id, {_label(subject)} AS label, ") + ranks
    sql += raw(f" FROM {table_of(subject)} r WHERE r.deleted_at IS NULL AND ") + match
    if condition != EVERY:
        sql += raw(" AND ") + compile_condition(condition, "r")
    sql = raw("SELECT * FROM (") + sql + raw(") s")
    if plan.after is not None:
        sql += raw(" WHERE ") + _behind(plan.after, subject)
    return raw("(") + sql + raw(" ORDER BY s.cover DESC, s.rank DESC, s.id LIMIT ") + integer(plan.limit + 1) + raw(")")


def _behind(after: After, subject: ObjectSchema) -> Sql:
    ranks = (after.rank_cover, after.rank)
    lower = Sql("(s.cover, s.rank) < (%s::real, %s::real)", ranks)
    last = after.last_ids.get(subject.singular)
    same = Sql("(s.cover, s.rank) = (%s::real, %s::real)", ranks)
    if last is not None:
        same += Sql(" AND s.id > %s::uuid", (last,))
    return raw("(") + lower + raw(" OR (") + same + raw("))")


def _label(subject: ObjectSchema) -> str:
    """The text of the record's label, its parts joined by a space."""
    field = subject.by_id.get(subject.label_identifier_id) if subject.label_identifier_id else None
    if field is None:
        return "r.id::text"
    if not field.type.subfields:
        return f"coalesce({at(field.type.sql(field).text, 'r')}, '')"
    parts = ", ".join(at(field.type.sql(field, part).text, "r") for part in field.type.empty_subfields)
    return f"concat_ws(' ', {parts})"
