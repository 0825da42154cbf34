"""Conditions: the WHERE that each part of a filter becomes, with its parameters."""

from __future__ import annotations

from typing import Any

import pytest

from core.query.plan import EVERY, All, Any_, Condition, Negation, Never
from core.sql.filters import compile_condition, fill, table_of
from core.sql.fragment import EMPTY, Sql, array_literal, ident, integer, join, literal, param, quoted, raw
from core.sql.json_text import AT_ONCE, json_object
from metadata.fieldtypes.sql_types import JOINED_AT_ONCE, concat
from tests.pure.model import COMPANY, PET, compare, related_many, related_one, sql

JOB = "(r.data->>'jobTitle')"
COUNT = "((r.data->>'employees'))::numeric"
CONDITIONS: dict[str, tuple[Condition, str, tuple[Any, ...]]] = {
    "everything": (EVERY, "true", ()),
    "nothing": (Never(), "false", ()),
    "eq": (compare("person.jobTitle", "eq", "a"), f"{JOB} = %s::text", ("a",)),
    "neq": (compare("person.jobTitle", "neq", "a"), f"{JOB} <> %s::text", ("a",)),
    "in": (compare("person.jobTitle", "in", ("a", 'b"')), f"{JOB} = ANY(%s::text[])", ('{"a","b\\""}',)),
    "in of numbers": (compare("person.employees", "in", (1, 2)), f"{COUNT} = ANY(%s::numeric[])", ('{"1","2"}',)),
    "is NULL": (compare("person.jobTitle", "is", True), "(r.data->'jobTitle') IS NULL", ()),
    "is NOT_NULL": (compare("person.jobTitle", "is", False), "(r.data->'jobTitle') IS NOT NULL", ()),
    "gt of a text": (compare("person.jobTitle", "gt", "a"), f'lower({JOB}) COLLATE "C" > lower(%s::text) COLLATE "C"', ("a",)),
    "gte": (compare("person.employees", "gte", 1), f"{COUNT} >= %s::numeric", (1,)),
    "lt": (compare("person.employees", "lt", 1), f"{COUNT} < %s::numeric", (1,)),
    "lte": (compare("person.employees", "lte", 1), f"{COUNT} <= %s::numeric", (1,)),
    "startsWith": (compare("person.jobTitle", "startsWith", "a"), f"starts_with({JOB}, %s::text)", ("a",)),
    "endsWith": (compare("person.jobTitle", "endsWith", "a"), f"starts_with(reverse({JOB}), reverse(%s::text))", ("a",)),
    "like": (compare("person.jobTitle", "like", "a%"), f"{JOB} LIKE %s::text", ("a%",)),
    "ilike": (compare("person.jobTitle", "ilike", "a%"), f"{JOB} ILIKE %s::text", ("a%",)),
    "containsAny": (
        compare("person.workPreference", "containsAny", ("REMOTE",)), "(r.data->'workPreference') ?| %s::text[]", ('{"REMOTE"}',)),
    "isEmptyArray has no parameter": (
        compare("person.tags", "isEmptyArray", True), "coalesce((r.data->'tags') = '[]'::jsonb, true)", ()),
    "search": (compare("person.searchVector", "search", "a"), "(r.search) @@ websearch_to_tsquery('simple', %s::text)", ("a",)),
    "a column": (compare("person.id", "eq", "x"), "(r.id) = %s::uuid", ("x",)),
    "all": (
        All((compare("person.jobTitle", "eq", "a"), compare("person.employees", "lt", 1))),
        f"({JOB} = %s::text AND {COUNT} < %s::numeric)", ("a", 1)),
    "any": (
        Any_((compare("person.jobTitle", "eq", "a"), compare("person.jobTitle", "eq", "b"))),
        f"({JOB} = %s::text OR {JOB} = %s::text)", ("a", "b")),
    "not": (Negation(compare("person.jobTitle", "eq", "a")), f"NOT coalesce({JOB} = %s::text, false)", ("a",)),
    "a related record": (
        related_one("person.company", COMPANY, compare("company.name", "eq", "a")),
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE f0.id = ((r.data->>\'company\'))::uuid AND f0.deleted_at IS NULL'
        " AND (f0.data->>'name') = %s::text)", ("a",)),
    "a related record that may be deleted": (
        related_one("person.company", COMPANY, EVERY, sees_deleted=True),
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE f0.id = ((r.data->>\'company\'))::uuid AND true)', ()),
    "what points here": (
        related_many("pet.ownerPerson", PET, compare("pet.name", "eq", "a")),
        'EXISTS (SELECT 1 FROM "ws_test"."o_pet" f0 WHERE ((f0.data->>\'ownerPerson\'))::uuid = r.id AND f0.deleted_at IS NULL'
        " AND (f0.data->>'name') = %s::text)", ("a",)),
    "what points here and may be deleted": (
        related_many("pet.ownerPerson", PET, EVERY, sees_deleted=True),
        'EXISTS (SELECT 1 FROM "ws_test"."o_pet" f0 WHERE ((f0.data->>\'ownerPerson\'))::uuid = r.id AND true)', ()),
    "relations inside each other have names of their own": (
        related_one("person.company", COMPANY, related_many("person.company", COMPANY, EVERY, True), True),
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE f0.id = ((r.data->>\'company\'))::uuid AND'
        ' EXISTS (SELECT 1 FROM "ws_test"."o_company" f1 WHERE ((f1.data->>\'company\'))::uuid = f0.id AND true))', ()),
    "what points at a related record": (
        related_many("person.company", COMPANY, related_one("person.company", COMPANY, EVERY, True), True),
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE ((f0.data->>\'company\'))::uuid = r.id AND'
        ' EXISTS (SELECT 1 FROM "ws_test"."o_company" f1 WHERE f1.id = ((f0.data->>\'company\'))::uuid AND true))', ()),
    "inside all, any and not the level stays": (
        All((Any_((Negation(related_one("person.company", COMPANY, EVERY, True)),)), Never())),
        '((NOT coalesce(EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE f0.id = ((r.data->>\'company\'))::uuid AND true), false))'
        " AND false)", ()),
    "below a relation all, any and not know its level": (
        related_one("person.company", COMPANY, All((Any_((Negation(related_many("person.company", COMPANY, EVERY, True)), Never())), Never())), True),
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f0 WHERE f0.id = ((r.data->>\'company\'))::uuid AND ((NOT coalesce('
        'EXISTS (SELECT 1 FROM "ws_test"."o_company" f1 WHERE ((f1.data->>\'company\'))::uuid = f0.id AND true), false) OR false) AND false))', ()),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "text", "params"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_condition(condition: Condition, text: str, params: tuple[Any, ...]) -> None:
    assert compile_condition(condition, "r") == Sql(text, params)


def test_containing_a_pattern_reads_each_element() -> None:
    made = compile_condition(compare("person.tags", "containsIlike", "%a"), "x")
    assert made == Sql(
        "EXISTS (SELECT 1 FROM jsonb_array_elements_text((x.data->'tags')) item WHERE item ILIKE %s::text)", ("%a",)
    )


def test_templates() -> None:
    assert (
        fill("{value} {r} {text}", sql("person.employees"))
        == "(({r}.data->>'employees'))::numeric {r} ({r}.data->>'employees')"
    )
    assert table_of(PET) == '"ws_test"."o_pet"'


# Fragments -------------------------------------------------------------------------------------------


def test_fragments_keep_their_parameters() -> None:
    assert raw("a ") + param(1, "int") + EMPTY == Sql("a %s::int", (1,))
    assert join([param(1, "int"), raw("x"), param(2, "text")], ", ") == Sql("%s::int, x, %s::text", (1, 2))
    assert join([], ", ") == EMPTY == Sql("", ())


def test_names_and_constants_are_quoted() -> None:
    assert ident('a"b%') == Sql('"a""b%%"') and quoted("a") == '"a"'
    assert literal("it's 5%") == "'it''s 5%%'"
    assert integer(5) == Sql("5") and integer(True) == Sql("1")
    assert array_literal([]) == "{}" and array_literal(["a\\b", None, 5]) == '{"a\\\\b",NULL,"5"}'


def test_many_texts_are_joined_a_few_at_once() -> None:
    assert concat(["a"]) == "a" and concat(["a", "b", "c"]) == "(a || b || c)"
    most = [f"x{index}" for index in range(JOINED_AT_ONCE)]
    assert concat(most) == f"({' || '.join(most)})"
    assert concat([*most, "y"]) == f"(({' || '.join(most)}) || y)"
    assert concat([*most, *most, "y"]) == f"(({' || '.join(most)}) || ({' || '.join(most)}) || y)"


def test_objects() -> None:
    assert json_object([]) == Sql("'{}'")
    assert json_object([("a", "1"), ("b", '"x"')]) == Sql("""'{"a":1,"b":"x"}'""")
    assert json_object([("a", param(1, "text")), ("b", "2"), ("c", param(3, "text"))]) == Sql(
        """('{"a":' || %s::text || ',"b":2,"c":' || %s::text || '}')""", (1, 3)
    )


def test_heavy_objects_are_made_in_parts() -> None:
    pieces: list[tuple[str, Sql | str]] = [(f"k{index}", param(index, "text")) for index in range(AT_ONCE // 2)]
    made = json_object(pieces, is_heavy=True)
    assert made.params == tuple(range(AT_ONCE // 2))
    texts = [
        text for index in range(AT_ONCE // 2) for text in (f"""'{"," if index else "{"}"k{index}":'""", "%s::text")
    ]
    bound = "HAVING coalesce(sum((octet_length(v.t))::real * '1.0141204e+31'::real), 0) >= 0"
    assert (
        made.text
        == f"(SELECT string_agg(v.t, '') FROM (SELECT {concat(texts)} AS t UNION ALL SELECT '}}' AS t) v {bound})"
    )
