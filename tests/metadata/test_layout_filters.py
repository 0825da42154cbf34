"""What a stored view says of records, as a filter; and that it finds what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.errors import InvalidFilter, InvalidInput, MetadataNotFound, TooComplex
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_types
from metadata.layout_models import ViewFilter, ViewFilterOperand
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.services import field_create, field_update, object_update
from metadata.services.layout.conditions import anywhere, condition, count
from metadata.services.layout.filters import view_filter
from metadata.services.layout.kinds import VIEW, VIEW_FILTER, VIEW_FILTER_GROUP
from metadata.services.layout.writing import resource_create, resource_update
from tests.factories import add_field, add_object, workspace_with
from tests.metadata.fieldtypes.fields import field_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
OPTIONS = [{"value": "NEW", "label": "New", "position": 0}, {"value": "DONE", "label": "Done", "position": 1}]
TYPES = {
    "motto": "TEXT", "speed": "NUMBER", "reusable": "BOOLEAN", "stage": "SELECT", "tags": "MULTI_SELECT",
    "words": "ARRAY", "mark": "RATING", "launch": "DATE", "landed": "DATE_TIME", "price": "CURRENCY",
    "site": "LINKS", "home": "ADDRESS", "crew": "FULL_NAME", "extra": "RAW_JSON",
}  # fmt: skip
RECORD = "84936d1c-1dc9-4afa-94b5-12c5aa0b6f3e"


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    return workspace_with(name="Small")


@pytest.fixture(scope="module")
def rocket(workspace: Workspace) -> ObjectMetadata:
    return add_object(workspace, "rocket", "rockets")


@pytest.fixture(scope="module")
def fields(rocket: ObjectMetadata, workspace: Workspace) -> dict[str, FieldMetadata]:
    for name, type in TYPES.items():
        more = {"options": OPTIONS} if type in ("SELECT", "MULTI_SELECT") else {}
        values = {"objectMetadataId": str(rocket.id), "name": name, "label": name, "type": type, **more}
        field_create(workspace_id=workspace.id, values=values)
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(member.id), "targetFieldLabel": "Flights"}
    values = {"objectMetadataId": str(rocket.id), "name": "pilot", "label": "Pilot", "type": "RELATION"}
    field_create(workspace_id=workspace.id, values={**values, "relationCreationPayload": payload})
    return {each.name: each for each in FieldMetadata.objects.filter(object=rocket)}


@pytest.fixture(scope="module")
def view_id(rocket: ObjectMetadata, workspace: Workspace) -> UUID:
    values = {"name": "V", "icon": "I", "objectMetadataId": str(rocket.id)}
    return UUID(str(resource_create(VIEW, workspace_id=workspace.id, values=values).id))


CASES: list[tuple[str, str | None, str, Any, Any]] = [
    ("motto", None, "CONTAINS", "50%", {"motto": {"ilike": r"%50\%%"}}),
    ("motto", None, "DOES_NOT_CONTAIN", "a_b", {"not": {"motto": {"ilike": r"%a\_b%"}}}),
    ("motto", None, "IS", "x", {"motto": {"in": ["x"]}}),
    ("motto", None, "IS_EMPTY", "", {"motto": {"is": "NULL"}}),
    ("motto", None, "IS_NOT_EMPTY", "", {"not": {"motto": {"is": "NULL"}}}),
    ("speed", None, "GREATER_THAN_OR_EQUAL", "5", {"speed": {"gte": "5"}}),
    ("speed", None, "LESS_THAN_OR_EQUAL", 5, {"speed": {"lte": 5}}),
    ("speed", None, "IS_NOT_NULL", "", {"not": {"speed": {"is": "NULL"}}}),
    ("reusable", None, "IS", "true", {"reusable": {"eq": "true"}}),
    ("stage", None, "IS", '["NEW","DONE"]', {"stage": {"in": ["NEW", "DONE"]}}),
    ("stage", None, "IS_NOT", ["DONE"], {"not": {"stage": {"in": ["DONE"]}}}),
    ("tags", None, "CONTAINS", ["NEW"], {"tags": {"containsAny": ["NEW"]}}),
    ("words", None, "CONTAINS", "b", {"words": {"containsIlike": "%b%"}}),
    ("mark", None, "IS", "3", {"mark": {"in": ["RATING_3"]}}),
    ("mark", None, "GREATER_THAN_OR_EQUAL", "3", {"mark": {"gte": "RATING_3"}}),
    ("launch", None, "IS", "2026-01-31", {"launch": {"in": ["2026-01-31"]}}),
    ("launch", None, "IS_BEFORE", "2026-01-31", {"launch": {"lt": "2026-01-31"}}),
    ("launch", None, "IS_TODAY", "", {"and": [{"launch": {"gte": "2026-03-31"}}, {"launch": {"lte": "2026-03-31"}}]}),
    ("launch", None, "IS_IN_FUTURE", "", {"launch": {"gt": "2026-03-31"}}),
    ("launch", None, "IS_RELATIVE", "PAST_1_MONTH", {"and": [{"launch": {"gte": "2026-02-28"}}, {"launch": {"lte": "2026-03-31"}}]}),
    ("launch", None, "IS_RELATIVE", "THIS_1_YEAR;;UTC;;", {"and": [{"launch": {"gte": "2026-01-01"}}, {"launch": {"lte": "2026-12-31"}}]}),
    ("landed", None, "IS", "2026-01-31T09:00:00Z", {"and": [{"landed": {"gte": "2026-01-31T00:00:00.000Z"}}, {"landed": {"lt": "2026-02-01T00:00:00.000Z"}}]}),
    ("landed", None, "IS_AFTER", "2026-01-31T09:00:00Z", {"landed": {"gte": "2026-01-31T09:00:00.000Z"}}),
    ("landed", None, "IS_IN_PAST", "", {"landed": {"lt": "2026-03-31T10:30:00.000Z"}}),
    ("landed", None, "IS_RELATIVE", {"direction": "NEXT", "amount": 2, "unit": "HOUR"}, {"and": [{"landed": {"gte": "2026-03-31T10:30:00.000Z"}}, {"landed": {"lt": "2026-03-31T12:30:00.000Z"}}]}),
    ("landed", None, "IS_RELATIVE", "THIS_WEEK", {"and": [{"landed": {"gte": "2026-03-30T00:00:00.000Z"}}, {"landed": {"lt": "2026-04-06T00:00:00.000Z"}}]}),
    ("price", None, "GREATER_THAN_OR_EQUAL", "1.5", {"price": {"amountMicros": {"gte": 1500000}}}),
    ("price", "currencyCode", "IS", ["USD"], {"price": {"currencyCode": {"in": ["USD"]}}}),
    ("price", None, "IS_EMPTY", "", {"and": [{"price": {"amountMicros": {"is": "NULL"}}}, {"price": {"currencyCode": {"is": "NULL"}}}]}),
    ("home", "addressCity", "CONTAINS", "Oslo", {"home": {"addressCity": {"ilike": "%Oslo%"}}}),
    ("crew", None, "CONTAINS", "Ada", {"or": [{"crew": {"firstName": {"ilike": "%Ada%"}}}, {"crew": {"lastName": {"ilike": "%Ada%"}}}]}),
    ("extra", None, "CONTAINS", "x", {"extra": {"like": "%x%"}}),
    ("pilot", None, "IS", {"isCurrentWorkspaceMemberSelected": False, "selectedRecordIds": [RECORD]}, {"pilotId": {"in": [RECORD]}}),
    ("pilot", None, "IS", f'["{RECORD}"]', {"pilotId": {"in": [RECORD]}}),
    ("pilot", None, "IS_EMPTY", "", {"pilotId": {"is": "NULL"}}),
    ("createdBy", "workspaceMemberId", "IS", {"isCurrentWorkspaceMemberSelected": False, "selectedRecordIds": [RECORD]}, {"createdBy": {"workspaceMemberId": {"in": [RECORD]}}}),
    ("createdBy", None, "IS", "Ada", {"createdBy": {"name": {"in": ["Ada"]}}}),
    ("searchVector", None, "VECTOR_SEARCH", "ada", {"searchVector": {"search": "ada"}}),
]  # fmt: skip


def _add(workspace: Workspace, view_id: UUID, field: FieldMetadata, **values: Any) -> None:
    given = {"viewId": str(view_id), "fieldMetadataId": str(field.id), **values}
    resource_create(VIEW_FILTER, workspace_id=workspace.id, values=given)


@pytest.mark.parametrize(("name", "part", "operand", "value", "expected"), CASES, ids=lambda value: str(value)[:30])
def test_operands(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID,
    name: str, part: str | None, operand: str, value: Any, expected: Any,
) -> None:  # fmt: skip
    _add(workspace, view_id, fields[name], operand=operand, value=value, subFieldName=part)
    assert view_filter(workspace.id, view_id, now=NOW) == {"and": [expected]}


EMPTINESS = ("IS_EMPTY", "IS_NOT_EMPTY", "IS_NOT_NULL")
OF_TEXTS = ("IS", "IS_NOT", "CONTAINS", "DOES_NOT_CONTAIN", *EMPTINESS)
SUPPORTED = {
    "speed": ("IS", "IS_NOT", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL", *EMPTINESS),
    "reusable": ("IS", "IS_NOT", *EMPTINESS),
    "motto": OF_TEXTS,
    "crew": OF_TEXTS,
    "pilot": ("IS", "IS_NOT", *EMPTINESS),
    "searchVector": ("VECTOR_SEARCH",),
}


@pytest.mark.parametrize(
    ("name", "operand", "value"),
    [
        ("speed", "CONTAINS", "x"), ("reusable", "GREATER_THAN_OR_EQUAL", "true"), ("motto", "IS_RELATIVE", "SOON"),
        ("motto", "GREATER_THAN_OR_EQUAL", "a"), ("motto", "IS_BEFORE", "2026-01-31"), ("crew", "IS_IN_PAST", ""),
        ("pilot", "CONTAINS", "x"), ("searchVector", "IS", "x"),
    ],
)  # fmt: skip
def test_an_operand_that_does_not_fit_the_field_is_refused(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID, name: str, operand: str, value: Any
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _add(workspace, view_id, fields[name], operand=operand, value=value)
    [message] = refusal.value.messages
    told = f'Operand "{operand}" is not supported on field type "{fields[name].type}". Supported operands: '
    assert message == f"{told}{', '.join(SUPPORTED[name])}."
    assert not ViewFilter.objects.filter(view_id=view_id).exists()


def test_a_filter_on_options_is_a_list_of_them(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    for given, kept in (("NEW", ["NEW"]), ('["NEW"]', ["NEW"]), (["NEW", ""], ["NEW", ""]), ("", "")):
        _add(workspace, view_id, fields["stage"], operand="IS", value=given)
        assert ViewFilter.objects.latest("created_at").value == kept
    for wrong in ("OLD", ["NEW", "OLD"], {"a": 1}, [1]):
        with pytest.raises(InvalidInput):
            _add(workspace, view_id, fields["stage"], operand="IS", value=wrong)
    assert ViewFilter.objects.filter(view_id=view_id).count() == 4


def test_a_filter_on_a_field_of_a_related_record(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    pilot = fields["pilot"]
    names = FieldMetadata.objects.filter(object_id=pilot.relation_target_object_id)
    email = names.get(name="userEmail")
    _add(workspace, view_id, pilot, operand="CONTAINS", value="ada", relationTargetFieldMetadataId=str(email.id))
    _add(workspace, view_id, pilot, operand="DOES_NOT_CONTAIN", value="b", relationTargetFieldMetadataId=str(email.id))
    assert view_filter(workspace.id, view_id) == {
        "and": [
            {"pilot": {"userEmail": {"ilike": "%ada%"}}},
            {"not": {"pilot": {"userEmail": {"ilike": "%b%"}}}},
        ]
    }
    for wrong, operand in ((fields["motto"], "CONTAINS"), (email, "IS_TODAY")):
        with pytest.raises(InvalidInput):
            _add(workspace, view_id, pilot, operand=operand, value="a", relationTargetFieldMetadataId=str(wrong.id))


def test_a_filter_on_a_field_that_is_off_says_nothing_until_it_is_on_again(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    _add(workspace, view_id, fields["motto"], operand="CONTAINS", value="a")
    _add(workspace, view_id, fields["speed"], operand="IS_EMPTY", value="")
    for is_active, expected in ((False, []), (True, [{"motto": {"ilike": "%a%"}}])):
        field_update(workspace_id=workspace.id, field_id=fields["motto"].id, update={"isActive": is_active})
        assert view_filter(workspace.id, view_id) == {"and": [*expected, {"speed": {"is": "NULL"}}]}


def test_a_filter_on_a_related_records_options_follows_them(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(fields["motto"].object_id),
        "targetFieldLabel": "Parts",
    }
    part = add_object(workspace, "part", "parts")
    leads = add_field(workspace, part, "RELATION", "ship", relationCreationPayload=payload)
    made = resource_create(
        VIEW, workspace_id=workspace.id, values={"name": "P", "icon": "I", "objectMetadataId": str(part.id)}
    )
    stage = fields["stage"]
    for value in (["NEW", "DONE"], ["NEW"]):
        _add(
            workspace, UUID(str(made.id)), leads, operand="IS", value=value, relationTargetFieldMetadataId=str(stage.id)
        )
    done = next(each for each in stage.options or () if each["value"] == "DONE")
    field_update(
        workspace_id=workspace.id, field_id=stage.id, update={"options": [{**done, "value": "FINISHED", "position": 0}]}
    )
    assert list(ViewFilter.objects.filter(view_id=made.id).values_list("value", flat=True)) == [["FINISHED"]]


UNSAYABLE: list[tuple[str, str | None, str, Any]] = [
    ("launch", None, "IS_BEFORE", "soon"), ("launch", None, "IS_AFTER", ["2026-01-31"]), ("launch", None, "IS", "31/31/2026"),
    ("landed", None, "IS_RELATIVE", "PAST_9999_YEAR"), ("landed", None, "IS_RELATIVE", "NEXT_1001_YEAR"),
    ("landed", None, "IS_RELATIVE", "LAST_1_DAY"), ("landed", None, "IS_RELATIVE", {"direction": "PAST"}),
    ("landed", None, "IS", {"a": 1}), ("speed", None, "IS", "fast"),
    ("speed", None, "GREATER_THAN_OR_EQUAL", ["1", "2"]), ("speed", None, "LESS_THAN_OR_EQUAL", {"a": 1}),
    ("price", None, "GREATER_THAN_OR_EQUAL", "1e9999"), ("price", None, "GREATER_THAN_OR_EQUAL", "much"),
    ("price", None, "GREATER_THAN_OR_EQUAL", True), ("reusable", None, "IS", "perhaps"),
    ("reusable", None, "IS", [True, False]), ("motto", None, "CONTAINS", {"a": 1}), ("motto", None, "CONTAINS", [None]),
    ("motto", None, "IS", 5), ("crew", None, "IS", [True]), ("crew", "lastName", "IS", 5), ("words", None, "CONTAINS", [[]]),
    ("pilot", None, "IS", "somebody"), ("pilot", None, "IS", {"selectedRecordIds": 5}), ("pilot", None, "IS", "{"),
    ("createdBy", "workspaceMemberId", "IS", "me"), ("createdBy", "source", "IS", "THOUGHT"),
    ("searchVector", None, "VECTOR_SEARCH", ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "part", "operand", "value"), UNSAYABLE)
def test_what_cannot_be_said_is_not_kept(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID,
    name: str, part: str | None, operand: str, value: Any,
) -> None:  # fmt: skip
    with pytest.raises(InvalidInput) as refusal:
        _add(workspace, view_id, fields[name], operand=operand, value=value, subFieldName=part)
    field = fields[name]
    assert (refusal.value.path, refusal.value.messages) == (
        "value",
        [f'value cannot be compared by operand "{operand}" with field {name} of type {field.type}'],
    )
    assert not ViewFilter.objects.filter(view_id=view_id).exists()
    _add(workspace, view_id, field, operand=operand, value="", subFieldName=part)  # to be filled in
    row = ViewFilter.objects.get(view_id=view_id)
    with pytest.raises(InvalidInput):
        resource_update(VIEW_FILTER, workspace_id=workspace.id, id=row.id, update={"value": value})
    row.refresh_from_db()
    assert row.value == ""
    assert view_filter(workspace.id, view_id, now=NOW) == {}


def test_what_was_kept_before_is_refused_with_the_field_named(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    _add(workspace, view_id, fields["launch"], operand="IS_BEFORE", value="2026-01-31")
    ViewFilter.objects.filter(view_id=view_id).update(value="soon")
    with pytest.raises(InvalidFilter, match="launch") as refusal:
        view_filter(workspace.id, view_id, now=NOW)
    row = ViewFilter.objects.get(view_id=view_id)
    assert refusal.value.message == 'A filter of the view cannot be used on field "launch" of type DATE'
    assert refusal.value.hint == f"Change view filter {row.id} (operand IS_BEFORE), or delete it."
    assert refusal.value.details["viewFilterId"] == refusal.value.extensions["viewFilterId"] == str(row.id)
    assert "soon" not in str(vars(refusal.value))  # it may be kept from who asks


OLD_VALUES = (
    "x",
    "",
    "[",
    "{",
    '{"selectedRecordIds": [{}]}',
    [{"a": 1}],
    [[]],
    {"a": {}},
    0,
    1e300,
    True,
    None,
    [None],
    "PAST_1_DAY",
)


@pytest.mark.parametrize("type_", field_types(), ids=lambda each: each.name)
def test_whatever_was_kept_is_said_or_refused_by_its_filter(type_: FieldType) -> None:
    """Every operand, also such as there are none, with values of all kinds, on a field of every type and its parts."""
    field = field_of(type_)
    said, refused = 0, 0
    for operand in (*ViewFilterOperand.values, "Contains", "LEAF", "ANY_PART"):
        for part in (None, *type_.subfields, "nothing"):
            for value in OLD_VALUES:
                row = ViewFilter(field_id=field.id, operand=operand, value=value, sub_field_name=part)
                try:
                    found = condition(row, {field.id: field}, member_id=None, now=NOW)
                except InvalidFilter as error:
                    assert error.details["viewFilterId"] == str(row.id)
                    assert (
                        error.message == f'A filter of the view cannot be used on field "sample" of type {type_.name}'
                    )
                    refused += 1
                else:
                    said += found is not None and count([found]) > 0
    assert said > 0 and refused > 0


def test_any_day_of_the_calendar_can_be_said(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    for value in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        _add(workspace, view_id, fields["landed"], operand="IS", value=value)
    _add(workspace, view_id, fields["launch"], operand="IS_RELATIVE", value="PAST_1000_YEAR")
    first, last, span = view_filter(workspace.id, view_id, now=NOW)["and"]
    assert first["and"] == [
        {"landed": {"gte": "0001-01-01T00:00:00.000Z"}},
        {"landed": {"lt": "0001-01-02T00:00:00.000Z"}},
    ]
    assert last["and"][0] == {"landed": {"gte": "9999-12-31T00:00:00.000Z"}}
    assert span["and"] == [{"launch": {"gte": "1026-03-31"}}, {"launch": {"lte": "2026-03-31"}}]


def test_filters_on_records_that_lead_here(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID, rocket: ObjectMetadata
) -> None:
    part = add_object(workspace, "part", "parts")
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(rocket.id), "targetFieldLabel": "Parts"}
    ship = add_field(workspace, part, "RELATION", "ship", relationCreationPayload=payload)
    parts = FieldMetadata.objects.get(object=rocket, name="parts")
    for operand, value in (("IS", [RECORD]), ("IS_NOT", [RECORD]), ("IS_EMPTY", ""), ("IS_NOT_EMPTY", "")):
        _add(workspace, view_id, parts, operand=operand, value=value)
    assert view_filter(workspace.id, view_id)["and"] == [
        {"parts": {"id": {"in": [RECORD]}}},
        {"not": {"parts": {"id": {"in": [RECORD]}}}},
        {"not": {"parts": {"id": {"is": "NOT_NULL"}}}},
        {"parts": {"id": {"is": "NOT_NULL"}}},
    ]
    made = resource_create(
        VIEW, workspace_id=workspace.id, values={"name": "P", "icon": "I", "objectMetadataId": str(part.id)}
    )
    with pytest.raises(InvalidInput, match="value cannot be compared"):  # parts whose ship's parts
        _add(
            workspace,
            UUID(str(made.id)),
            ship,
            operand="IS",
            value=[RECORD],
            relationTargetFieldMetadataId=str(parts.id),
        )
    object_update(workspace_id=workspace.id, object_id=part.id, update={"isActive": False})
    assert view_filter(workspace.id, view_id) == {}


def test_a_field_that_takes_fewer_values_loses_the_filters_by_others(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    speed = fields["speed"]
    field_update(workspace_id=workspace.id, field_id=speed.id, update={"settings": {"dataType": "bigint"}})
    for value in ("5000000000", "7"):
        _add(workspace, view_id, speed, operand="IS", value=value)
    field_update(workspace_id=workspace.id, field_id=speed.id, update={"settings": {"dataType": "int"}})
    assert view_filter(workspace.id, view_id) == {"and": [{"speed": {"in": ["7"]}}]}


def test_a_view_says_no_more_than_a_query_can(
    workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    words = [str(number) for number in range(800)]
    _add(workspace, view_id, fields["motto"], operand="CONTAINS", value=words)
    for field, value in ((fields["motto"], ["a"]), (fields["launch"], "2026-01-31")):
        with pytest.raises(InvalidInput, match="come to more than 800 conditions"):
            operand = "CONTAINS" if field is fields["motto"] else "IS"
            _add(workspace, view_id, field, operand=operand, value=value)
    assert ViewFilter.objects.filter(view_id=view_id).count() == 1


def test_my_own_records(workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID) -> None:
    value = {"isCurrentWorkspaceMemberSelected": True, "selectedRecordIds": []}
    _add(workspace, view_id, fields["pilot"], operand="IS", value=value)
    me = uuid4()
    assert view_filter(workspace.id, view_id, member_id=me) == {"and": [{"pilotId": {"in": [str(me)]}}]}
    assert view_filter(workspace.id, view_id) == {"and": [{"pilotId": {"in": [str(UUID(int=0))]}}]}


def test_groups_are_a_tree(workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID) -> None:
    def group(**values: Any) -> str:
        made = resource_create(VIEW_FILTER_GROUP, workspace_id=workspace.id, values={"viewId": str(view_id), **values})
        return str(made.id)

    outer = group(logicalOperator="OR", positionInViewFilterGroup=2)
    inner = group(logicalOperator="NOT", parentViewFilterGroupId=outer, positionInViewFilterGroup=1)
    group(logicalOperator="AND")  # empty: says nothing
    _add(
        workspace,
        view_id,
        fields["motto"],
        operand="IS",
        value="a",
        viewFilterGroupId=outer,
        positionInViewFilterGroup=2,
    )
    _add(workspace, view_id, fields["motto"], operand="IS", value="b", viewFilterGroupId=inner)
    _add(workspace, view_id, fields["speed"], operand="IS", value="1", positionInViewFilterGroup=1)
    _add(workspace, view_id, fields["speed"], operand="IS", value="", positionInViewFilterGroup=0)  # not filled in
    assert view_filter(workspace.id, view_id) == {
        "and": [
            {"speed": {"in": ["1"]}},
            {"or": [{"not": {"and": [{"motto": {"in": ["b"]}}]}}, {"motto": {"in": ["a"]}}]},
        ]
    }


def test_any_field(workspace: Workspace, fields: dict[str, FieldMetadata], view_id: UUID) -> None:
    resource_update(VIEW, workspace_id=workspace.id, id=view_id, update={"anyFieldFilterValue": "Ada"})
    (either,) = view_filter(workspace.id, view_id)["and"]
    assert {"motto": {"ilike": "%Ada%"}} in either["or"]
    assert {"crew": {"lastName": {"ilike": "%Ada%"}}} in either["or"]


def test_a_text_in_any_field_counts_as_a_condition_for_each(
    workspace: Workspace, rocket: ObjectMetadata, fields: dict[str, FieldMetadata], view_id: UUID
) -> None:
    """Together with the view's filters it comes to no more than a query can hold, whichever is written last."""
    here = len(
        anywhere("a", map(schema_rows.field_schema, FieldMetadata.objects.filter(object=rocket, is_active=True)))
    )
    most = 800 - here

    def look(text: str | None) -> None:
        resource_update(VIEW, workspace_id=workspace.id, id=view_id, update={"anyFieldFilterValue": text})

    _add(workspace, view_id, fields["motto"], operand="CONTAINS", value=[str(number) for number in range(most)])
    look("Ada")
    assert count(view_filter(workspace.id, view_id)["and"]) == 800
    with pytest.raises(InvalidInput, match="come to more than 800 conditions"):
        _add(workspace, view_id, fields["motto"], operand="IS", value="a")
    look(None)
    _add(workspace, view_id, fields["motto"], operand="IS", value="a")
    with pytest.raises(InvalidInput, match="come to more than 800 conditions"):
        look("Ada")
    ViewFilter.objects.filter(view_id=view_id, operand="IS").delete()
    look("Ada")
    add_field(workspace, rocket, "TEXT", "later")  # nobody asks the views
    with pytest.raises(TooComplex, match=r"^The filters of the view come to more than 800") as refusal:
        view_filter(workspace.id, view_id)
    assert (refusal.value.path, refusal.value.hint) == (
        "viewId",
        f"A text in any field is looked for in {here + 1} places. Filter by some of the fields instead.",
    )


def test_a_view_that_is_not_there(workspace: Workspace, view_id: UUID, rocket: ObjectMetadata) -> None:
    assert view_filter(workspace.id, view_id, object_id=rocket.id) == {}
    for workspace_id, object_id in ((uuid4(), None), (workspace.id, uuid4())):
        with pytest.raises(MetadataNotFound):
            view_filter(workspace_id, view_id, object_id=object_id)
