"""Plans of searching → one SELECT over all objects, best matches first."""

from __future__ import annotations

from uuid import UUID

from core.query.plan import EVERY
from core.query.search import After, SearchPlan, prefix_query
from core.sql.files import with_urls
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, array_literal, integer, join, raw
from metadata.schema import FieldSchema, ObjectSchema


def compile_search(plan: SearchPlan) -> Sql:
    """`(object number, id, label, image address or NULL, cover, rank)` of at most `limit + 1` records.

    `cover` ranks records with all the words, `rank` those with any of them. An object without one word
    anywhere is searched for the words inside its own words, without a rank; so is every object when
    the text has no words. Whether it is one of these depends on no page, so paging through is complete.
    """
    parts = [piece for index in range(len(plan.objects)) for piece in _object(plan, index)]
    return (
        raw("SELECT * FROM (")
        + join(parts, " UNION ALL ")
        + raw(") found ORDER BY cover DESC, rank DESC, object, id LIMIT ")
        + integer(plan.limit + 1)
    )


def _object(plan: SearchPlan, index: int) -> list[Sql]:
    subject, condition = plan.objects[index]
    where = raw("r.deleted_at IS NULL")
    if condition != EVERY:
        where += raw(" AND ") + compile_condition(condition, "r")
    where += _in_what_may_be_read(plan, subject)
    if not plan.words:
        return [_page(plan, index, _NO_RANKS, where + _inside((plan.text,) if plan.text else ()), None)]
    all_words, any_word = (
        Sql("to_tsquery('simple', %s)", (prefix_query(plan.words, connective),)) for connective in "&|"
    )
    ranks = raw("ts_rank_cd(r.search, ") + all_words + raw("), ts_rank(r.search, ") + any_word + raw(")")
    match = raw(" AND r.search @@ ") + any_word
    missed = raw(f" AND NOT EXISTS (SELECT 1 FROM {table_of(subject)} r WHERE ") + where + match + raw(")")
    return [
        _page(plan, index, ranks, where + match, ranks),
        _page(plan, index, _NO_RANKS, where + missed + _inside(plan.words), None),
    ]


_NO_RANKS = raw("0::real, 0::real")


def _inside(texts: tuple[str, ...]) -> Sql:
    """Each of the texts stands somewhere inside the record's words."""
    words = "array_to_string(tsvector_to_array(r.search), ' ')"
    return join([Sql(""), *(Sql(f"strpos({words}, %s) > 0", (text,)) for text in texts)], " AND ")


def _in_what_may_be_read(plan: SearchPlan, subject: ObjectSchema) -> Sql:
    """Where some of the words are of fields that are hidden: one that was asked for must stand in another field.

    As it is written there: that a value has other spellings (accents, phone numbers) is only known of all together.
    """
    texts = plan.words or ((plan.text,) if plan.text else ())
    if not texts or not any(each.id in plan.hidden for each in subject.search_fields):
        return Sql("")
    keys = array_literal([each.storage_key for each in subject.fields if each.id in plan.hidden])
    shown = "strpos(lower((r.data - %s::text[])::text), %s) > 0"
    return raw(" AND (") + join([Sql(shown, (keys, text)) for text in texts], " OR ") + raw(")")


def _page(plan: SearchPlan, index: int, ranks: Sql, where: Sql, own_ranks: Sql | None) -> Sql:
    subject = plan.objects[index][0]
    sql = raw(f"SELECT {index}, r.id, {_label(subject, plan.hidden)}, ") + _image(
        subject, plan.hidden, plan.files_schema
    )
    sql += raw(", ") + ranks
    sql += raw(f" FROM {table_of(subject)} r WHERE ") + where
    sql = raw("SELECT * FROM (") + sql + raw(") s(object, id, label, image, cover, rank)")
    if plan.after is not None:
        sql += raw(" WHERE ") + _behind(plan.after, subject, own_ranks)
    return raw("(") + sql + raw(" ORDER BY s.cover DESC, s.rank DESC, s.id LIMIT ") + integer(plan.limit + 1) + raw(")")


def _behind(after: After, subject: ObjectSchema, own_ranks: Sql | None) -> Sql:
    """Lower ranks, or the same and an id not seen yet.

    The last id seen of an object says nothing of this rank when it was seen at a higher one.
    """
    given = Sql("(%s::real, %s::real)", (after.rank_cover, after.rank))
    lower = raw("(s.cover, s.rank) < ") + given
    same = raw("(s.cover, s.rank) = ") + given
    last = after.last_ids.get(subject.singular)
    if last is not None:
        unseen = Sql("s.id > %s::uuid", (last,))
        if own_ranks is not None:
            unseen += raw(" OR (SELECT (") + own_ranks + raw(") <> ") + given
            unseen += Sql(f" FROM {table_of(subject)} r WHERE r.id = %s::uuid)", (last,))
        same += raw(" AND (") + unseen + raw(")")
    return raw("(") + lower + raw(" OR (") + same + raw("))")


def _identifier(subject: ObjectSchema, field_id: UUID | None, hidden: frozenset[UUID]) -> FieldSchema | None:
    return None if field_id is None or field_id in hidden else subject.by_id.get(field_id)


def _label(subject: ObjectSchema, hidden: frozenset[UUID]) -> str:
    """The text of the record's label, its parts joined by a space; its id where that may not be read."""
    field = _identifier(subject, subject.label_identifier_id, hidden)
    if field is None:
        return "r.id::text"
    if not field.type.subfields:
        return f"coalesce({at(field.type.sql(field).text, 'r')}, '')"
    parts = ", ".join(at(field.type.sql(field, part).text, "r") for part in field.type.empty_subfields)
    return f"concat_ws(' ', {parts})"


def _image(subject: ObjectSchema, hidden: frozenset[UUID], files_schema: str | None) -> Sql:
    field = _identifier(subject, subject.image_identifier_id, hidden)
    sql = None if field is None else field.type.image_sql(field)
    return raw("NULL::text") if sql is None else with_urls(at(sql, "r"), files_schema)
