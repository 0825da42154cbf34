"""Every type of the registry against its own samples, and its SQL against its Python."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from config.errors import InvalidFilter, InvalidValue
from core.query.cursors import decode_cursor, encode
from core.query.plan import OrderKey
from core.sql.keysets import same_value
from metadata.fieldtypes import OPERATORS, FieldType, field_type, field_types
from metadata.fieldtypes.files import URL
from metadata.schema import FieldSchema
from tests.metadata.fieldtypes.conftest import Run
from tests.metadata.fieldtypes.fields import field_of, variants
from tests.metadata.fieldtypes.sql import condition, insert

TYPES = pytest.mark.parametrize("described", field_types(), ids=lambda each: each.name)
FIELDS = pytest.mark.parametrize(
    "field",
    [field for described in field_types() for field in variants(described)],
    ids=lambda each: f"{each.type.name}-{each.column or 'data'}",
)


def stored_of(field: FieldSchema, value: Any) -> Any:
    return field.type.merge(None, field.type.clean(value, field), field)


def test_registry_has_every_type_once() -> None:
    names = [each.name for each in field_types()]
    assert names == sorted(set(names)) and len(names) > 20
    assert field_type("RICH_TEXT_V2") is field_type("RICH_TEXT")


@TYPES
def test_type_describes_itself(described: FieldType) -> None:
    samples = described.samples
    assert described.label and described.description and described.graphql and described.graphql_filter
    assert (described.sql_type is None) == bool(described.subfields)
    assert len(samples.bad) >= 3
    assert len(samples.good) >= 3 or not described.is_writable
    assert samples.answers
    for name, part in described.subfields.items():
        assert part.name == name and part.label and part.clean and part.coerce
    assert set(described.empty_subfields) <= set(described.subfields)
    for operators in (described.operators, *(part.operators for part in described.subfields.values())):
        assert set(operators) <= set(OPERATORS)


@TYPES
def test_good_values_are_stored(described: FieldType) -> None:
    field = field_of(described)
    for value, stored in described.samples.good:
        given = copy.deepcopy(value)
        result = stored_of(field, given)
        assert result == stored and type(result) is type(stored), value
        assert given == value, "the input was changed"


@TYPES
def test_stored_values_clean_to_themselves(described: FieldType) -> None:
    field = field_of(described)
    for value, stored in described.samples.good:
        assert stored_of(field, copy.deepcopy(stored)) == stored, value


@TYPES
def test_bad_values_are_refused(described: FieldType) -> None:
    field = field_of(described)
    for value, message in described.samples.bad:
        with pytest.raises(InvalidValue) as refusal:
            described.clean(value, field)
        assert refusal.value.message == message
        assert refusal.value.status == 400


@TYPES
def test_answers(described: FieldType) -> None:
    field = field_of(described)
    for stored, answer in described.samples.answers:
        assert described.answer(stored, field) == answer


@TYPES
@pytest.mark.parametrize("is_nullable", [True, False])
def test_json_schema_holds_for_answers_and_inputs(described: FieldType, is_nullable: bool) -> None:
    field = field_of(described, is_nullable=is_nullable)
    answered, accepted = described.json_schema(field), described.input_json_schema(field)
    Draft202012Validator.check_schema(answered)
    Draft202012Validator.check_schema(accepted)
    assert answered["title"] == accepted["title"] == "Sample"
    for stored, answer in described.samples.answers:
        if stored is not None or is_nullable or described.subfields:
            Draft202012Validator(answered, format_checker=FormatChecker()).validate(answer)
    for example in answered["examples"]:
        Draft202012Validator(answered).validate(example)
    if not described.is_writable:
        return
    for value, _ in described.samples.good:
        if value is not None and not (described.name in LOOSE and isinstance(value, str)):
            Draft202012Validator(accepted).validate(value)
    for example in accepted["examples"]:
        Draft202012Validator(accepted).validate(example)
        described.clean(example, field)
    if not is_nullable and described.name != "RAW_JSON" and not described.is_relation:
        assert not Draft202012Validator(accepted).is_valid(None)


# Types that take more than their schema advertises: one bare string where a list is asked for.
LOOSE = ("ARRAY", "MULTI_SELECT")


@TYPES
def test_graphql_names(described: FieldType) -> None:
    field = field_of(described)
    assert described.graphql_output(field)
    assert described.graphql_filter_type(field).endswith(("Filter", "FilterInput"))
    if described.subfields:
        assert described.graphql_input_type(field) == f"{described.graphql}CreateInput"
        assert described.graphql_input_type(field, for_update=True) == f"{described.graphql}UpdateInput"
        assert described.graphql_filter == f"{described.graphql}FilterInput"


# SQL -------------------------------------------------------------------------------------------------


def parts_of(field: FieldSchema) -> list[str | None]:
    """The sub-fields of a composite; None stands for a scalar's whole value."""
    return [*field.type.subfields] or [None]


def stored_samples(field: FieldSchema) -> list[Any]:
    """What can be stored: answers' stored values and cleaned inputs; the id column takes no null."""
    samples = field.type.samples
    values = [stored for stored, _ in samples.answers] + [stored for _, stored in samples.good]
    return [value for value in values if value not in ("first", "last")]


def answer_sql(field: FieldSchema) -> str:
    """The type's SQL of an answer, without the addresses of files, which are of a workspace."""
    return field.type.whole_answer_sql(field).replace(URL, "NULL")


@FIELDS
def test_sql_answers_what_python_answers(field: FieldSchema, run: Run) -> None:
    for stored in stored_samples(field):
        insert(field, stored, run)
        [(whole,)] = run(f"SELECT {answer_sql(field)} FROM sample_record r")
        assert json.loads(whole) == field.type.answer(stored, field), stored
        for name in field.type.subfields:
            [(part,)] = run(f"SELECT {field.type.sql(field, name).answer} FROM sample_record r")
            assert json.loads(part) == field.type.answer(stored, field)[name]


@FIELDS
def test_sql_prints_whole_numbers_and_moments_as_clients_expect(field: FieldSchema, run: Run) -> None:
    expected = {"POSITION": (1000, "1000"), "DATE_TIME": ("2026-01-31T09:30:00.000Z", '"2026-01-31T09:30:00.000Z"')}
    if field.type.name in expected:
        stored, text = expected[field.type.name]
        insert(field, stored, run)
        assert run(f"SELECT {answer_sql(field)} FROM sample_record r") == [(text,)]


def operands(field: FieldSchema) -> list[tuple[str | None, str, Any]]:
    """(sub-field, operator, coerced operand) of every sample operand."""
    found = []
    for key, operand in field.type.samples.operands.items():
        part, _, operator = key.rpartition(".")
        path = f"sample.{part}" if part else "sample"
        value = field.type.coerce(operand, operator, field, path)
        found.append((part or None, operator, [value] if OPERATORS[operator].shape == "list" else value))
    return found


@FIELDS
def test_every_operator_runs(field: FieldSchema, run: Run) -> None:
    """Each operator of each part: on every stored sample, with an operand the type takes, without an error."""
    samples = operands(field)
    parts = parts_of(field)
    for stored in stored_samples(field):
        insert(field, stored, run)
        for part in parts:
            allowed = field.type.operators if part is None else field.type.subfields[part].operators
            for operator in allowed:
                shape = OPERATORS[operator].shape
                text = condition(field, operator, part)
                if shape in ("null", "flag"):
                    [(truth,)] = run(f"SELECT {text} FROM sample_record r")
                    assert truth in (True, False)
                    continue
                given = [value for p, o, value in samples if p == part and OPERATORS[o].shape == shape]
                given = [value for p, o, value in samples if (p, o) == (part, operator)] or given
                for value in given:
                    assert text.count("%s") == 1
                    [(truth,)] = run(f"SELECT {text} FROM sample_record r", (value,))
                    assert truth in (True, False, None)


@FIELDS
def test_absent_values_are_null_and_orderable(field: FieldSchema, run: Run) -> None:
    insert(field, None, run)
    for part in parts_of(field):
        sql = field.type.sql(field, part)
        assert run(f"SELECT {condition(field, 'is', part)} FROM sample_record r") == [(True,)]
        assert run(f"SELECT 1 FROM sample_record r ORDER BY {sql.order} NULLS LAST") == [(1,)]


def _equal_operators() -> list[tuple[FieldSchema, str | None]]:
    found: list[tuple[FieldSchema, str | None]] = []
    for described in field_types():
        for field in variants(described):
            for part in parts_of(field):
                operators = described.operators if part is None else described.subfields[part].operators
                if "eq" in operators and described.name != "TS_VECTOR":
                    found.append((field, part))
    return found


@pytest.mark.parametrize(
    ("field", "part"),
    _equal_operators(),
    ids=lambda each: each if isinstance(each, str) else getattr(each, "column", None),
)
def test_stored_values_equal_themselves(field: FieldSchema, part: str | None, run: Run) -> None:
    """Each stored sample is found by `eq`, `in`, `gte` and `lte` of itself and missed by `neq`, `gt` and `lt`."""
    path = "sample" if part is None else f"sample.{part}"
    operators = field.type.operators if part is None else field.type.subfields[part].operators
    for stored in stored_samples(field):
        if (stored if part is None or stored is None else stored.get(part)) is None:
            continue
        value = field.type.answer(stored, field)
        value = value if part is None else value[part]
        insert(field, stored, run)
        for operator, truth in {
            "eq": True, "in": True, "containsAny": True, "gte": True, "lte": True, "neq": False, "gt": False, "lt": False,
        }.items():  # fmt: skip
            if operator not in operators:
                continue
            operand: Any = field.type.coerce(value, operator, field, path)
            operand = [operand] if OPERATORS[operator].shape == "list" else operand
            [(found,)] = run(f"SELECT {condition(field, operator, part)} FROM sample_record r", (operand,))
            assert found is truth, (operator, stored)


# Orders and groups -----------------------------------------------------------------------------------

ID = field_of("UUID", column="id", name="id")
RECORD = "5d6f0a5e-7f0e-4c60-8d3a-0d7c1f6c2b11"
NO_OBJECT: Any = None  # only a value that was too long for a cursor is asked of its record


@FIELDS
def test_a_cursor_reads_back(field: FieldSchema, run: Run) -> None:
    """What a cursor holds of each stored sample finds that sample again, and nothing behind it."""
    for part in parts_of(field):
        if not (field.type.orderable if part is None else field.type.subfields[part].orderable):
            continue
        sql = field.type.sql(field, part)
        keys = (OrderKey(("sample",), sql, False, False), OrderKey(("id",), ID.type.sql(ID), False, True))
        for stored in stored_samples(field):
            insert(field, stored, run)
            [(text,)] = run(f"SELECT {sql.cursor} FROM sample_record r")
            cursor = encode(f'{{"sample":{text},"id":"{RECORD}"}}')
            value = decode_cursor(cursor, NO_OBJECT, keys)[0]
            same = same_value(keys[0], value, sql.order)
            assert run(f"SELECT {same.text} FROM sample_record r", same.params) == [(True,)], (stored, text)


@FIELDS
def test_a_group_prints_what_the_type_answers(field: FieldSchema, run: Run) -> None:
    for part in parts_of(field):
        if not (field.type.groupable if part is None else field.type.subfields[part].groupable):
            continue
        sql = field.type.sql(field, part)
        for stored in stored_samples(field):
            if (stored if part is None or stored is None else stored.get(part)) in (None, "", []):
                continue
            answer = field.type.answer(stored, field)
            answer = answer if part is None else answer[part]
            insert(field, stored, run)
            shown = field.type.group_sql(sql).replace("{d}", "d.d")
            [(text,)] = run(f"SELECT ({shown})::text FROM (SELECT {sql.value} AS d FROM sample_record r) d")
            printed = json.loads(text)
            assert printed == answer or (sql.cast in ("numeric", "float8") and float(printed) == float(answer)), stored


# Uniqueness ------------------------------------------------------------------------------------------


@FIELDS
def test_unique_key_matches_itself(field: FieldSchema, run: Run) -> None:
    if not field.type.unique_parts():
        assert field.type.unique_values({"a": 1}) is None
        return
    expressions, casts = field.type.unique_sql(field), field.type.unique_operands(field)
    where = field.type.unique_condition_sql(field) or "true"
    index = ", ".join(f"({each})" for each in expressions).replace("{r}.", "")
    run(f"CREATE UNIQUE INDEX ON sample_record ({index}) WHERE {where.replace('{r}.', '')}")
    for stored in stored_samples(field):
        insert(field, stored, run)
        values = field.type.unique_values(stored)
        matches = " AND ".join(f"{left} = {cast}" for left, cast in zip(expressions, casts, strict=True))
        if values is None:
            insert(field, stored, run)
            run("INSERT INTO sample_record (data) SELECT data FROM sample_record")  # no part in the constraint
        else:
            assert run(f"SELECT {matches} AND {where} FROM sample_record r", values) == [(True,)]


# Filters ---------------------------------------------------------------------------------------------

FILTER_REFUSALS: list[tuple[str, str, Any, str]] = [
    ("UUID", "eq", "invalid-uuid", "Invalid UUID value 'invalid-uuid' for field \"sample\""),
    ("UUID", "eq", 2, 'Invalid UUID value 2 for field "sample"'),
    ("UUID", "eq", {}, 'Invalid UUID value {} for field "sample"'),
    ("UUID", "eq", [], 'Invalid UUID value [] for field "sample"'),
    ("UUID", "in", "", "Invalid UUID value '' for field \"sample\""),
    ("UUID", "eq", True, 'Invalid UUID value true for field "sample"'),
    ("RELATION", "in", "x", "Invalid UUID value 'x' for field \"sample\""),
    ("NUMBER", "eq", "not-a-number", 'Invalid number value NaN for field "sample"'),
    ("NUMBER", "eq", {}, 'Invalid number value NaN for field "sample"'),
    ("NUMBER", "eq", True, 'Invalid number value NaN for field "sample"'),
    ("POSITION", "gt", "x", 'Invalid number value NaN for field "sample"'),
    ("BOOLEAN", "eq", "yes", "Invalid boolean value 'yes' for field \"sample\""),
    ("BOOLEAN", "eq", 1, 'Invalid boolean value 1 for field "sample"'),
    ("DATE", "eq", "not-a-date", "Invalid value 'not-a-date' for date field \"sample\". Expected format: 'YYYY-MM-DD'"),
    ("DATE", "eq", [], "Invalid value [] for date field \"sample\". Expected format: 'YYYY-MM-DD'"),
    (
        "DATE_TIME",
        "eq",
        True,
        "Invalid value true for date-time field \"sample\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'",
    ),
    ("SELECT", "eq", "X", 'Invalid value "X" for field "sample". Valid values are: NEW, OPTION_2'),
    ("SELECT", "in", 5, 'Invalid value "5" for field "sample". Valid values are: NEW, OPTION_2'),
    ("MULTI_SELECT", "containsAny", "X", 'Invalid value "X" for field "sample". Valid values are: A, B'),
    ("RAW_JSON", "like", {}, 'Filter operator "like" requires a string value for field "sample", got object'),
    ("RAW_JSON", "like", [], 'Filter operator "like" requires a string value for field "sample", got object'),
    ("RAW_JSON", "like", True, 'Filter operator "like" requires a string value for field "sample", got boolean'),
    ("RAW_JSON", "like", 2, 'Filter operator "like" requires a string value for field "sample", got number'),
    (
        "ARRAY",
        "containsIlike",
        2,
        'Filter operator "containsIlike" requires a string value for field "sample", got number',
    ),
    ("TEXT", "startsWith", 2, 'Filter operator "startsWith" requires a string value for field "sample", got number'),
    ("TEXT", "eq", 2, 'Invalid string value 2 for text field "sample"'),
]


@pytest.mark.parametrize(("kind", "operator", "operand", "message"), FILTER_REFUSALS)
def test_operands_are_refused(kind: str, operator: str, operand: Any, message: str) -> None:
    field = field_of(kind)
    with pytest.raises(InvalidFilter, match=re.escape(message)) as refusal:
        field.type.coerce(operand, operator, field, "sample")
    assert refusal.value.message == message


def test_operands_of_canonical_types_are_canonical() -> None:
    emails, links = field_of("EMAILS"), field_of("LINKS")
    path = "sample.primaryEmail"
    assert emails.type.coerce("Ada@München.example", "eq", emails, path) == "ada@xn--mnchen-3ya.example"
    assert emails.type.coerce("%@Example", "like", emails, path) == "%@Example"
    assert emails.type.coerce(None, "eq", emails, path) == ""
    path = "sample.primaryLinkUrl"
    assert links.type.coerce("HTTPS://ACME.com/", "in", links, path) == "https://acme.com"
    assert links.type.coerce("no link", "eq", links, path) == "no link"
