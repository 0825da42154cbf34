"""Names and labels of objects and fields: every rule with its message, in order."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import InvalidMetadataInput
from metadata.names import (
    RESERVED,
    composite_column,
    computed_name,
    computed_object_names,
    field_problems,
    name_problems,
    object_problems,
)

LONG, SHORT = "Name is too long", "Name is too short"
INVALID = "Name is not valid: it must start with lowercase letter and contain only alphanumeric letters"
TAKEN = 'This name is reserved. Use a different name or the system will add "Custom" suffix.'


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("rocket", []),
        ("restTest3x9k2", []),
        (" rocket ", []),
        ("a" * 63, []),
        ("a" * 64, [LONG]),
        ("A" * 64, [LONG, INVALID]),
        ("", [SHORT, INVALID]),
        ("  ", [SHORT, INVALID]),
        ("Rocket", [INVALID]),
        ("3rockets", [INVALID]),
        ("my_rocket", [INVALID]),
        ("rockét", [INVALID]),
        ("rocket\n2", [INVALID]),
        ("relation", [TAKEN]),
        ("users", [TAKEN]),
        ("fullName", []),
        ("fullNames", [TAKEN]),
    ],
)
def test_names(name: str, messages: list[str]) -> None:
    assert [(each.code, each.message, each.value) for each in name_problems(name, "CODE")] == [
        ("CODE", message, name) for message in messages
    ]


def test_reserved_words() -> None:
    for word in (
        "pageLayoutWidgets",
        "postgresCredential",
        "currency",
        "currencies",
        "aggregate",
        "disconnect",
        "index",
    ):
        assert word in RESERVED
    assert "person" not in RESERVED and "currencys" not in RESERVED


def of_object(**members: Any) -> list[tuple[str, str]]:
    values = {
        "singular": "rocket", "plural": "rockets", "label_singular": "Rocket", "label_plural": "Rockets",
        "is_label_synced": False, "taken": (), **members,
    }  # fmt: skip
    return [(each.code, each.message) for each in object_problems(**values)]


@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({}, []),
        ({"is_label_synced": True}, []),
        ({"label_singular": "Same", "label_plural": "Same"}, []),
        ({"plural": "rocket"}, [("INVALID_OBJECT_INPUT", "The singular and plural names cannot be the same for an object")]),
        ({"taken": {"rockets"}}, [("OBJECT_ALREADY_EXISTS", "Object already exists")]),
        ({"label_singular": " "}, [("INVALID_OBJECT_INPUT", "Object label is too short")]),
        ({"label_plural": "x" * 64}, [("INVALID_OBJECT_INPUT", "Object label is too long")]),
        ({"label_singular": "Moon", "is_label_synced": True}, [("INVALID_OBJECT_INPUT", "Names are not synced with labels")]),
        ({"singular": " ", "plural": "Rockets", "label_plural": ""}, [
            ("INVALID_OBJECT_INPUT", SHORT), ("INVALID_OBJECT_INPUT", INVALID), ("INVALID_OBJECT_INPUT", INVALID),
            ("INVALID_OBJECT_INPUT", "Object label is too short"),
        ]),
    ],
)  # fmt: skip
def test_objects(members: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert of_object(**members) == problems


@pytest.mark.parametrize(
    ("members", "problems"),
    [
        ({}, []),
        ({"taken": {"fuel"}}, [("NOT_AVAILABLE", 'Name "fuel" is not available as it is already used by another field')]),
        ({"name": "addressAddressCity", "composite_columns": {"addressAddressCity"}},
         [("RESERVED_KEYWORD", 'Name "addressAddressCity" is reserved composite field name')]),
        ({"label": "Oxygen", "is_label_synced": True},
         [("NAME_NOT_SYNCED_WITH_LABEL", "Name is not synced with label")]),
        ({"label": "Oxygen", "is_label_synced": True, "operation": "update"},
         [("FIELD_MUTATION_NOT_ALLOWED", "Name is not synced with label.")]),
        ({"label": "Fuel", "is_label_synced": True}, []),
        ({"name": "Fuel", "taken": {"Fuel"}}, [
            ("INVALID_FIELD_INPUT", INVALID),
            ("NOT_AVAILABLE", 'Name "Fuel" is not available as it is already used by another field'),
        ]),
    ],
)  # fmt: skip
def test_fields(members: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    values: dict[str, Any] = {
        "name": "fuel", "label": "Fuel", "operation": "create", "is_label_synced": False, "taken": (),
        "composite_columns": (), **members,
    }  # fmt: skip
    assert [(each.code, each.message) for each in field_problems(**values)] == problems


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("", ""),
        ("Close date", "closeDate"),
        ("  Close   date ", "closeDate"),
        ("ARR", "arr"),
        ("HTML parser", "htmlParser"),
        ("LinkedIn Profile", "linkedinProfile"),
        ("reportTarget", "reporttarget"),
        ("iPhone", "iphone"),
        ("PDFDocument v2Final", "pdfdocumentV2Final"),
        ("ГлавныйОфис", "glavnyiofis"),
        ("my_field-name", "myFieldName"),
        ("restTest3x9k2", "resttest3X9K2"),
        ("3D model", "n3DModel"),
        ("Café Größe", "cafeGrosse"),
        ("Ærøskøbing", "aeroskobing"),
        ("Имя клиента", "imyaKlienta"),
        ("Owner's name", "ownerSName"),
        ("Type", "typeCustom"),
        ("Users", "usersCustom"),
    ],
)
def test_computed_names(label: str, name: str) -> None:
    assert computed_name(label) == name


@pytest.mark.parametrize("label", ["!!!", " ", "日本"])
def test_labels_without_letters_have_no_name(label: str) -> None:
    with pytest.raises(InvalidMetadataInput) as refusal:
        computed_name(label)
    assert refusal.value.message == f'Invalid label: "{label}"'


def test_equal_plurals_are_told_apart() -> None:
    assert computed_object_names("Sheep", "Sheep") == ("sheep", "sheeps")
    singular, plural = computed_object_names("a" * 63, "a" * 63)
    assert (len(plural), plural[-1]) == (63, "s") and singular != plural


def test_composite_columns() -> None:
    assert composite_column("domainName", "primaryLinkUrl") == "domainNamePrimaryLinkUrl"
