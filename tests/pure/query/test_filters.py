"""Filters: what a mapping becomes, and what is said of one that means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import ApiError, InvalidFilter, PermissionDenied, TooComplex, UnknownField
from config.http.bounds import MAX
from core.query import ir
from core.query.filters import MAX_CONDITIONS, MAX_NESTING, mentions_deleted, plan_filter
from core.query.plan import EVERY, All, Any_, Condition, Negation, Never
from core.query.scope import Scope
from tests.pure.model import (
    COMPANY,
    LOG,
    PERSON,
    PET,
    STRAY,
    compare,
    not_reading,
    related_many,
    related_one,
    scope,
    without,
)

ID = "00000000-0000-4000-8000-0000000000aa"


def planned(given: Any, who: Scope | None = None, subject: Any = PERSON) -> Condition:
    query = None if given is None else ir.filter_of(given)
    return plan_filter(who or scope(), subject, query)


is_null = "person.jobTitle", "is", True
PLANS: dict[str, tuple[Any, Condition]] = {
    "none": (None, EVERY),
    "an empty one": ({}, EVERY),
    "a text": ({"jobTitle": {"eq": "CEO"}}, compare("person.jobTitle", "eq", "CEO")),
    "a number, out of its text": ({"employees": {"gte": "50"}}, compare("person.employees", "gte", 50)),
    "a truth": ({"isActive": {"eq": True}}, compare("person.isActive", "eq", True)),
    "an id": ({"id": {"eq": ID.upper()}}, compare("person.id", "eq", ID)),
    "a sub-field": ({"name": {"firstName": {"like": "A%"}}}, compare("person.name.firstName", "like", "A%")),
    "two sub-fields": (
        {"name": {"firstName": {"eq": "Ada"}, "lastName": {"neq": "L"}}},
        All((compare("person.name.firstName", "eq", "Ada"), compare("person.name.lastName", "neq", "L"))),
    ),
    "members side by side": (
        {"jobTitle": {"eq": "a"}, "employees": {"lt": 2}},
        All((compare("person.jobTitle", "eq", "a"), compare("person.employees", "lt", 2))),
    ),
    "and": (
        {"and": [{"jobTitle": {"eq": "a"}}, {"jobTitle": {"eq": "b"}}]},
        All((compare("person.jobTitle", "eq", "a"), compare("person.jobTitle", "eq", "b"))),
    ),
    "or": (
        {"or": [{"jobTitle": {"eq": "a"}}, {"jobTitle": {"eq": "b"}}]},
        Any_((compare("person.jobTitle", "eq", "a"), compare("person.jobTitle", "eq", "b"))),
    ),
    "or of one": ({"or": {"jobTitle": {"eq": "a"}}}, Any_((compare("person.jobTitle", "eq", "a"),))),
    "or of none is no condition": ({"or": []}, EVERY),
    "not": ({"not": {"jobTitle": {"eq": "a"}}}, Negation(compare("person.jobTitle", "eq", "a"))),
    "is NULL": ({"jobTitle": {"is": "NULL"}}, compare("person.jobTitle", "is", True)),
    "is NOT_NULL": ({"jobTitle": {"is": "NOT_NULL"}}, compare("person.jobTitle", "is", False)),
    "in": ({"jobTitle": {"in": ["a", "b"]}}, compare("person.jobTitle", "in", ("a", "b"))),
    "in, an empty text among them": (
        {"jobTitle": {"in": ["a", ""]}}, Any_((compare("person.jobTitle", "in", ("a",)), compare(*is_null)))),
    "in, an empty text alone": ({"jobTitle": {"in": [""]}}, Any_((Never(), compare(*is_null)))),
    "in, null among them": ({"jobTitle": {"in": [None, "a"]}}, compare("person.jobTitle", "in", ("a",))),
    "in, null alone": ({"jobTitle": {"in": [None]}}, Never()),
    "containsAny": ({"workPreference": {"containsAny": ["REMOTE"]}}, compare("person.workPreference", "containsAny", ("REMOTE",))),
    "containsAny knows no empty text": (
        {"workPreference": {"containsAny": ["REMOTE", ""]}}, compare("person.workPreference", "containsAny", ("REMOTE",))),
    "eq of an empty text": ({"jobTitle": {"eq": ""}}, compare("person.jobTitle", "is", True)),
    "neq of an empty text": ({"jobTitle": {"neq": ""}}, compare("person.jobTitle", "is", False)),
    "startsWith of an empty text": ({"jobTitle": {"startsWith": ""}}, compare("person.jobTitle", "startsWith", "")),
    "eq null of a text": ({"jobTitle": {"eq": None}}, compare("person.jobTitle", "is", True)),
    "neq null of a text": ({"jobTitle": {"neq": None}}, compare("person.jobTitle", "is", False)),
    "gt null of a text": ({"jobTitle": {"gt": None}}, Never()),
    "eq null of a number": ({"employees": {"eq": None}}, Never()),
    "eq null of a text in a composite": ({"name": {"lastName": {"eq": None}}}, compare("person.name.lastName", "is", True)),
    "eq null of a number in a composite": ({"amount": {"amountMicros": {"eq": None}}}, Never()),
    "isEmptyArray": ({"tags": {"isEmptyArray": True}}, compare("person.tags", "isEmptyArray", True)),
    "containsIlike": ({"tags": {"containsIlike": "%a%"}}, compare("person.tags", "containsIlike", "%a%")),
    "search": ({"searchVector": {"search": "ada"}}, compare("person.searchVector", "search", "ada")),
    "a join id": ({"companyId": {"eq": ID}}, compare("person.company", "eq", ID)),
    "a related record": (
        {"company": {"name": {"eq": "Acme"}}}, related_one("person.company", COMPANY, compare("company.name", "eq", "Acme"))),
    "a related record, two members": (
        {"company": {"name": {"eq": "A"}, "size": {"gt": 1}}},
        related_one("person.company", COMPANY, All((compare("company.name", "eq", "A"), compare("company.size", "gt", 1))))),
    "a related record that is deleted": (
        {"company": {"deletedAt": {"is": "NOT_NULL"}}},
        related_one("person.company", COMPANY, compare("company.deletedAt", "is", False), sees_deleted=True)),
    "some record that points here": (
        {"pets": {"name": {"eq": "Rex"}}}, related_many("pet.ownerPerson", PET, compare("pet.name", "eq", "Rex"))),
    "some record that points here and is deleted": (
        {"pets": {"deletedAt": {"is": "NOT_NULL"}}},
        related_many("pet.ownerPerson", PET, compare("pet.deletedAt", "is", False), sees_deleted=True)),
    "any record that points here": ({"pets": {}}, related_many("pet.ownerPerson", PET, EVERY)),
    "what two relations lead to": (
        {"company": {"name": {"eq": "A"}}, "pets": {"name": {"eq": "B"}}},
        All((related_one("person.company", COMPANY, compare("company.name", "eq", "A")),
             related_many("pet.ownerPerson", PET, compare("pet.name", "eq", "B"))))),
}  # fmt: skip


@pytest.mark.parametrize(("given", "condition"), PLANS.values(), ids=PLANS.keys())
def test_plan(given: Any, condition: Condition) -> None:
    assert planned(given) == condition


TEXT_LIST = "eq, neq, gt, gte, lt, lte, in, is, like, ilike, startsWith, endsWith"
REFUSALS: dict[str, tuple[Any, type[ApiError], str, str | None, str | None]] = {
    "an unknown field": (
        {"jobTitel": {"eq": 1}}, UnknownField, 'Object person doesn\'t have any "jobTitel" field.', "jobTitel",
        'Did you mean "jobTitle"?'),
    "no object": ({"jobTitle": "CEO"}, InvalidFilter, 'Filter value for field "jobTitle" must be an object', "jobTitle", None),
    "no operator": ({"jobTitle": {}}, InvalidFilter, 'Filter for field "jobTitle" must have exactly one operator', "jobTitle", None),
    "two operators": (
        {"jobTitle": {"gt": "a", "lt": "b"}}, InvalidFilter, 'Filter for field "jobTitle" must have exactly one operator',
        "jobTitle", None),
    "an unknown operator": (
        {"jobTitle": {"equal": "a"}}, InvalidFilter,
        f'Operator "equal" is not valid for field "jobTitle" of type TEXT - Allowed operators: {TEXT_LIST}', "jobTitle", None),
    "an operator of other types": (
        {"isActive": {"gt": True}}, InvalidFilter,
        'Operator "gt" is not valid for field "isActive" of type BOOLEAN - Allowed operators: eq, is', "isActive", None),
    "an operator that is nearly one": (
        {"jobTitle": {"startswith": "a"}}, InvalidFilter,
        f'Operator "startswith" is not valid for field "jobTitle" of type TEXT - Allowed operators: {TEXT_LIST}', "jobTitle",
        'Did you mean "startsWith"?'),
    "an operator on a whole composite": (
        {"name": {"eq": "Ada"}}, InvalidFilter, 'Sub field "eq" not found for composite type: FULL_NAME', "name.eq", None),
    "an unknown sub-field": (
        {"name": {"firstname": {"eq": "a"}}}, InvalidFilter, 'Sub field "firstname" not found for composite type: FULL_NAME',
        "name.firstname", 'Did you mean "firstName"?'),
    "a sub-field without an object": (
        {"name": {"firstName": "a"}}, InvalidFilter, 'Filter value for field "name.firstName" must be an object',
        "name.firstName", None),
    "a composite without sub-fields": (
        {"name": {}}, InvalidFilter, 'Filter for field "name" must have exactly one operator', "name", None),
    "a sub-field's operator": (
        {"name": {"firstName": {"isEmptyArray": True}}}, InvalidFilter,
        f'Operator "isEmptyArray" is not valid for field "name.firstName" of type TEXT - Allowed operators: {TEXT_LIST}',
        "name.firstName", None),
    "is of something else": (
        {"jobTitle": {"is": "null"}}, InvalidFilter, 'Invalid filter value for "is" operator. Expected "NULL" or "NOT_NULL"',
        "jobTitle", None),
    "is of a truth": (
        {"jobTitle": {"is": None}}, InvalidFilter, 'Invalid filter value for "is" operator. Expected "NULL" or "NOT_NULL"',
        "jobTitle", None),
    "a flag that is none": (
        {"tags": {"isEmptyArray": "true"}}, InvalidFilter,
        'Filter operator "isEmptyArray" requires a boolean value for field tags', "tags", None),
    "in without a list": (
        {"jobTitle": {"in": "a"}}, InvalidFilter, 'Filter operator "in" requires an array value for field jobTitle', "jobTitle", None),
    "in of an empty list": (
        {"jobTitle": {"in": []}}, InvalidFilter, "Invalid filter value for field jobTitle. Expected non-empty array", "jobTitle", None),
    "a relation by an operator": (
        {"company": "x"}, InvalidFilter, 'Cannot filter by relation field "company": use "companyId" instead', "company", None),
    "a list of related records by an operator": (
        {"pets": "x"}, InvalidFilter, 'Cannot filter by relation field "pets"', "pets", None),
    "a second relation inside or": (
        {"company": {"or": [{"people": {"jobTitle": {"eq": "a"}}}]}}, InvalidFilter,
        "Relation filter nesting deeper than 1 hop is not supported", "people", None),
    "a second relation inside not": (
        {"company": {"not": {"people": {}}}}, InvalidFilter,
        "Relation filter nesting deeper than 1 hop is not supported", "people", None),
    "an option that is none": (
        {"stage": {"eq": "LOST"}}, InvalidFilter, 'Invalid value "LOST" for field "stage". Valid values are: NEW, WON', "stage", None),
    "an option of a list that is none": (
        {"stage": {"in": ["NEW", "LOST"]}}, InvalidFilter,
        'Invalid value "LOST" for field "stage". Valid values are: NEW, WON', "stage", None),
    "a text for a number of a related record": (
        {"company": {"size": {"in": ["x"]}}}, InvalidFilter, 'Invalid number value NaN for field "size"', "size", None),
    "a second relation": (
        {"company": {"people": {"jobTitle": {"eq": "a"}}}}, InvalidFilter,
        "Relation filter nesting deeper than 1 hop is not supported", "people", None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "error", "message", "path", "hint"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal(given: Any, error: type[ApiError], message: str, path: str | None, hint: str | None) -> None:
    with pytest.raises(error) as refused:
        planned(given)
    assert type(refused.value) is error
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, path, hint)


def test_a_second_relation_is_explained_to_people() -> None:
    with pytest.raises(InvalidFilter) as refused:
        planned({"company": {"people": {}}})
    assert refused.value.user_message == "Relation filters can only traverse one relation deep"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ghost", 'Object stray doesn\'t have any "ghost" field.'),
        ("ghosts", 'Object stray doesn\'t have any "ghosts" field.'),
    ],
)
def test_a_relation_to_what_is_switched_off_is_unknown(name: str, message: str) -> None:
    with pytest.raises(UnknownField) as refused:
        planned({name: {}}, subject=STRAY)
    assert (refused.value.message, refused.value.path) == (message, name)


# Limits ----------------------------------------------------------------------------------------------


def test_as_many_conditions_as_may_be_and_one_more() -> None:
    most = {"or": [{"jobTitle": {"eq": "a"}}] * MAX_CONDITIONS}
    assert planned(most) == Any_((compare("person.jobTitle", "eq", "a"),) * MAX_CONDITIONS)
    with pytest.raises(TooComplex) as refused:
        planned({"or": [*most["or"], {"jobTitle": {"eq": "a"}}]})
    assert refused.value.message == f"Filter has more than {MAX_CONDITIONS} conditions"


def test_conditions_of_related_records_count_with_the_others() -> None:
    half = [{"jobTitle": {"eq": "a"}}] * (MAX_CONDITIONS // 2)
    related = [{"name": {"eq": "a"}}] * (MAX_CONDITIONS // 2 - 1)  # the relation itself is one
    planned({"or": half, "company": {"or": related}})
    with pytest.raises(TooComplex):
        planned({"or": half, "company": {"or": [*related, {"name": {"eq": "a"}}]}})


def nested(levels: int) -> ir.Filter:
    found: ir.Filter = ir.Match("jobTitle", {"eq": "a"})
    for _ in range(levels):
        found = ir.Not(found)
    return found


@pytest.mark.parametrize(
    "wrap", [ir.Not, lambda each: ir.And((each, each)), lambda each: ir.Or((each,)), lambda each: ir.And((each,))]
)
def test_as_deep_as_may_be_and_one_deeper(wrap: Any) -> None:
    leaf: ir.Filter = nested(MAX_NESTING - 1)
    plan_filter(scope(), PERSON, wrap(leaf))
    with pytest.raises(TooComplex) as refused:
        plan_filter(scope(), PERSON, wrap(ir.Not(leaf)))
    assert refused.value.message == f"Filter is nested more than {MAX_NESTING} levels deep"


def test_a_related_record_and_its_mapping_are_a_level_each() -> None:
    found: ir.Filter = ir.Match("company", {"name": {"eq": "a"}})
    for _ in range(MAX_NESTING - 2):
        found = ir.Not(found)
    plan_filter(scope(), PERSON, found)
    with pytest.raises(TooComplex):
        plan_filter(scope(), PERSON, ir.Not(found))


def test_as_many_values_as_may_be_and_one_more() -> None:
    half = MAX.filter_values // 2
    planned({"jobTitle": {"in": ["a"] * half}, "employees": {"in": [1] * half}})
    with pytest.raises(TooComplex) as refused:
        planned({"jobTitle": {"in": ["a"] * half}, "employees": {"in": [1] * (half + 1)}})
    assert refused.value.message == f"Filter has more than {MAX.filter_values} values in its lists"


# Rights ----------------------------------------------------------------------------------------------

DENIED: dict[str, tuple[Any, Scope, str, str | None]] = {
    "a field": ({"jobTitle": {"eq": "a"}}, without("person.jobTitle"), "person", "jobTitle"),
    "a field, whatever is said of it": ({"jobTitle": "nonsense"}, without("person.jobTitle"), "person", "jobTitle"),
    "a field that nobody reads": ({"pin": {"eq": "1"}}, scope(), "person", "pin"),
    "a join id": ({"companyId": {"is": "NULL"}}, without("person.company"), "person", "company"),
    "a relation": ({"company": {}}, without("person.company"), "person", "company"),
    "a list of related records, by their relation": ({"pets": {}}, without("pet.ownerPerson"), "pet", "ownerPerson"),
    "a field of a related record": ({"company": {"name": {"eq": "a"}}}, without("company.name"), "company", "name"),
    "the words of a field": ({"searchVector": {"search": "a"}}, without("person.jobTitle"), "person", "jobTitle"),
    "related records": ({"company": {}}, not_reading("company"), "company", None),
}


@pytest.mark.parametrize(("given", "who", "singular", "name"), DENIED.values(), ids=DENIED.keys())
def test_what_may_not_be_read_may_not_be_filtered_by(given: Any, who: Scope, singular: str, name: str | None) -> None:
    with pytest.raises(PermissionDenied) as refused:
        planned(given, who)
    required = {"permission": "canReadObjectRecords", "object": singular, "field": name}
    assert refused.value.details == {"required": required}
    assert refused.value.extensions["required"] == required
    about = "" if name is None else f': no permission to read field "{name}" on "{singular}"'
    assert refused.value.message == f"Entity performing the request does not have permission{about}"


def test_records_of_a_guarded_object_need_its_flag() -> None:
    from dataclasses import replace

    from config.principal import EVERYTHING

    flagged = replace(EVERYTHING, settings=False, flags=frozenset({"SECURITY"}))
    assert planned({"logs": {}}, scope(flagged), COMPANY) == related_many("log.company", LOG, EVERY)
    with pytest.raises(PermissionDenied) as refused:
        planned({"logs": {}}, scope(replace(flagged, flags=frozenset({"ROLES"}))), COMPANY)
    assert refused.value.details == {"required": {"permission": "SECURITY", "object": "log", "field": None}}


def test_a_name_that_may_not_be_read_is_not_suggested() -> None:
    with pytest.raises(UnknownField) as refused:
        planned({"jobTitel": {}}, without("person.jobTitle"))
    assert refused.value.hint is None


# The soft-deleted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sees"),
    [
        (None, False),
        ({}, False),
        ({"deletedAt": {"is": "NOT_NULL"}}, True),
        ({"not": {"deletedAt": {"is": "NULL"}}}, True),
        ({"or": [{"jobTitle": {"eq": "a"}}, {"and": [{"not": {"deletedAt": {"gt": "2024-01-01"}}}]}]}, True),
        ({"jobTitle": {"eq": "deletedAt"}}, False),
        ({"company": {"deletedAt": {"is": "NOT_NULL"}}}, False),
    ],
)
def test_a_filter_by_deleted_at_shows_the_deleted(given: Any, sees: bool) -> None:
    assert mentions_deleted(None if given is None else ir.filter_of(given)) is sees
