"""The data model as a file: exported, compared and applied."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.errors import InvalidInput, InvalidMetadataInput, MalformedBody, MetadataValidationFailed
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, View, Workspace
from metadata.snapshot import schema_apply, schema_diff, schema_export, schema_read, schema_text
from tests.factories import add_field, add_object, workspace_with
from tests.metadata.conftest import Table, table_names, version_of

pytestmark = pytest.mark.django_db

Model = dict[str, Any]
OPTIONS = [
    {"value": "NEW", "label": "New", "color": "red"},
    {"value": "DONE", "label": "Done"},
]


def _rocket(**more: Any) -> Model:
    return {
        "nameSingular": "rocket",
        "namePlural": "rockets",
        "labelSingular": "Rocket",
        "labelPlural": "Rockets",
        "fields": [_name(), {"name": "speed", "type": "NUMBER", "label": "Speed"}],
        **more,
    }


def _name() -> Model:
    return {"name": "name", "type": "TEXT", "label": "Name", "icon": "IconAbc", "description": "Name"}


def _model(*objects: Model) -> Model:
    return {"version": 1, "objects": list(objects)}


def _custom(workspace: Workspace) -> Model:
    """The workspace's export without the standard objects."""
    return _model(*(each for each in schema_export(workspace.id)["objects"] if each.get("isCustom", True)))


def _steps(workspace: Workspace, model: Model) -> list[str]:
    return [str(each) for each in schema_diff(workspace.id, model)]


def _full_model(workspace: Workspace) -> None:
    """Everything that a model can have: custom objects, relations of every kind, overrides, indexes, criteria."""
    city = add_object(workspace, "city", "cities", icon="IconBuilding")
    rocket = add_object(workspace, "rocket", "rockets", skipNameField=True, description="Flies")
    add_field(
        workspace,
        city,
        "SELECT",
        "size",
        options=[{**each, "position": n} for n, each in enumerate(OPTIONS)],
        defaultValue="'NEW'",
    )
    title = add_field(workspace, rocket, "TEXT", "title", defaultValue="'x'", isSearchable=False)
    code = add_field(workspace, rocket, "TEXT", "code", isUnique=True)
    add_field(workspace, rocket, "ADDRESS", "home")
    add_field(workspace, rocket, "FILES", "drawings", settings={"maxNumberOfValues": 3})
    add_field(workspace, rocket, "NUMBER", "speed", settings={"dataType": "int"}, isNullable=False, defaultValue=0)
    payload = {"targetObjectMetadataId": str(city.id), "targetFieldLabel": "Launches", "targetFieldIcon": "IconX"}
    relation = add_field(
        workspace, rocket, "RELATION", "base", relationCreationPayload={**payload, "type": "MANY_TO_ONE"}
    )
    company = ObjectMetadata.objects.get(workspace=workspace, name_singular="company")
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    targets = [
        {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(each.id),
            "targetFieldLabel": "Fleet",
            "targetFieldIcon": "IconY",
        }
        for each in (company, person)
    ]
    add_field(workspace, rocket, "MORPH_RELATION", "owner", morphRelationsCreationPayload=targets)
    many = [{**each, "type": "ONE_TO_MANY", "targetFieldLabel": "Sponsored"} for each in targets]
    add_field(workspace, rocket, "MORPH_RELATION", "sponsor", morphRelationsCreationPayload=many)
    own = {"targetObjectMetadataId": str(rocket.id), "targetFieldLabel": "Stages", "type": "MANY_TO_ONE"}
    add_field(workspace, rocket, "RELATION", "carrier", relationCreationPayload=own)
    add_field(workspace, company, "TEXT", "motto")
    update = {"labelIdentifierFieldMetadataId": str(title.id), "duplicateCriteria": [["title", "homeAddressCity"]]}
    services.object_update(workspace_id=workspace.id, object_id=rocket.id, update=update)
    settings = {**(relation.settings or {}), "onDelete": "CASCADE"}
    services.field_update(workspace_id=workspace.id, field_id=relation.id, update={"settings": settings})
    assert relation.relation_target_field_id is not None
    services.field_update(
        workspace_id=workspace.id, field_id=relation.relation_target_field_id, update={"name": "lifts", "icon": "IconZ"}
    )
    home = FieldMetadata.objects.get(object=rocket, name="home")
    columns = [{"fieldMetadataId": str(home.id), "subFieldName": "addressCity"}, {"fieldMetadataId": str(code.id)}]
    values = {"objectMetadataId": str(rocket.id), "indexType": "BTREE", "fields": columns}
    services.index_create(workspace_id=workspace.id, values=values)
    services.object_update(
        workspace_id=workspace.id, object_id=company.id, update={"labelSingular": "Firm", "isSearchable": False}
    )
    x_link = FieldMetadata.objects.get(object=company, name="xLink")
    services.field_update(workspace_id=workspace.id, field_id=x_link.id, update={"isActive": False, "label": "Ex"})
    stage = FieldMetadata.objects.get(object__workspace=workspace, name="stage")
    options = [{**each, "position": 5 - place} for place, each in enumerate(stage.options or [])]
    services.field_update(workspace_id=workspace.id, field_id=stage.id, update={"options": options})
    services.object_update(workspace_id=workspace.id, object_id=city.id, update={"isActive": False})


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_export_to_an_empty_workspace_and_back_is_byte_equal(format: str) -> None:
    source, target = workspace_with(name="Source", empty=False), workspace_with(name="Target")
    _full_model(source)
    text = schema_text(schema_export(source.id), format)
    outcome = schema_apply(target.id, schema_read(text))
    assert outcome.is_applied
    assert schema_text(schema_export(target.id), format) == text
    version = version_of(target)
    with CaptureQueriesContext(connection) as queries:
        again = schema_apply(target.id, schema_read(text))
    assert (list(again.steps), again.is_applied, again.version) == ([], False, version)
    assert not [
        each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE", "ALTER", "CREATE"))
    ]
    assert version_of(target) == version
    assert View.objects.filter(workspace=target, key="INDEX").count() == 31


def test_the_demo_model_into_an_empty_workspace() -> None:
    source, target = workspace_with(name="Source", empty=False), workspace_with(name="Target")
    text = schema_text(schema_export(source.id))
    assert schema_apply(target.id, schema_read(text)).is_applied
    assert schema_text(schema_export(target.id)) == text
    assert len(table_names(target)) == len(table_names(source))
    assert len([name for name in table_names(target) if name.startswith("o_")]) == 29


def test_standard_objects_find_the_custom_ones_that_are_there() -> None:
    workspace = workspace_with([{"nameSingular": "rocket", "namePlural": "rockets"}])
    favorite = next(
        each for each in schema_export(workspace_with(empty=False).id)["objects"] if each["nameSingular"] == "favorite"
    )
    own = [each for each in favorite["fields"] if not each.get("relation")]
    schema_apply(workspace.id, _model({**favorite, "fields": own}, *_custom(workspace)["objects"]))
    assert FieldMetadata.objects.filter(
        object__workspace=workspace, object__name_singular="rocket", name="favorites"
    ).exists()


def test_export_speaks_of_names_and_leaves_defaults_out() -> None:
    workspace = workspace_with()
    schema_apply(workspace.id, _model(_rocket(indexes=[{"fields": ["speed"]}])))
    assert _custom(workspace) == _model(_rocket(indexes=[{"fields": ["speed"]}]))
    assert "id" not in schema_text(schema_export(workspace.id)).replace("description", "").split(":")


STEPS: dict[str, tuple[Model, Model, list[str]]] = {
    "create an object": (_model(), _model(_rocket()), ['create object rocket (labelSingular: "Rocket")', 'create field rocket.speed (type: "NUMBER")']),
    "create a field": (
        _model(_rocket()), _model(_rocket(fields=[*_rocket()["fields"], {"name": "code", "type": "TEXT", "label": "Code"}])),
        ['create field rocket.code (type: "TEXT")'],
    ),
    "change labels": (
        _model(_rocket()), _model(_rocket(labelSingular="Lifter", icon="IconRocket")),
        ['update object rocket (labelSingular: "Lifter", icon: "IconRocket")'],
    ),
    "rename a field": (
        _model(_rocket()), _model(_rocket(fields=[_name(), {"name": "pace", "type": "NUMBER", "label": "Speed", "previousName": "speed"}])),
        ['rename field rocket.speed (name: "pace")'],
    ),
    "rename an object": (
        _model(_rocket()), _model({**_rocket(), "nameSingular": "lifter", "namePlural": "lifters", "previousName": "rocket"}),
        ['rename object rocket (nameSingular: "lifter")'],
    ),
    "change a type": (
        _model(_rocket()), _model(_rocket(fields=[_name(), {"name": "speed", "type": "TEXT", "label": "Speed"}])),
        ['update field rocket.speed (type: ["NUMBER", "TEXT"])'],
    ),
    "put fields into another order": (
        _model(_rocket()), _model(_rocket(fields=_rocket()["fields"][::-1])),
        ['update object rocket (fields: ["speed", "name"])'],
    ),
    "add and drop indexes": (
        _model(_rocket(indexes=[{"fields": ["speed"]}])), _model(_rocket(indexes=[{"fields": ["speed", "name"]}])),
        ["delete index rocket(speed)", 'create index rocket(speed, name) (type: "BTREE")'],
    ),
    "delete a field": (_model(_rocket()), _model(_rocket(fields=[_name()])), ["delete field rocket.speed"]),
    "delete an object": (_model(_rocket()), _model(), ["delete object rocket"]),
}  # fmt: skip


@pytest.mark.parametrize("case", STEPS)
def test_steps(case: str) -> None:
    before, after, steps = STEPS[case]
    workspace = workspace_with()
    schema_apply(workspace.id, before)
    version, tables = version_of(workspace), table_names(workspace)
    assert _steps(workspace, after) == steps
    assert (version_of(workspace), table_names(workspace)) == (version, tables)
    outcome = schema_apply(workspace.id, after, allow_destructive=True)
    assert [str(each) for each in outcome.steps] == steps
    assert _steps(workspace, after) == []
    assert _steps(workspace, _custom(workspace)) == []


def test_records_stay_when_names_and_options_change() -> None:
    workspace = workspace_with()
    stage = {"name": "stage", "type": "SELECT", "label": "Stage", "options": OPTIONS}
    schema_apply(workspace.id, _model(_rocket(fields=[_name(), stage])))
    rocket = ObjectMetadata.objects.get(workspace=workspace, name_singular="rocket")
    records = Table(workspace, rocket.id)
    records.insert({"stage": "NEW"}, {"stage": "DONE"})
    renamed = [{"value": "FRESH", "label": "New", "previousValue": "NEW"}, OPTIONS[1]]
    phase = {**stage, "name": "phase", "previousName": "stage", "options": renamed}
    model = _model(
        {
            **_rocket(fields=[_name(), phase]),
            "nameSingular": "lifter",
            "namePlural": "lifters",
            "previousName": "rocket",
        }
    )
    schema_apply(workspace.id, model)
    assert records.values() == [{"stage": "FRESH"}, {"stage": "DONE"}]
    assert ObjectMetadata.objects.get(id=rocket.id).name_singular == "lifter"
    assert _steps(workspace, model) == []


@pytest.mark.parametrize("case", ["delete a field", "delete an object", "remove an option"])
def test_what_loses_values_has_to_be_allowed(case: str) -> None:
    stage = {"name": "stage", "type": "SELECT", "label": "Stage", "options": OPTIONS}
    fields = [_name(), stage]
    after = {
        "delete a field": _model(_rocket(fields=[_name()])),
        "delete an object": _model(),
        "remove an option": _model(_rocket(fields=[_name(), {**stage, "options": OPTIONS[:1]}])),
    }[case]
    workspace = workspace_with()
    schema_apply(workspace.id, _model(_rocket(fields=fields)))
    before, version = schema_export(workspace.id), version_of(workspace)
    with pytest.raises(InvalidMetadataInput, match="The data model would lose values"):
        schema_apply(workspace.id, after)
    assert (schema_export(workspace.id), version_of(workspace)) == (before, version)
    schema_apply(workspace.id, after, allow_destructive=True)
    assert _custom(workspace) == after


def test_all_or_nothing() -> None:
    workspace = workspace_with()
    schema_apply(workspace.id, _model(_rocket()))
    rocket = ObjectMetadata.objects.get(workspace=workspace, name_singular="rocket")
    Table(workspace, rocket.id).insert({"name": "no number"})
    before, version, tables = schema_export(workspace.id), version_of(workspace), table_names(workspace)
    city = {"nameSingular": "city", "namePlural": "cities", "labelSingular": "City", "labelPlural": "Cities"}
    bad = {"name": "motto", "type": "SELECT", "label": "Motto"}  # no options
    with pytest.raises(MetadataValidationFailed):
        schema_apply(workspace.id, _model(city, _rocket(fields=[*_rocket()["fields"], bad])))
    assert (schema_export(workspace.id), version_of(workspace), table_names(workspace)) == (before, version, tables)


def test_dry_run_finds_what_would_fail_and_changes_nothing() -> None:
    workspace = workspace_with()
    before, version = schema_export(workspace.id), version_of(workspace)
    outcome = schema_apply(workspace.id, _model(_rocket()), dry_run=True)
    assert (len(outcome.steps), outcome.is_applied) == (2, False)
    assert (schema_export(workspace.id), version_of(workspace)) == (before, version)
    with pytest.raises(MetadataValidationFailed):
        schema_apply(workspace.id, _model(_rocket(labelSingular="x" * 64)), dry_run=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ([], "the data model must be an object with a list of objects"),
        ({"version": 2, "objects": []}, "version must be 1"),
        (_model({"nameSingular": "x"}), "objects[0].namePlural should not be empty"),
        (_model(_rocket(colour="red")), 'objects[0] has an unknown member "colour"'),
        (_model(_rocket(), _rocket()), 'objects has "rocket" twice'),
        (_model(_rocket(fields=[_name(), _name()])), 'objects[0] (rocket).fields has "name" twice'),
        (_model(_rocket(fields=[{"name": "x"}])), "objects[0] (rocket).fields[0].type should not be empty"),
        (_model(_rocket(indexes=[{}])), "objects[0] (rocket).indexes[0].fields must be a list of field names"),
    ],
)  # fmt: skip
def test_malformed_models(model: Any, message: str, workspace: Workspace) -> None:
    with pytest.raises(InvalidInput) as caught:
        schema_apply(workspace.id, model)
    assert message in caught.value.messages


@pytest.mark.parametrize("text", ["a: [", "a: &x [1]\nb: *x", "\x00", b"\xff\xfe\xff"])
def test_unreadable_texts(text: str | bytes) -> None:
    with pytest.raises(MalformedBody):
        schema_read(text)


def test_a_date_in_yaml_stays_a_text() -> None:
    assert schema_read("a: 2026-01-31") == {"a": "2026-01-31"}


def test_the_command(tmp_path: Path, workspace: Workspace) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(schema_text(_model(_rocket())))
    arguments = ("--workspace", str(workspace.id), str(file))
    assert (
        _call("diff", *arguments)
        == 'create object rocket (labelSingular: "Rocket")\ncreate field rocket.speed (type: "NUMBER")\n'
    )
    assert _call("apply", *arguments, "--dry-run") == _call("diff", *arguments)
    _call("apply", *arguments)
    assert _call("diff", *arguments) == ""
    exported = _call("export", "--workspace", workspace.subdomain)
    _call("export", *arguments)
    assert file.read_text() == exported == schema_text(schema_export(workspace.id))
    empty = tmp_path / "empty.json"
    empty.write_text('{"objects": []}')
    with pytest.raises(CommandError, match="would lose values: delete object rocket"):
        _call("apply", "--workspace", str(workspace.id), str(empty))
    assert (
        _call("apply", "--workspace", str(workspace.id), str(empty), "--allow-destructive") == "delete object rocket\n"
    )
    with pytest.raises(CommandError, match="There is no workspace nobody"):
        _call("export", "--workspace", "nobody")


def _call(*arguments: str) -> str:
    out = io.StringIO()
    call_command("schema", *arguments, stdout=out)
    return out.getvalue()
