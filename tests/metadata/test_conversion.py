"""Changing a field's type with its stored values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from config.errors import MetadataValidationFailed
from metadata import services
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.services import field_change_type
from tests.metadata.conftest import Table, index_names, shown, version_of

AddField = Callable[..., FieldMetadata]
OPTIONS = [
    {"value": "NEW", "label": "Brand new", "position": 0},
    {"value": "DONE", "label": "Done", "position": 1},
]


def _change(field: FieldMetadata, type: str, **more: Any) -> Any:
    return field_change_type(workspace_id=field.workspace_id, field_id=field.id, type=type, **more)


CONVERSIONS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], list[tuple[Any, Any]]]] = {
    "text to select": ("TEXT", {}, "SELECT", {"options": OPTIONS}, [("NEW", "NEW"), (" brand NEW ", "NEW"), ("done", "DONE")]),
    "text to multi-select": (
        "TEXT", {}, "MULTI_SELECT", {"options": OPTIONS}, [("DONE, NEW", ["DONE", "NEW"]), ("Brand new", ["NEW"])]
    ),
    "text to number": ("TEXT", {}, "NUMBER", {}, [("12", 12), (" -3.5 ", -3.5), ("12345678901234567890123", 12345678901234567890123)]),
    "text to array": ("TEXT", {}, "ARRAY", {}, [("a, b", ["a, b"])]),
    "text to boolean": ("TEXT", {}, "BOOLEAN", {}, [("true", True), ("No", False), ("1", True)]),
    "text to date": ("TEXT", {}, "DATE", {}, [("2026-01-31", "2026-01-31"), ("01/31/2026", "2026-01-31")]),
    "text to date-time": ("TEXT", {}, "DATE_TIME", {}, [("2026-01-31T09:30:00+01:00", "2026-01-31T08:30:00.000Z")]),
    "text to e-mails": ("TEXT", {}, "EMAILS", {}, [("Ada@Example.org", {"primaryEmail": "ada@example.org"})]),
    "text to links": ("TEXT", {}, "LINKS", {}, [("https://X.example/", {"primaryLinkUrl": "https://x.example"})]),
    "text to full name": ("TEXT", {}, "FULL_NAME", {}, [("Ada King Lovelace", {"firstName": "Ada", "lastName": "King Lovelace"})]),
    "text to rating": ("TEXT", {}, "RATING", {}, [("3", "RATING_3"), ("RATING_5", "RATING_5")]),
    "number to text": ("NUMBER", {}, "TEXT", {}, [(12, "12"), (-3.5, "-3.5")]),
    "number to rating": ("NUMBER", {}, "RATING", {}, [(1, "RATING_1"), (5, "RATING_5")]),
    "rating to number": ("RATING", {}, "NUMBER", {}, [("RATING_4", 4)]),
    "select to text": ("SELECT", {"options": OPTIONS}, "TEXT", {}, [("NEW", "NEW")]),
    "select to multi-select, its options kept": (
        "SELECT", {"options": OPTIONS}, "MULTI_SELECT", {}, [("NEW", ["NEW"]), ("DONE", ["DONE"])]
    ),
    "multi-select of one to select": ("MULTI_SELECT", {"options": OPTIONS}, "SELECT", {}, [(["DONE"], "DONE")]),
    "multi-select to array": ("MULTI_SELECT", {"options": OPTIONS}, "ARRAY", {}, [(["NEW", "DONE"], ["NEW", "DONE"])]),
    "array to text": ("ARRAY", {}, "TEXT", {}, [(["a", "b"], "a, b")]),
    "date to date-time": ("DATE", {}, "DATE_TIME", {}, [("2026-01-31", "2026-01-31T00:00:00.000Z")]),
    "date-time to date": ("DATE_TIME", {}, "DATE", {}, [("2026-01-31T23:59:59.999Z", "2026-01-31")]),
    "boolean to text": ("BOOLEAN", {}, "TEXT", {}, [(True, "true"), (False, "false")]),
    "boolean to number": ("BOOLEAN", {}, "NUMBER", {}, [(True, 1), (False, 0)]),
    "e-mails to array": (
        "EMAILS", {}, "ARRAY", {}, [({"primaryEmail": "a@b.example", "additionalEmails": ["c@d.example"]}, ["a@b.example", "c@d.example"])]
    ),
    "rich text to text": ("RICH_TEXT", {}, "TEXT", {}, [({"markdown": "# Hi", "blocknote": "[]"}, "# Hi")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CONVERSIONS)
def test_values_convert(case: str, add_field: AddField, rockets: Table, workspace: Workspace) -> None:
    old, old_more, new, new_more, pairs = CONVERSIONS[case]
    field = add_field("thing", old, **old_more)
    rockets.insert(*({"thing": stored} for stored, _ in pairs), {})
    version = version_of(workspace)
    dry = _change(field, new, dry_run=True, **new_more)
    assert (dry.converted, dry.unconverted_count, dry.is_dry_run) == (len(pairs), 0, True)
    assert [each.get("thing") for each in rockets.values()] == [stored for stored, _ in pairs] + [None]
    assert version_of(workspace) == version
    done = _change(field, new, **new_more)
    assert (done.converted, done.is_dry_run) == (len(pairs), False)
    assert rockets.values() == [{"thing2": converted} for _, converted in pairs] + [{}]
    assert version_of(workspace) == version + 1
    changed = shown(workspace, "rocket").by_name["thing"]
    assert (changed.type.name, changed.storage_key, changed.id) == (new, "thing2", field.id)


UNCONVERTIBLE: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], Any, str]] = {
    "no option": ("TEXT", {}, "SELECT", {"options": OPTIONS}, "OLD", 'Invalid value "OLD" for field "thing". Valid values are: NEW, DONE'),
    "no number": ("TEXT", {}, "NUMBER", {}, "abc", "Invalid number value 'abc' for field \"thing\""),
    "a fraction for whole numbers": ("TEXT", {}, "NUMBER", {"settings": {"dataType": "int"}}, "1.5", "Invalid number value 1.5 for field \"thing\": a field of data type int takes whole numbers"),
    "no date": ("TEXT", {}, "DATE", {}, "soon", "Invalid value 'soon' for date field \"thing\". Expected format: 'YYYY-MM-DD'"),
    "no word for yes or no": ("TEXT", {}, "BOOLEAN", {}, "maybe", "Invalid boolean value 'maybe' for field \"thing\""),
    "two choices for one": ("MULTI_SELECT", {"options": OPTIONS}, "SELECT", {}, ["NEW", "DONE"], 'Invalid value "[ \'NEW\', \'DONE\' ]" for field "thing". Valid values are: NEW, DONE'),
    "a label that nothing keeps": ("LINKS", {}, "TEXT", {}, {"primaryLinkUrl": "https://x.example", "primaryLinkLabel": "X"}, "The value cannot be kept by a field of type TEXT"),
    "an address": ("ADDRESS", {}, "TEXT", {}, {"addressCity": "Oslo"}, "The value cannot be kept by a field of type TEXT"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNCONVERTIBLE)
def test_values_that_do_not_convert_are_listed(
    case: str, add_field: AddField, rockets: Table, workspace: Workspace
) -> None:
    old, old_more, new, new_more, value, message = UNCONVERTIBLE[case]
    field = add_field("thing", old, **old_more)
    (id,) = rockets.insert({"thing": value})
    before = version_of(workspace)
    dry = _change(field, new, dry_run=True, **new_more)
    assert (dry.converted, dry.unconverted_count) == (0, 1)
    assert [each.as_json() for each in dry.unconverted] == [{"recordId": str(id), "value": value, "message": message}]
    with pytest.raises(MetadataValidationFailed) as caught:
        _change(field, new, **new_more)
    summary, listed = caught.value.failures[0].problems
    assert summary.message == f"1 of 1 values of field thing cannot be converted to {new}"
    assert (listed.message, listed.value) == (message, dry.unconverted[0].as_json())
    assert rockets.values() == [{"thing": value}]
    assert version_of(workspace) == before
    assert shown(workspace, "rocket").by_name["thing"].type.name == old


def test_only_the_first_twenty_are_listed(add_field: AddField, rockets: Table) -> None:
    field = add_field("thing", "TEXT")
    ids = rockets.insert(*({"thing": f"x{number}"} for number in range(30)), {"thing": "5"})
    dry = _change(field, "NUMBER", dry_run=True)
    assert (dry.converted, dry.unconverted_count) == (1, 30)
    assert [each.record_id for each in dry.unconverted] == sorted(ids[:30], key=str)[:20]


def test_indexes_are_built_for_the_new_type(
    add_field: AddField, rockets: Table, workspace: Workspace, rocket: ObjectMetadata
) -> None:
    field = add_field("thing", "NUMBER")
    rockets.insert({"thing": 5})
    values = {"objectMetadataId": str(rocket.id), "indexType": "BTREE", "fields": [{"fieldMetadataId": str(field.id)}]}
    index = services.index_create(workspace_id=workspace.id, values=values)
    before = index_names(workspace, rocket.id)
    _change(field, "TEXT")
    assert index_names(workspace, rocket.id) == before
    assert IndexMetadata.objects.filter(id=index.id).exists()
    rockets.insert({"thing2": "no number any more"})


def test_uniqueness_is_kept_and_checked(
    add_field: AddField, rockets: Table, workspace: Workspace, rocket: ObjectMetadata
) -> None:
    field = add_field("thing", "TEXT", isUnique=True)
    rockets.insert({"thing": "5"}, {"thing": "5.0"})
    dry = _change(field, "NUMBER", dry_run=True)
    assert [each.message for each in dry.unconverted] == ["Another record would have the same value"]
    with pytest.raises(MetadataValidationFailed):
        _change(field, "NUMBER")
    assert index_names(workspace, rocket.id) == {f"u_{field.id.hex}"}
    with pytest.raises(MetadataValidationFailed) as caught:
        _change(field, "RAW_JSON")
    assert caught.value.failures[0].problems[0].code == "INDEX_FIELD_INVALID_TYPE_FOR_UNIQUE"
    other = add_field("code", "NUMBER", isUnique=True)
    rockets.insert({"code": 7})
    _change(other, "TEXT")
    assert index_names(workspace, rocket.id) == {f"u_{field.id.hex}", f"u_{other.id.hex}"}


@pytest.mark.parametrize(
    ("old", "default", "new", "more", "expected"),
    [
        ("TEXT", "'NEW'", "SELECT", {"options": OPTIONS}, "'NEW'"),
        ("TEXT", "'OLD'", "SELECT", {"options": OPTIONS}, None),
        ("NUMBER", 5, "TEXT", {}, "'5'"),
        ("TEXT", "'5'", "NUMBER", {}, 5),
        ("BOOLEAN", False, "TEXT", {}, "'false'"),
        ("DATE", "now", "DATE_TIME", {}, "now"),
    ],
)
def test_the_default_comes_along(
    add_field: AddField, old: str, default: Any, new: str, more: dict[str, Any], expected: Any
) -> None:
    field = add_field("thing", old, defaultValue=default)
    _change(field, new, **more)
    field.refresh_from_db()
    assert field.default_value == expected


@pytest.mark.parametrize(
    ("old", "new", "more", "message"),
    [
        ("TEXT", "TEXT", {}, "Field thing is of type TEXT already"),
        ("TEXT", "SELECT", {}, "Options are required for enum fields"),
        ("TEXT", "SELECT", {"options": [{"value": "a b", "label": "A", "position": 0}]}, 'Value must be in UPPER_CASE and follow snake_case "a b"'),
        ("TEXT", "NOPE", {}, "Unsupported field metadata type NOPE"),
        ("TEXT", "POSITION", {}, "Field type POSITION must be a system field and cannot be created manually."),
        ("TEXT", "RELATION", {}, "A relation cannot become another type, nor another type a relation"),
        ("TEXT", "NUMBER", {"settings": {"dataType": "x"}}, "Number data type 'x' is not supported. Supported types: float, int, bigint"),
    ],
)  # fmt: skip
def test_refusals(add_field: AddField, old: str, new: str, more: dict[str, Any], message: str) -> None:
    field = add_field("thing", old)
    with pytest.raises(MetadataValidationFailed) as caught:
        _change(field, new, **more)
    assert [each.message for each in caught.value.failures[0].problems] == [message]


def test_fields_of_the_engine_and_identifiers_stay(rocket: ObjectMetadata, workspace: Workspace) -> None:
    by_name = {each.name: each for each in FieldMetadata.objects.filter(object=rocket)}
    with pytest.raises(MetadataValidationFailed, match="updating field"):
        _change(by_name["createdAt"], "TEXT")
    with pytest.raises(MetadataValidationFailed) as caught:
        _change(by_name["name"], "NUMBER")
    assert caught.value.failures[0].problems[0].message == "A label identifier cannot be of type NUMBER"
    _change(by_name["name"], "FULL_NAME")
    assert shown(workspace, "rocket").by_name["name"].type.name == "FULL_NAME"


def test_many_records_convert_in_batches(add_field: AddField, rockets: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metadata.services.conversion.BATCH", 3)
    field = add_field("thing", "NUMBER")
    rockets.insert(*({"thing": number} for number in range(10)))
    assert _change(field, "TEXT").converted == 10
    assert sorted(each["thing2"] for each in rockets.values()) == [str(number) for number in range(10)]


def test_the_records_ids_are_ids(add_field: AddField, rockets: Table) -> None:
    field = add_field("thing", "TEXT")
    rockets.insert({"thing": "x"})
    assert isinstance(_change(field, "NUMBER", dry_run=True).unconverted[0].record_id, UUID)


def test_an_index_is_built_although_old_values_do_not_fit_it(
    add_field: AddField, rockets: Table, workspace: Workspace, rocket: ObjectMetadata
) -> None:
    field = add_field("thing", "BOOLEAN")  # `true` is no number, yet PostgreSQL indexes the row version that has it
    rockets.insert({"thing": True})
    values = {"objectMetadataId": str(rocket.id), "indexType": "BTREE", "fields": [{"fieldMetadataId": str(field.id)}]}
    index = services.index_create(workspace_id=workspace.id, values=values)
    _change(field, "NUMBER")
    assert rockets.values() == [{"thing2": 1}]
    assert index_names(workspace, rocket.id) == {f"x_{index.id.hex}"}
