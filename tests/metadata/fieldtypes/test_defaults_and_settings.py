"""Defaults in their quoted form, settings, uniqueness: what the data model may say of a field."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import InvalidFilter, InvalidValue
from metadata.fieldtypes import field_type, field_types
from metadata.fieldtypes.uuid import is_uuid
from tests.metadata.fieldtypes.fields import field_of

ID = "20202020-1c25-4d02-bf25-6aeccf7ea419"


@pytest.mark.parametrize(
    ("kind", "default", "stored"),
    [
        ("TEXT", "'Hello'", "Hello"),
        ("TEXT", "''", None),
        ("NUMBER", 7, 7),
        ("BOOLEAN", False, False),
        ("DATE", "'2026-01-31'", "2026-01-31"),
        ("DATE_TIME", "2026-01-31", "2026-01-31T00:00:00.000Z"),
        ("UUID", f"'{ID}'", ID),
        ("SELECT", "'NEW'", "NEW"),
        ("MULTI_SELECT", ["'A'"], ["A"]),
        ("ARRAY", ["'a'"], ["a"]),
        ("RAW_JSON", {"a": 1}, {"a": 1}),
        ("CURRENCY", {"amountMicros": "1000000", "currencyCode": "'USD'"}, {"amountMicros": 1000000, "currencyCode": "USD"}),
        ("LINKS", {"primaryLinkLabel": "''", "primaryLinkUrl": "'https://x.io'", "secondaryLinks": None},
         {"primaryLinkUrl": "https://x.io"}),
        ("ACTOR", {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None},
         {"source": "MANUAL", "name": "System"}),
        ("ADDRESS", {"addressCity": "''"}, None),
        ("POSITION", 0, 0),
    ],
)  # fmt: skip
def test_defaults_stand_for_stored_values(kind: str, default: Any, stored: Any) -> None:
    field = field_of(kind)
    assert field.type.default_problems(default, field) == []
    assert field.type.default(default, field) == stored


def test_computed_defaults() -> None:
    assert is_uuid(field_type("UUID").default("uuid", field_of("UUID")))
    now = field_type("DATE_TIME").default("now", field_of("DATE_TIME"))
    assert field_type("DATE_TIME").clean(now, field_of("DATE_TIME")) == now
    assert len(field_type("DATE").default("now", field_of("DATE"))) == 10


@pytest.mark.parametrize(
    ("kind", "default", "message"),
    [
        ("TEXT", "Hello", "Default value should be as quoted string"),
        ("TEXT", 1, 'Invalid string value 1 for text field "sample"'),
        ("NUMBER", "'1'", "Invalid number value '1' for field \"sample\""),
        ("UUID", "'x'", "Invalid UUID value 'x' for field \"sample\""),
        ("DATE", "uuid", "Invalid value 'uuid' for date field \"sample\". Expected format: 'YYYY-MM-DD'"),
        ("CURRENCY", {"amountMicros": "x"}, 'Invalid number value NaN for field "sample.amountMicros"'),
    ],
)
def test_wrong_defaults_are_reported(kind: str, default: Any, message: str) -> None:
    field = field_of(kind)
    [problem] = field.type.default_problems(default, field)
    assert (problem.code, problem.message, problem.value) == ("INVALID_FIELD_INPUT", message, default)


def test_null_default_needs_a_nullable_field() -> None:
    message = "Default value cannot be null for non-nullable fields"
    for kind in ("TEXT", "SELECT", "MULTI_SELECT", "CURRENCY", "NUMBER"):
        field = field_of(kind, is_nullable=False)
        assert [each.message for each in field.type.default_problems(None, field)] == [message]
        assert field.type.default_problems(None, field_of(kind)) == []


def test_kept_defaults() -> None:
    actor = field_of("ACTOR")
    assert actor.type.clean_default(None, actor) is None
    assert actor.type.initial_default == {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None}
    links = field_of("LINKS")
    assert links.type.clean_default({"primaryLinkUrl": "''", "secondaryLinks": None}, links) is None
    assert links.type.clean_default({"primaryLinkUrl": "'x.io'"}, links) == {"primaryLinkUrl": "'x.io'"}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("TEXT", [], "Field settings must be an object"),
        ("NUMBER", {"dataType": "money"}, "Number data type 'money' is not supported. Supported types: float, int, bigint"),
        *(
            ("FILES", settings, "maxNumberOfValues must be defined in settings and be a number greater than 0 "
             "and less than or equal to 60")
            for settings in (None, {}, {"maxNumberOfValues": 0}, {"maxNumberOfValues": 61}, {"maxNumberOfValues": "1"})
        ),
        ("RELATION", {"relationType": "MANY_TO_ONE"},
         "Many to one field metadata should carry the join column name in its settings"),
    ],
)  # fmt: skip
def test_wrong_settings_are_reported(kind: str, settings: Any, message: str) -> None:
    [problem] = field_type(kind).settings_problems(settings)
    assert (problem.code, problem.message) == ("INVALID_FIELD_INPUT", message)


def test_settings_are_kept_as_given() -> None:
    for described in field_types():
        settings = {"maxNumberOfValues": 1, "displayFormat": "RELATIVE", "ours": [1]}
        assert described.settings_problems(settings) == []
        assert described.clean_settings(settings) == settings
        assert described.clean_settings(None) is None


def test_number_settings_choose_the_graphql_type_and_refuse_fractions() -> None:
    for data_type, graphql in (("float", "Float"), ("int", "Int"), ("bigint", "BigInt")):
        field = field_of("NUMBER", settings={"dataType": data_type})
        assert field.type.graphql_output(field) == field.type.graphql_input_type(field) == graphql
        assert field.type.graphql_filter_type(field) == f"{graphql}Filter"
    with pytest.raises(Exception) as refusal:
        field.type.clean(1.5, field)
    assert str(refusal.value) == (
        'Invalid number value 1.5 for field "sample": a field of data type bigint takes whole numbers'
    )
    assert field.type.clean(3.0, field) == 3
    assert field.type.json_schema(field)["type"] == ["integer", "null"]


INT_RANGE = (
    "a field of data type int takes numbers from -2147483648 to 2147483647; one of data type bigint takes larger ones"
)


def test_data_type_int_has_32_bits() -> None:
    field = field_of("NUMBER", settings={"dataType": "int"})
    for number in (2**31 - 1, -(2**31), 2.0**31 - 1):
        assert field.type.clean(number, field) == number
        assert field.type.coerce(number, "gt", field, "sample") == number
    for number in (2**31, -(2**31) - 1, 2.0**31):
        message = f'Invalid number value {int(number)} for field "sample": {INT_RANGE}'
        with pytest.raises(InvalidValue) as refused:
            field.type.clean(number, field)
        assert refused.value.message == message
        with pytest.raises(InvalidFilter) as unfiltered:
            field.type.coerce(number, "lt", field, "sample")
        assert unfiltered.value.message == message
    with pytest.raises(InvalidValue):
        field.type.convert("2147483648", field)
    assert [each.message for each in field.type.default_problems(2**31, field)] == [
        f'Invalid number value 2147483648 for field "sample": {INT_RANGE}'
    ]
    schema = field.type.json_schema(field)
    assert (schema["minimum"], schema["maximum"]) == (-(2**31), 2**31 - 1)
    for data_type in ("float", "bigint"):
        larger = field_of("NUMBER", settings={"dataType": data_type})
        assert larger.type.clean(2**63, larger) == 2**63
        assert "maximum" not in larger.type.json_schema(larger)


def test_which_types_cannot_be_unique() -> None:
    assert {each.name for each in field_types() if not each.unique_parts()} == {
        "ACTOR", "ADDRESS", "CURRENCY", "FILES", "FULL_NAME", "MORPH_RELATION", "POSITION", "RAW_JSON", "RELATION",
        "RICH_TEXT", "TS_VECTOR",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "default", "problems"),
    [
        ("TEXT", None, []),
        ("TEXT", "'a'", [("INDEX_FIELD_INVALID_DEFAULT_VALUE",
                          "Unique index cannot be created for field sample of type TEXT")]),
        ("FULL_NAME", None, [("INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE",
                              "Unique index cannot be created for field sample of type FULL_NAME")]),
        ("FILES", None, [("INVALID_FIELD_INPUT", "Files field is not supported for unique fields")]),
    ],
)  # fmt: skip
def test_unique_problems(kind: str, default: Any, problems: list[tuple[str, str]]) -> None:
    field = field_of(kind, default=default)
    assert [(each.code, each.message) for each in field.type.unique_problems(field)] == problems


def test_creation_refusals() -> None:
    assert {each.name: each.creation_refusal for each in field_types() if each.creation_refusal} == {
        "NUMERIC": "Field type NUMERIC is not supported for field creation. Use NUMBER instead.",
        "POSITION": "Field type POSITION must be a system field and cannot be created manually.",
        "TS_VECTOR": "TS Vector is not supported for field creation",
    }


def test_record_id_has_messages_of_its_own() -> None:
    field = field_of("UUID", column="id", name="id")
    with pytest.raises(Exception) as refusal:
        field.type.clean("abc", field)
    assert str(refusal.value) == 'Value "abc" is not a valid UUID'
    assert field.type.clean(ID.upper(), field) == ID
    assert (field.type.graphql_output(field), field.type.graphql_input_type(field)) == ("UUID", "ID")


PARAGRAPH = '[{"type":"paragraph"}]'


@pytest.mark.parametrize(
    ("blocknote", "stored"),
    [
        ("'" + PARAGRAPH + "'", PARAGRAPH),
        ('\'{"blocks":[{"type":"paragraph"}]}\'', PARAGRAPH),
        ({"blocks": [{"type": "paragraph"}]}, PARAGRAPH),
        ([{"type": "paragraph"}], PARAGRAPH),
        ({"blocks": []}, "[]"),
    ],
    ids=["text of a list", "text of a document", "document", "list", "empty document"],
)
def test_the_blocks_of_a_default_may_be_a_document(blocknote: Any, stored: str) -> None:
    field = field_of("RICH_TEXT")
    default = {"blocknote": blocknote, "markdown": "'## Heading'"}
    assert field.type.default_problems(default, field) == []
    assert field.type.clean_default(default, field) == default
    assert field.type.default(default, field) == {"blocknote": stored, "markdown": "## Heading"}


@pytest.mark.parametrize("blocknote", ["'{'", "'{}'", {"rows": []}, {"blocks": [1]}, 5])
def test_other_documents_are_no_default(blocknote: Any) -> None:
    field = field_of("RICH_TEXT")
    [problem] = field.type.default_problems({"blocknote": blocknote, "markdown": None}, field)
    fault = "must contain valid JSON" if blocknote == "'{'" else "must be a JSON array of blocks"
    assert problem.message == f'Invalid blocknote value for field "sample.blocknote" - {fault}'


@pytest.mark.parametrize(
    ("kind", "default", "is_allowed"),
    [
        ("PHONES", {"primaryPhoneNumber": "''", "primaryPhoneCountryCode": "'US'", "primaryPhoneCallingCode": "'+1'"}, True),
        ("PHONES", {"primaryPhoneNumber": "'+33612345678'"}, False),
        ("EMAILS", {"primaryEmail": "''", "additionalEmails": ["'a@b.example'"]}, True),
        ("EMAILS", {"primaryEmail": "'a@b.example'"}, False),
        ("LINKS", {"primaryLinkUrl": "''", "primaryLinkLabel": "'Site'"}, True),
        ("LINKS", {"primaryLinkUrl": "'a.example'"}, False),
        ("TEXT", "'x'", False),
        ("UUID", "uuid", True),
        ("DATE", "now", False),
    ],
)  # fmt: skip
def test_a_unique_field_has_a_default_that_says_nothing_unique(kind: str, default: Any, is_allowed: bool) -> None:
    field = field_of(kind, default=default)
    assert (field.type.unique_problems(field) == []) is is_allowed
