"""Options of select fields: every rule with its message, ids, defaults."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.fieldtypes import field_type
from metadata.fieldtypes.options import COLORS, options_problems
from metadata.schema import Option
from tests.metadata.fieldtypes.fields import field_of

ID = "20202020-1c25-4d02-bf25-6aeccf7ea419"
LONG = "A" * 64


def option(**members: Any) -> dict[str, Any]:
    return {"value": "NEW", "label": "New", "position": 0, **members}


def without(member: str) -> dict[str, Any]:
    return {key: value for key, value in option().items() if key != member}


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (None, ["Options are required for enum fields"]),
        ([], ["Options are required for enum fields"]),
        ({}, ["Options are required for enum fields"]),
        ([1], ["Option must be an object"]),
        ([option(id="x")], ["Option id is invalid"]),
        ([option(id=None)], ["Option id is required", "Option id is invalid"]),
        ([without("label")], ["Option label is required"]),
        ([option(label=None)], ["Option label is required"]),
        ([option(label=" ")], ["Option label must be a string of at least one character"]),
        ([option(label=1)], ["Option label must be a string of at least one character"]),
        ([option(label=LONG)], ["Option label exceeds 63 characters"]),
        ([option(label="a, b")], ["Label must not contain a comma"]),
        ([without("value")], ["Option value is required"]),
        ([option(value="")], ["Option value must be a string of at least one character"]),
        ([option(value=LONG)], ["Option value exceeds 63 characters"]),
        ([option(value="a b")], ['Value must be in UPPER_CASE and follow snake_case "a b"']),
        ([option(value="new")], ['Value must be in UPPER_CASE and follow snake_case "new"']),
        ([option(value="__TYPE")], ['Value must be in UPPER_CASE and follow snake_case "__TYPE"']),
        ([option(position="1")], ["Option position must be a number"]),
        (
            [option(color="mauve")],
            [f'Option "New" color "mauve" is not supported. Supported colors: {", ".join(COLORS)}'],
        ),
        ([option(), option(value="B")], ["Duplicated option position"]),
        ([option(id=ID), option(id=ID, value="B", position=1)], ["Duplicated option id"]),
        ([option(), option(value=" NEW ", position=1)], ["Duplicated option value"]),
        (
            [option(label="", value="a"), option(label="x,y", value="a")],
            [
                "Option label must be a string of at least one character",
                'Value must be in UPPER_CASE and follow snake_case "a"',
                "Label must not contain a comma",
                'Value must be in UPPER_CASE and follow snake_case "a"',
                "Duplicated option position",
                "Duplicated option value",
            ],
        ),
        ([option(id=ID, color="sky"), option(value="_2_B", position=-1.5)], []),
        ([option(value=f"V{n}", position=n * 3) for n in range(50)], []),
    ],
)
def test_every_broken_rule_is_reported(options: Any, messages: list[str]) -> None:
    problems = options_problems(options)
    assert [each.message for each in problems] == messages
    assert {each.code for each in problems} <= {"INVALID_FIELD_INPUT"}


def test_options_are_trimmed_and_get_ids_and_positions() -> None:
    first, second = field_type("SELECT").clean_options(
        [{"value": " NEW ", "label": " New "}, {"value": "B", "label": "B", "id": ID.upper(), "color": "red"}]
    )
    assert {**first, "id": ""} == {"id": "", "value": "NEW", "label": "New", "position": 0}
    assert len(first["id"]) == 36
    assert second == {"id": ID, "value": "B", "label": "B", "position": 1, "color": "red"}


def test_an_option_without_id_keeps_the_one_of_its_value() -> None:
    [kept] = field_type("SELECT").clean_options([option()], [Option(ID, "NEW", "Old label", 0)])
    assert kept["id"] == ID


def test_rating_has_its_own_options() -> None:
    rating = field_type("RATING")
    assert rating.options_problems([option(value="x")]) == []
    options = rating.clean_options([option(value="x")])
    assert [(each["value"], each["label"], each["position"]) for each in options] == [
        (f"RATING_{mark}", str(mark), mark - 1) for mark in range(1, 6)
    ]
    again = rating.clean_options(None, [Option(**each) for each in options])
    assert again == options


@pytest.mark.parametrize(
    ("kind", "default", "messages"),
    [
        ("SELECT", None, []),
        ("SELECT", "'NEW'", []),
        ("SELECT", '"NEW"', []),
        ("SELECT", 1, ["Default value for select must be a string got 1"]),
        ("SELECT", "NEW", ["Default value should be as quoted string"]),
        ("SELECT", "'X'", ["Default value \"'X'\" must be one of the option values"]),
        ("RATING", "'RATING_9'", ["Default value \"'RATING_9'\" must be one of the option values"]),
        ("MULTI_SELECT", ["'A'", "'B'"], []),
        ("MULTI_SELECT", "'A'", ["Default value for multi-select must be an array got \"'A'\""]),
        ("MULTI_SELECT", [], ["If defined default value must contain at least one value"]),
        ("MULTI_SELECT", ["'A'", "'A'"], ["Default values must be unique"]),
        (
            "MULTI_SELECT",
            ["A", 2],
            ["Default value should be as quoted string", "Default value for select must be a string got 2"],
        ),
    ],
)
def test_defaults_of_enums(kind: str, default: Any, messages: list[str]) -> None:
    field = field_of(kind)
    assert [each.message for each in field.type.default_problems(default, field)] == messages
