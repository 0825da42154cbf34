"""Writes: what a body becomes, every fault of it at once, and the limits of one call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from config.errors import (
    LISTED,
    ApiError,
    BadRequest,
    InvalidRelation,
    InvalidValue,
    PermissionDenied,
    TooComplex,
    TooManyRecords,
)
from config.http.bounds import MAX
from config.principal import EVERYTHING
from core.query.scope import Scope
from core.query.writes import (
    RecordInput,
    check_batch,
    check_bulk,
    created_by,
    document,
    plan_inputs,
    refuse_creates,
    target_id,
)
from tests.pure.model import COMPANY, PERSON, field, scope, without

ID = "00000000-0000-4000-8000-0000000000aa"
MEMBER = UUID("00000000-0000-4000-8000-0000000000bb")


def planned(data: Any, who: Scope | None = None, subject: Any = PERSON, **more: Any) -> RecordInput:
    [found] = plan_inputs(who or scope(), subject, [data], **more)
    return found


def values(record: RecordInput) -> dict[str, Any]:
    return {each.name: value for each, value in record.values.items()}


VALUES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a text": ({"jobTitle": "CEO"}, {"jobTitle": "CEO"}),
    "an emptied field": ({"jobTitle": None}, {"jobTitle": None}),
    "a composite's parts": ({"name": {"firstName": "Ada"}}, {"name": {"firstName": "Ada"}}),
    "a join id": ({"companyId": ID.upper()}, {"company": ID}),
    "an emptied join id": ({"companyId": None}, {"company": None}),
    "a relation of null": ({"company": None}, {"company": None}),
    "a relation of null beside its id": ({"companyId": ID, "company": None}, {"company": ID}),
    "a relation of null before its id": ({"company": None, "companyId": ID}, {"company": ID}),
    "disconnect": ({"company": {"disconnect": True}}, {"company": None}),
    "disconnect: false does nothing": ({"company": {"disconnect": False}}, {}),
    "disconnect: null does nothing": ({"company": {"disconnect": None}}, {}),
    "what the server keeps may be sent back": ({"updatedAt": "x"}, {}),
    "a required field that is emptied holds its default": ({"stage": None}, {"stage": "NEW"}),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("is_update", [False, True])
def test_values(data: dict[str, Any], expected: dict[str, Any], is_update: bool) -> None:
    assert values(planned(data, is_update=is_update)) == expected


def test_columns_of_a_new_record() -> None:
    record = planned(
        {
            "id": ID.upper(),
            "position": "first",
            "createdAt": "2024-01-01",
            "deletedAt": "2024-01-02",
            "createdBy": {"name": "Bo"},
        }
    )
    assert (record.id, record.position, record.created_at, record.deleted_at, record.created_by, record.values) == (
        ID, "first", "2024-01-01T00:00:00.000Z", "2024-01-02T00:00:00.000Z", {"name": "Bo"}, {})  # fmt: skip


def test_columns_of_a_record_that_exists() -> None:
    record = planned(
        {"position": 2, "createdAt": "2024-01-01", "deletedAt": None, "createdBy": {"name": "Bo"}}, is_update=True
    )
    assert (record.position, record.created_at, record.deleted_at, record.created_by) == (2, None, None, None)


def test_relations_are_looked_up_later() -> None:
    record = planned({"company": {"connect": {"where": {"name": "Acme"}}}})
    assert (record.connects, record.creates, record.disconnects, record.values) == (
        {field("person.company"): {"name": "Acme"}},
        {},
        (),
        {},
    )
    record = planned({"company": {"create": {"name": "Acme"}}})
    assert (record.connects, record.creates) == ({}, {field("person.company"): {"name": "Acme"}})
    record = planned({"company": {"disconnect": True}})
    assert record.disconnects == (field("person.company"),)
    planned({"company": {"disconnect": True}, "companyId": None})


COMPANY_TAKES = 'Relation "company" requires connect or disconnect operation'
FAULTS: dict[str, tuple[dict[str, Any], type[ApiError], str, str | None]] = {
    "an unknown member": ({"jobTitel": "x"}, InvalidValue, 'Object person doesn\'t have any "jobTitel" field.', "jobTitel"),
    "an unfit value": ({"isActive": "x"}, InvalidValue, "", "isActive"),
    "no UUID": ({"id": "x"}, BadRequest, 'Value "x" is not a valid UUID', "id"),
    "a number for a UUID": ({"id": 5}, BadRequest, "Value 5 is not a valid UUID", "id"),
    "36 characters that are no UUID": ({"id": "x" * 36}, BadRequest, f'Value "{"x" * 36}" is not a valid UUID', "id"),
    "a UUID in another form": ({"id": ID.replace("-", "")}, BadRequest, f'Value "{ID.replace("-", "")}" is not a valid UUID', "id"),
    "no position": ({"position": None}, InvalidValue, 'Invalid position value null for field "position"', "position"),
    "a search vector": (
        {"searchVector": "x"}, InvalidValue, "searchVector TS_VECTOR-typed field does not support write operations", "searchVector"),
    "a list of related records": (
        {"pets": []}, InvalidValue, "One-to-many relation pets field does not support write operations.", "pets"),
    "connecting a list": ({"pets": {"connect": {}}}, InvalidRelation, "Connect is not allowed for pets on person", "pets"),
    "disconnecting a list": ({"pets": {"disconnect": True}}, InvalidRelation, "Disconnect is not allowed for pets on person", "pets"),
    "creating a list": ({"pets": {"create": []}}, InvalidRelation, "Create is not allowed for pets on person", "pets"),
    "a relation that is a text": ({"company": "x"}, InvalidRelation, COMPANY_TAKES, "company"),
    "a relation without a verb": ({"company": {}}, InvalidRelation, COMPANY_TAKES, "company"),
    "a relation with a verb that is none": ({"company": {"connect": {"where": {"id": ID}}, "x": 1}}, InvalidRelation, COMPANY_TAKES, "company"),
    "connect and disconnect": (
        {"company": {"connect": {"where": {"id": ID}}, "disconnect": True}}, InvalidRelation,
        "Cannot have both connect and disconnect for the same field on undefined.", "company"),
    "create and connect": (
        {"company": {"create": {}, "connect": {}}}, InvalidRelation, 'Relation "company" takes one of connect, disconnect, create', "company"),
    "create and disconnect": (
        {"company": {"create": {}, "disconnect": False}}, InvalidRelation, 'Relation "company" takes one of connect, disconnect, create',
        "company"),
    "connect without where": (
        {"company": {"connect": {"id": ID}}}, InvalidRelation,
        'Relation "company" requires connect.where with the fields of one unique constraint', "company"),
    "connect with an empty where": (
        {"company": {"connect": {"where": {}}}}, InvalidRelation,
        'Relation "company" requires connect.where with the fields of one unique constraint', "company"),
    "connect with a text": (
        {"company": {"connect": ID}}, InvalidRelation,
        'Relation "company" requires connect.where with the fields of one unique constraint', "company"),
    "disconnect that is no truth": (
        {"company": {"disconnect": 1}}, InvalidRelation, 'Relation "company" takes disconnect: true or false', "company"),
    "connect and an id": (
        {"company": {"connect": {"where": {"id": ID}}}, "companyId": None}, InvalidRelation, "company and companyId cannot be both provided.",
        "company"),
    "disconnect and an id": (
        {"company": {"disconnect": True}, "companyId": ID}, InvalidRelation, "company and companyId cannot be both provided.", "company"),
    "create and an id": (
        {"company": {"create": {}}, "companyId": None}, InvalidRelation, "Cannot provide both company.create and companyId", "company"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "error", "message", "path"), FAULTS.values(), ids=FAULTS.keys())
def test_fault(data: dict[str, Any], error: type[ApiError], message: str, path: str | None) -> None:
    with pytest.raises(error) as refused:
        planned(data)
    assert type(refused.value) is error
    assert refused.value.path == path
    assert refused.value.details["errors"] == [{"message": refused.value.message, "path": path, "index": 0}]
    if message:
        assert refused.value.message == message


def test_deleted_at_of_a_record_that_exists() -> None:
    with pytest.raises(InvalidValue) as refused:
        planned({"deletedAt": "2024-01-01"}, is_update=True)
    assert refused.value.message == "deletedAt can only be changed through delete and restore"
    assert refused.value.path == "deletedAt"


def test_a_wrong_id_is_told_to_people() -> None:
    with pytest.raises(BadRequest) as refused:
        planned({"id": "x"})
    assert refused.value.user_message == "Invalid UUID format."


def test_created_at_may_be_null() -> None:
    assert planned({"createdAt": None}).created_at is None


def test_a_required_field_without_a_default_stays() -> None:
    pet = scope().schema.by_singular["pet"]
    with pytest.raises(InvalidValue) as refused:
        planned({"name": None}, subject=pet)
    assert refused.value.message == "Field name is not nullable and has no default value."
    assert refused.value.user_message == "A required field is missing."
    assert refused.value.path == "name"
    with pytest.raises(InvalidValue, match=r"^Field name is not nullable and has no default value\.$"):
        planned({"name": ""}, subject=pet)


def test_a_relation_that_is_not_nullable_can_be_emptied() -> None:
    """Records that it leads to may go; what it says of null is for people who read the data model."""
    strict = replace(field("person.company"), is_nullable=False)
    made = replace(PERSON, fields=tuple(strict if each.name == "company" else each for each in PERSON.fields))
    assert values(planned({"companyId": None}, subject=made)) == {"company": None}


def test_every_fault_is_told_with_its_record() -> None:
    with pytest.raises(InvalidValue) as refused:
        plan_inputs(scope(), PERSON, [{"jobTitle": "a"}, {"x": 1, "jobTitel": 1}, "nonsense"])
    errors = [
        {"message": 'Object person doesn\'t have any "x" field.', "path": "x", "index": 1},
        {"message": 'Object person doesn\'t have any "jobTitel" field.', "path": "jobTitel", "index": 1},
        {"message": "Invalid object value 'nonsense': a record must be an object", "path": None, "index": 2},
    ]
    assert refused.value.details == {"errors": errors, "index": 1}
    assert refused.value.extensions == {"errors": errors, "index": 1}
    assert refused.value.hint is None
    with pytest.raises(InvalidValue) as refused:
        plan_inputs(scope(), PERSON, [{"jobTitel": 1}], as_batch=False)
    assert refused.value.details == {
        "errors": [{"message": 'Object person doesn\'t have any "jobTitel" field.', "path": "jobTitel"}]
    }
    assert refused.value.hint == 'Did you mean "jobTitle"?'


def test_as_many_faults_as_are_listed_and_one_more() -> None:
    def faults(count: int) -> list[dict[str, Any]]:
        with pytest.raises(InvalidValue) as refused:
            plan_inputs(scope(), PERSON, [{"x": 1}] * count)
        listed: list[dict[str, Any]] = refused.value.details["errors"]
        return listed

    assert [each["index"] for each in faults(LISTED)] == list(range(LISTED))
    assert faults(LISTED + 1)[LISTED:] == [{"message": "and 1 more", "path": None}]


def test_as_many_members_as_a_record_has_and_one_more() -> None:
    members = {f"x{index}": 1 for index in range(MAX.record_members)}
    with pytest.raises(InvalidValue):
        planned(members)
    with pytest.raises(TooComplex) as refused:
        planned({**members, "y": 1})
    assert refused.value.message == f"A record has {MAX.record_members + 1} members, more than {MAX.record_members}"


# Rights ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{"jobTitle": "a"}, {"jobTitle": None}])
def test_a_locked_field_is_not_written(data: dict[str, Any]) -> None:
    with pytest.raises(PermissionDenied) as refused:
        planned(data, without(locked=["person.jobTitle"]))
    required = {"permission": "canUpdateObjectRecords", "object": "person", "field": "jobTitle"}
    assert refused.value.details["required"] == required
    assert refused.value.message.endswith('no permission to write field "jobTitle" on "person"')
    assert values(planned(data, without("person.jobTitle"))) == data  # who may not read it may write it
    planned({"employees": 1}, without(locked=["person.jobTitle"]))


def test_a_locked_relation_is_not_written_by_either_member() -> None:
    for data in ({"companyId": ID}, {"company": {"disconnect": True}}, {"company": None}):
        with pytest.raises(
            PermissionDenied,
            match=r'^Entity performing the request does not have permission: no permission to write field "company" on "person"$',
        ):
            planned(data, without(locked=["person.company"]))


def test_a_field_that_nobody_reads_is_written_by_who_has_its_flag() -> None:
    assert values(planned({"pin": "1"})) == {"pin": "1"}
    with pytest.raises(
        PermissionDenied,
        match=r'^Entity performing the request does not have permission: no permission to write field "pin" on "person"$',
    ):
        planned({"pin": "1"}, scope(replace(EVERYTHING, settings=False)))
    with pytest.raises(
        PermissionDenied,
        match=r'^Entity performing the request does not have permission: no permission to write field "jobTitle" on "person"$',
    ):
        planned(
            {"jobTitle": "1"},
            scope(replace(EVERYTHING, settings=False, locked_fields=frozenset({field("person.jobTitle").id}))),
        )


def test_values_that_stored_ones_are_compared_with_must_be_readable() -> None:
    assert values(planned({"jobTitle": "a"}, verb="read")) == {"jobTitle": "a"}
    assert values(planned({"jobTitle": "a"}, without(locked=["person.jobTitle"]), verb="read")) == {"jobTitle": "a"}
    for who, name in ((without("person.jobTitle"), "jobTitle"), (scope(), "pin")):
        with pytest.raises(PermissionDenied) as refused:
            planned({name: "a"}, who, verb="read")
        assert refused.value.details["required"] == {
            "permission": "canReadObjectRecords",
            "object": "person",
            "field": name,
        }


# Stored documents ------------------------------------------------------------------------------------


def test_given_values_stand_over_defaults_and_empty_ones_are_absent() -> None:
    assert document(PERSON, planned({})) == {"stage": "NEW"}
    assert document(PERSON, planned({"jobTitle": "a", "stage": "WON", "companyId": ID, "tags": None})) == {
        "jobTitle": "a", "stage": "WON", "company": ID}  # fmt: skip
    assert document(PERSON, planned({"jobTitle": "", "name": {"firstName": ""}})) == {"stage": "NEW"}
    assert document(COMPANY, planned({}, subject=COMPANY)) == {}


def test_defaults_that_are_made_for_each_record() -> None:
    made = replace(
        PERSON,
        fields=(
            *PERSON.fields,
            replace(field("person.token"), default="uuid"),
            replace(field("person.seenAt"), default="now"),
        ),
    )
    first, second = (document(made, RecordInput(0)) for _ in range(2))
    assert UUID(first["token"]) != UUID(second["token"])
    assert first["seenAt"].endswith("Z")
    assert first.keys() == {"stage", "token", "seenAt"}


def test_who_made_a_record() -> None:
    def actor(sent: dict[str, Any] | None, **more: Any) -> Any:
        return created_by(scope(**more), RecordInput(0, created_by=sent))

    key = {"api_key_id": MEMBER}
    own = {"source": "API", "name": "Ada", "context": {}}
    assert actor(None, **key) == own
    assert actor({"source": None, "name": None}, **key) == own
    assert actor({"source": "IMPORT"}, **key) == {**own, "source": "IMPORT"}
    assert actor({"name": "Bo"}, **key) == {"source": "MANUAL", "name": "Bo"}
    assert actor({"name": "Bo", "source": "EMAIL"}, **key) == {"source": "EMAIL", "name": "Bo"}


def test_an_api_key_cannot_claim_a_member_as_creator() -> None:
    sent = {"workspaceMemberId": str(MEMBER)}
    assert created_by(scope(api_key_id=MEMBER), RecordInput(0, created_by=sent)) == {
        "source": "API",
        "name": "Ada",
        "context": {},
    }
    claimed = RecordInput(0, created_by={**sent, "name": "Bo"})
    assert created_by(scope(api_key_id=MEMBER), claimed) == {"source": "MANUAL", "name": "Bo"}
    assert created_by(scope(member_id=MEMBER), RecordInput(0, created_by=sent)) == {
        "source": "MANUAL", "name": "Ada", "context": {}, "workspaceMemberId": str(MEMBER)}  # fmt: skip
    assert claimed.created_by == {**sent, "name": "Bo"}


# Limits ----------------------------------------------------------------------------------------------


def test_a_batch_at_its_end_and_one_more() -> None:
    check_batch(scope(max_batch_size=60), 60)
    with pytest.raises(TooManyRecords) as refused:
        check_batch(scope(max_batch_size=60), 61)
    assert refused.value.message == refused.value.user_message == "Maximum number of records to upsert is 60."
    assert refused.value.hint == "61 were sent."
    assert refused.value.details == {"limit": 60, "count": 61}


def test_a_bulk_write_at_its_end_and_one_more() -> None:
    check_bulk(scope(max_bulk_records=10), "update", 10)
    with pytest.raises(TooManyRecords) as refused:
        check_bulk(scope(max_bulk_records=10), "update", 11)
    assert refused.value.message == "Cannot update more than 10 records at once"
    assert refused.value.user_message == "You can only update up to 10 records at once."
    assert refused.value.hint == "The filter matches 11."
    assert refused.value.details == {"limit": 10, "count": 11}


def test_creating_related_records_can_be_refused() -> None:
    refuse_creates([planned({"company": {"disconnect": True}})])
    with pytest.raises(InvalidRelation) as refused:
        refuse_creates([planned({}), planned({"company": {"create": {}}})])
    assert (refused.value.message, refused.value.path) == (
        "Nested relation create is not supported in this operation",
        "company",
    )


def test_ids_of_records() -> None:
    assert target_id(ID.upper()) == target_id(UUID(ID)) == ID
    for wrong in ("x", "x" * 36, ID.replace("-", ""), None, 5, f"{{{ID}}}"):
        with pytest.raises(BadRequest) as refused:
            target_id(wrong)
        assert refused.value.message == f"'{wrong}' is not a valid UUID"
