"""Plans of searching → one SELECT over all objects, best matches first."""

from __future__ import annotations

from uuid import UUID

from core.query.plan import EVERY
from core.query.search import After, SearchPlan, fragments, prefix_query
from core.query.words import MAX_SEARCH_TEXT, Term
from core.sql.bounded import bounded
from core.sql.files import with_urls
from core.sql.filters import at, compile_condition, table_of
from core.sql.fragment import Sql, integer, join, raw
from metadata.schema import FieldSchema, ObjectSchema


def compile_search(plan: SearchPlan) -> Sql:
    """`(object number, id, label, image address or NULL, cover, rank)` of at most `limit + 1` records.

    `cover` ranks records with all the terms, `rank` those with any of them: a word that begins a word of theirs, or
    the words of an address one behind the other. An object without one term anywhere is searched for the terms inside
    its own words, without a rank; so is every object when the text has no words. Whether it is one of these depends on
    no page, so paging through is complete.
    """
    parts = [piece for index in range(len(plan.objects)) for piece in _object(plan, index)]
    found = (
        raw("SELECT * FROM (")
        + join(parts, " UNION ALL ")
        + raw(") found ORDER BY cover DESC, rank DESC, object, id LIMIT ")
        + integer(plan.limit + 1)
    )
    return bounded(found, 6, [2])


def _object(plan: SearchPlan, index: int) -> list[Sql]:
    subject, condition = plan.objects[index]
    where = raw("r.deleted_at IS NULL")
    if condition != EVERY:
        where += raw(" AND ") + compile_condition(condition, "r")
    is_kept = not _hidden(plan, subject) and subject.search_rebuild is None
    vector = raw("r.search") if is_kept else _vector_of_what_may_be_read(plan, subject)
    if not plan.terms:
        return [_page(plan, index, _NO_RANKS, where + _inside(vector, (plan.text,) if plan.text else ()), None)]
    all_words, any_word = (
        Sql("to_tsquery('simple', %s)", (prefix_query(plan.terms, connective),)) for connective in "&|"
    )
    ranks = raw("ts_rank_cd(") + vector + raw(", ") + all_words
    ranks += raw("), ts_rank(") + vector + raw(", ") + any_word + raw(")")
    match = raw(" AND ") + vector + raw(" @@ ") + any_word
    if not is_kept and subject.search_rebuild != "missing":
        match = raw(" AND r.search @@ ") + any_word + match  # the index finds what may match
    missed = raw(f" AND NOT EXISTS (SELECT 1 FROM {table_of(subject)} r WHERE ") + where + match + raw(")")
    return [
        _page(plan, index, ranks, where + match, ranks),
        _page(plan, index, _NO_RANKS, where + missed + _inside_terms(vector, plan.terms), None),
    ]


_NO_RANKS = raw("0::real, 0::real")


def _inside_terms(vector: Sql, terms: tuple[Term, ...]) -> Sql:
    """Each term stands somewhere inside the words of the vector, the words of an address one behind the other.

    The words in their order are put together for those records only that have each of them.
    """
    sql = _inside(vector, tuple(dict.fromkeys(fragment for term in terms for fragment in fragments(term))))
    in_order = raw("(SELECT string_agg(w.lexeme, ' ' ORDER BY p.place) FROM unnest(") + vector
    in_order += raw(") w(lexeme, positions, weights), unnest(w.positions) p(place))")
    for term in terms:
        if len(term) > 1:
            sql += raw(" AND strpos(") + in_order + Sql(", %s) > 0", (" ".join(term),))
    return sql


def _inside(vector: Sql, texts: tuple[str, ...]) -> Sql:
    """Each of the texts stands somewhere in the words of the vector, which have a space on either side."""
    words = raw("strpos(concat(' ', array_to_string(tsvector_to_array(") + vector + raw("), ' '), ' '), ")
    return join([Sql(""), *(words + Sql("%s) > 0", (text,)) for text in texts)], " AND ")


def _hidden(plan: SearchPlan, subject: ObjectSchema) -> bool:
    """Whether some of the object's words are of fields that the caller may not read."""
    return any(each.id in plan.hidden for each in subject.search_fields)


_PUNCTUATION = "!\"#$%%&''()*+,-./:;<=>?@[\\]^`{|}~"  # of ASCII, as a statement with parameters spells it
_MARKS = "[\\u0300-\\u036f]"  # combining ones: accents


def _vector_of_what_may_be_read(plan: SearchPlan, subject: ObjectSchema) -> Sql:
    """A vector as the kept one, of the fields that are not hidden: neither finds nor ranks depend on the others.

    Made where it is read. What only Python folds (spellings of phone numbers, letters beyond accents) is not in it,
    and it holds no word that the kept vector does not have of the same fields, so the index still finds it.
    """
    texts = [
        f"coalesce((SELECT string_agg(v #>> '{{}}', ' ') FROM jsonb_path_query(r.data->'{field.storage_key}',"
        f" '{path}') v WHERE jsonb_typeof(v) = 'string'), '')"
        for field in subject.search_fields
        if field.id not in plan.hidden
        for path in field.type.search_paths
    ]
    if not texts:
        return raw("''::tsvector")
    text = f"normalize(left(concat_ws(' ', {', '.join(texts)}), {MAX_SEARCH_TEXT}), NFKD)"
    folded = f"lower(regexp_replace({text}, '{_MARKS}', '', 'g'))"
    blanks = " " * (len(_PUNCTUATION.replace("%%", "%").replace("''", "'")))
    return raw(f"to_tsvector('simple', translate({folded}, '{_PUNCTUATION}', '{blanks}'))")


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
