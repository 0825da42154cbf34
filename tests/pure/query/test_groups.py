"""Group by: dimensions, date buckets, aggregates and orders, and what is said of those that mean nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from config.errors import (
    ApiError,
    BadRequest,
    InvalidTimezone,
    PermissionDenied,
    TooComplex,
    UnknownField,
    UnknownObject,
)
from core.query import ir
from core.query.aggregates import aggregate_names, aggregates_of
from core.query.groups import MAX_DIMENSIONS, MAX_GROUPS, Dimension, GroupMember, GroupOrder, GroupPlan, plan_groups
from core.query.plan import EVERY, Constant, CursorOf, Node, Value
from core.query.scope import Scope
from core.query.selections import MAX_AGGREGATES
from tests.pure.model import COMPANY, PERSON, compare, key, not_reading, scope, sql, without


def groups(*dimensions: Any, who: Scope | None = None, **more: Any) -> GroupPlan:
    asked = {"selection": ir.Everything(), **more}
    return plan_groups(who or scope(), ir.GroupBy("person", dimensions, **asked))


def dimension(given: Any) -> Dimension:
    [found] = groups(given).dimensions
    return found


def text(expression: str) -> str:
    return f"coalesce(to_json({expression})::text, 'null')"


# Dimensions ------------------------------------------------------------------------------------------

SEEN = sql("person.seenAt").value
BORN = sql("person.birthday").value
ZONED = f"({SEEN})::timestamptz AT TIME ZONE %s::text"
DATED = f"({BORN})::date::timestamp"
DAY = (
    "coalesce(to_json(CASE WHEN {d} < '0001-01-01' THEN to_char({d}, '\"0000\"-MM-DD')"
    " WHEN {d} >= '10000-01-01' THEN to_char({d}, '\"+0\"YYYY-MM-DD') ELSE to_char({d}, 'YYYY-MM-DD') END)::text, 'null')"
)
DAYS = "'Monday','Tuesday','Wednesday','Thursday','Friday','Saturday','Sunday'"
MONTHS = "'January','February','March','April','May','June','July','August','September','October','November','December'"


def day_of_week(shift: int) -> str:
    return f"(extract(isodow FROM {ZONED})::int + {shift}) %% 7 + 1"


def seen(granularity: str, **more: Any) -> dict[str, Any]:
    return {"seenAt": {"granularity": granularity, **more}}


DIMENSIONS: dict[str, tuple[Any, Dimension]] = {
    "a text": (
        {"jobTitle": True}, Dimension(("jobTitle",), sql("person.jobTitle").value, text("{d}::text"), folds_case=True)),
    "a number": ({"employees": True}, Dimension(("employees",), sql("person.employees").value, "coalesce(trim_scale({d})::text, 'null')")),
    "a truth": ({"isActive": True}, Dimension(("isActive",), sql("person.isActive").value, text("{d}"))),
    "members of null are none": (
        {"isActive": True, "jobTitle": None}, Dimension(("isActive",), sql("person.isActive").value, text("{d}"))),
    "a join id": ({"companyId": True}, Dimension(("companyId",), sql("person.company").value, text("{d}::text"), is_counted=True)),
    "a sub-field": (
        {"name": {"firstName": True}},
        Dimension(("name", "firstName"), sql("person.name.firstName").value, text("{d}::text"), folds_case=True)),
    "a whole list": (
        {"workPreference": True}, Dimension(("workPreference",), sql("person.workPreference").value, text("{d}"))),
    "each element of a list": (
        {"workPreference": {"unnest": True}},
        Dimension(("workPreference",), f"jsonb_array_elements_text(coalesce({sql('person.workPreference').json}, '[null]'::jsonb))",
                  "coalesce(to_json({d})::text, 'null')", is_unnested=True)),
    "a field of a related record": (
        {"company": {"name": True}},
        Dimension(("company", "name"), sql("company.name").value, text("{d}::text"),
                  through=(sql("person.company"), COMPANY), folds_case=True)),
    "a sub-field of a related record": (
        {"company": {"address": {"addressCity": True}}},
        Dimension(("company", "address", "addressCity"), sql("company.address.addressCity").value, text("{d}::text"),
                  through=(sql("person.company"), COMPANY), folds_case=True)),
    "a moment, to the day": (seen("DAY"), Dimension(("seenAt",), f"date_trunc('day', {ZONED})", DAY, "DAY", ("UTC",))),
    "in a zone": (
        seen("MONTH", timeZone="Europe/Oslo"), Dimension(("seenAt",), f"date_trunc('month', {ZONED})", DAY, "MONTH", ("Europe/Oslo",))),
    "to the quarter": (seen("QUARTER"), Dimension(("seenAt",), f"date_trunc('quarter', {ZONED})", DAY, "QUARTER", ("UTC",))),
    "to the year": (seen("YEAR"), Dimension(("seenAt",), f"date_trunc('year', {ZONED})", DAY, "YEAR", ("UTC",))),
    "to the week": (seen("WEEK"), Dimension(("seenAt",), f"date_trunc('week', {ZONED})", DAY, "WEEK", ("UTC",))),
    "to the week from Monday": (
        seen("WEEK", weekStartDay="MONDAY"), Dimension(("seenAt",), f"date_trunc('week', {ZONED})", DAY, "WEEK", ("UTC",))),
    "to the week from Sunday": (
        seen("WEEK", weekStartDay="SUNDAY"),
        Dimension(("seenAt",), f"date_trunc('week', {ZONED} + interval '1 day') - interval '1 day'", DAY, "WEEK", ("UTC",))),
    "to the week from Saturday": (
        seen("WEEK", weekStartDay="SATURDAY"),
        Dimension(("seenAt",), f"date_trunc('week', {ZONED} + interval '2 day') - interval '2 day'", DAY, "WEEK", ("UTC",))),
    "a month does not begin anew with the week": (
        seen("MONTH", weekStartDay="nonsense"), Dimension(("seenAt",), f"date_trunc('month', {ZONED})", DAY, "MONTH", ("UTC",))),
    "a date has no zone": ({"birthday": {"granularity": "DAY"}}, Dimension(("birthday",), f"date_trunc('day', {DATED})", DAY, "DAY")),
    "a date as it is": ({"birthday": True}, Dimension(("birthday",), BORN, text("{d}::text"), folds_case=True)),
    "a date to nothing": ({"birthday": {"granularity": "NONE"}}, Dimension(("birthday",), BORN, text("{d}::text"), folds_case=True)),
    "a date without a granularity": ({"birthday": {"granularity": None}}, Dimension(("birthday",), BORN, text("{d}::text"), folds_case=True)),
    "the day of the week": (
        seen("DAY_OF_THE_WEEK"),
        Dimension(("seenAt",), day_of_week(6), text(f"(ARRAY[{DAYS}])[{{d}}]"), "DAY_OF_THE_WEEK", ("UTC",))),
    "the day of the week from Sunday": (
        seen("DAY_OF_THE_WEEK", weekStartDay="SUNDAY"),
        Dimension(("seenAt",), day_of_week(7), text("(ARRAY['Sunday','Monday','Tuesday','Wednesday','Thursday','Friday','Saturday'])[{d}]"),
                  "DAY_OF_THE_WEEK", ("UTC",))),
    "the day of the week from Saturday": (
        seen("DAY_OF_THE_WEEK", weekStartDay="SATURDAY"),
        Dimension(("seenAt",), day_of_week(8), text("(ARRAY['Saturday','Sunday','Monday','Tuesday','Wednesday','Thursday','Friday'])[{d}]"),
                  "DAY_OF_THE_WEEK", ("UTC",))),
    "the month of the year": (
        seen("MONTH_OF_THE_YEAR"),
        Dimension(("seenAt",), f"extract(month FROM {ZONED})::int", text(f"(ARRAY[{MONTHS}])[{{d}}]"), "MONTH_OF_THE_YEAR", ("UTC",))),
    "the quarter of the year": (
        {"birthday": {"granularity": "QUARTER_OF_THE_YEAR"}},
        Dimension(("birthday",), f"extract(quarter FROM {DATED})::int", "coalesce(to_json('Q' || {d})::text, 'null')",
                  "QUARTER_OF_THE_YEAR")),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), DIMENSIONS.values(), ids=DIMENSIONS.keys())
def test_dimension(given: Any, expected: Dimension) -> None:
    assert dimension(given) == expected


GRANULARITIES = "DAY, WEEK, MONTH, QUARTER, YEAR, DAY_OF_THE_WEEK, MONTH_OF_THE_YEAR, QUARTER_OF_THE_YEAR, NONE"
MULTIPLE = "You cannot provide multiple {} GroupByInput, split them into multiple GroupByInput"
REFUSED: dict[str, tuple[Any, type[ApiError], str, str | None, str | None]] = {
    "an empty mapping": ({}, BadRequest, 'Invalid groupBy definition for field ""', None, None),
    "no mapping": ("jobTitle", BadRequest, 'Invalid groupBy definition for field ""', None, None),
    "two fields": ({"jobTitle": True, "stage": True}, BadRequest, MULTIPLE.format("fields in one"), None, None),
    "nothing but null": ({"jobTitle": None}, BadRequest, MULTIPLE.format("fields in one"), None, None),
    "an unknown field": ({"jobTitel": True}, BadRequest, "Unidentified field in groupBy: jobTitel", "jobTitel", 'Did you mean "jobTitle"?'),
    "false": ({"jobTitle": False}, BadRequest, 'Invalid groupBy definition for field "jobTitle"', "jobTitle", None),
    "a mapping for a text": ({"jobTitle": {"x": True}}, BadRequest, 'Invalid groupBy definition for field "jobTitle"', "jobTitle", None),
    "1 is not true": ({"jobTitle": 1}, BadRequest, 'Invalid groupBy definition for field "jobTitle"', "jobTitle", None),
    "what has no groups": ({"searchVector": True}, BadRequest, 'Field "searchVector" is not supported in groupBy', "searchVector", None),
    "a column of the server's": ({"deletedAt": True}, BadRequest, 'Field "deletedAt" is not supported in groupBy', "deletedAt", None),
    "the id": ({"id": True}, BadRequest, 'Field "id" is not supported in groupBy', "id", None),
    "a whole composite": ({"name": True}, BadRequest, 'Invalid groupBy definition for field "name"', "name", None),
    "two sub-fields": (
        {"name": {"firstName": True, "lastName": True}}, BadRequest, MULTIPLE.format("subfields in one"), "name", None),
    "an unknown sub-field": (
        {"name": {"nick": True}}, BadRequest, 'Composite subfield "nick" is not supported in groupBy for "name"', "name", None),
    "a sub-field that is not true": (
        {"name": {"firstName": False}}, BadRequest, 'Composite subfield "firstName" must be set to true in groupBy for "name"', "name", None),
    "unnesting a text": ({"jobTitle": {"unnest": True}}, BadRequest, 'Invalid groupBy definition for field "jobTitle"', "jobTitle", None),
    "unnesting that is not true": (
        {"workPreference": {"unnest": 1}}, BadRequest, 'Invalid groupBy definition for field "workPreference"', "workPreference", None),
    "an unknown granularity": (
        seen("HOUR"), BadRequest, 'Invalid granularity "HOUR" for field "seenAt"', "seenAt", f"Known granularities: {GRANULARITIES}"),
    "an unknown zone": (seen("DAY", timeZone="Mars/Olympus"), InvalidTimezone, "Invalid timezone: Mars/Olympus", "seenAt", None),
    "a zone that is no text": (seen("DAY", timeZone=1), InvalidTimezone, "Invalid timezone: 1", "seenAt", None),
    "an unknown start of the week": (
        seen("WEEK", weekStartDay="FRIDAY"), BadRequest, 'Invalid weekStartDay "FRIDAY" for field "seenAt"', "seenAt",
        "MONDAY, SUNDAY or SATURDAY"),
    "an unknown granularity of a related record": (
        {"company": {"createdAt": {"granularity": "HOUR"}}}, BadRequest, 'Invalid granularity "HOUR" for field "company.createdAt"',
        "company.createdAt", f"Known granularities: {GRANULARITIES}"),
    "a list of related records": ({"pets": {"name": True}}, BadRequest, 'Field "pets" is not supported in groupBy', "pets", None),
    "a whole related record": ({"company": True}, BadRequest, 'Invalid groupBy definition for field "company"', "company", None),
    "two fields of a related record": (
        {"company": {"name": True, "size": True}}, BadRequest, MULTIPLE.format("nested fields in one relation"), "company", None),
    "an unknown field of a related record": (
        {"company": {"nam": True}}, BadRequest, "Unidentified field in groupBy: company.nam", "company", 'Did you mean "name"?'),
    "a relation of a related record": (
        {"company": {"people": {"jobTitle": True}}}, BadRequest, "Unidentified field in groupBy: company.people", "company",
        'Did you mean "people"?'),
    "a column of a related record": (
        {"company": {"id": True}}, BadRequest, 'Field "company.id" is not supported in groupBy', "company.id", None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "error", "message", "path", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_no_dimension(given: Any, error: type[ApiError], message: str, path: str | None, hint: str | None) -> None:
    with pytest.raises(error) as refused:
        groups(given)
    assert type(refused.value) is error
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, path, hint)


def test_moments_of_the_record_itself_have_groups() -> None:
    assert dimension({"createdAt": {"granularity": "YEAR"}}).granularity == "YEAR"
    assert dimension({"updatedAt": {"granularity": "YEAR"}}).granularity == "YEAR"


# The whole -------------------------------------------------------------------------------------------


def test_a_plan_of_nothing_but_dimensions() -> None:
    plan = groups({"isActive": True})
    assert plan == GroupPlan(
        PERSON, EVERY, False, (DIMENSIONS["a truth"][1],), (GroupMember("groupByDimensionValues", "dimensions"),), (), 50,
        (key("person.id", is_nullable=False),), 0, (), (), False,
    )  # fmt: skip


def test_everything_asked_for_reaches_the_plan() -> None:
    plan = groups(
        {"isActive": True},
        filter=ir.filter_of({"deletedAt": {"is": "NOT_NULL"}}),
        record_order=(ir.Order(("jobTitle",), "DescNullsLast"),),
        limit=7,
        record_offset=3,
        omit_nulls=True,
        with_records=True,
        aggregates=("totalCount", "maxEmployees"),
        selection=ir.Everything(only=("jobTitle",)),
    )
    assert (plan.condition, plan.sees_deleted, plan.limit, plan.record_offset, plan.omit_nulls) == (
        compare("person.deletedAt", "is", False), True, 7, 3, True)  # fmt: skip
    assert plan.record_order == (key("person.jobTitle", True, False), key("person.id", is_nullable=False))
    assert plan.members == (
        GroupMember("totalCount", "text", "count(*)"),
        GroupMember("maxEmployees", "text", "max((({r}.data->>'employees'))::numeric)"),
        GroupMember("groupByDimensionValues", "dimensions"),
        GroupMember("records", "records"),
    )
    assert [each.key for each in plan.record_members] == ["id", "jobTitle"]


def pick(name: str, *picks: ir.Pick) -> ir.Pick:
    return ir.Pick(name, name, {}, picks)


def test_members_as_picked() -> None:
    typed = ir.Pick("t", "__typename", type_name="PersonGroupByConnection")
    info = (
        pick("hasNextPage"),
        pick("hasPreviousPage"),
        pick("startCursor"),
        ir.Pick("x", "__typename", type_name="PageInfo"),
    )
    edges = pick("edges")
    edges = replace(edges, picks=(pick("cursor"), pick("node", pick("id"))))
    plan = groups(
        {"isActive": True},
        selection=(
            typed,
            pick("groupByDimensionValues"),
            pick("totalCount"),
            replace(pick("pageInfo"), picks=info),
            edges,
        ),
    )
    assert plan.members == (
        Constant("t", '"PersonGroupByConnection"'),
        GroupMember("groupByDimensionValues", "dimensions"),
        GroupMember("totalCount", "number", "coalesce(to_json(count(*))::text, 'null')"),
        Constant("pageInfo", '{"hasNextPage":false,"hasPreviousPage":false,"startCursor":null,"x":"PageInfo"}'),
        GroupMember("edges", "edges"),
    )
    assert plan.edge_items == (CursorOf("cursor"), Node("node", (Value("id", sql("person.id").answer, "ws_test"),)))


ASKED_WRONG: dict[str, tuple[dict[str, Any], type[ApiError], str, str | None, str | None]] = {
    "fewer groups than none": ({"limit": -1}, BadRequest, f"limit must be from 0 to {MAX_GROUPS} groups, not -1", "limit", None),
    "one group more than may be": (
        {"limit": MAX_GROUPS + 1}, BadRequest, f"limit must be from 0 to {MAX_GROUPS} groups, not {MAX_GROUPS + 1}", "limit", None),
    "an offset below none": ({"record_offset": -1}, BadRequest, "offsetForRecords must not be negative", "offsetForRecords", None),
    "an unknown aggregate": (
        {"aggregates": ("maxEmploye",)}, BadRequest, "Unknown aggregate field(s): maxEmploye", "aggregate", 'Did you mean "maxEmployees"?'),
    "countAll is none": ({"aggregates": ("countAll",)}, BadRequest, "Unknown aggregate field(s): countAll", "aggregate", None),
    "one aggregate more than may be": (
        {"aggregates": ("totalCount",) * (MAX_AGGREGATES + 1)}, TooComplex,
        f"At most {MAX_AGGREGATES} aggregates can be asked for of groups, not {MAX_AGGREGATES + 1}", None, None),
    "one picked aggregate more than may be": (
        {"selection": (pick("totalCount"),) * (MAX_AGGREGATES + 1)}, TooComplex,
        f"At most {MAX_AGGREGATES} aggregates can be asked for of groups, not {MAX_AGGREGATES + 1}", None, None),
    "an unknown filter": ({"filter": ir.Match("x", {})}, UnknownField, 'Object person doesn\'t have any "x" field.', "x", None),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "error", "message", "path", "hint"), ASKED_WRONG.values(), ids=ASKED_WRONG.keys())
def test_asked_wrong(
    asked: dict[str, Any], error: type[ApiError], message: str, path: str | None, hint: str | None
) -> None:
    with pytest.raises(error) as refused:
        groups({"isActive": True}, **asked)
    assert type(refused.value) is error
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, path, hint)


def test_limits_at_their_end() -> None:
    assert groups({"isActive": True}, limit=0).limit == 0
    assert groups({"isActive": True}, limit=MAX_GROUPS).limit == MAX_GROUPS
    assert len(groups({"isActive": True}, aggregates=("totalCount",) * MAX_AGGREGATES).members) == MAX_AGGREGATES + 1
    assert len(groups(*[{"isActive": True}] * MAX_DIMENSIONS).dimensions) == MAX_DIMENSIONS
    with pytest.raises(TooComplex) as refused:
        groups(*[{"isActive": True}] * (MAX_DIMENSIONS + 1))
    assert refused.value.message == f"At most {MAX_DIMENSIONS} dimensions can be grouped by, not {MAX_DIMENSIONS + 1}"
    with pytest.raises(BadRequest) as missing:
        groups()
    assert missing.value.message == 'Missing required argument: "groupBy" must be an array.'
    with pytest.raises(UnknownObject) as unknown:
        plan_groups(scope(), ir.GroupBy("persn", ({"isActive": True},), ir.Everything()))
    assert (unknown.value.message, unknown.value.hint, unknown.value.path) == (
        "object 'persn' not found", 'Did you mean "person"?', "persn")  # fmt: skip


def test_what_all_groups_could_answer_is_bounded() -> None:
    """A group counts its members and, ten times, the values of a sample record."""
    nodes = (pick("edges", pick("node", *[ir.Pick(f"a{index}", "id") for index in range(196)])),)
    groups({"isActive": True}, limit=1000, selection=nodes)  # 1,000 × (1 + 10 × 197)
    nodes = (pick("edges", pick("node", *[ir.Pick(f"a{index}", "id") for index in range(199)])),)
    with pytest.raises(
        TooComplex, match=r"^One request may bring at most 2000000 values of nested records in its answer$"
    ):
        groups({"isActive": True}, limit=1000, selection=nodes)  # 1,000 × (1 + 10 × 200)


# Order -----------------------------------------------------------------------------------------------

ORDERS: dict[str, tuple[tuple[Any, ...], Any, GroupOrder]] = {
    "a dimension": (({"isActive": True},), {"isActive": "AscNullsFirst"}, GroupOrder(0, False, True)),
    "the second": (({"isActive": True}, {"stage": True}), {"stage": "DescNullsLast"}, GroupOrder(1, True, False)),
    "a sub-field": (({"name": {"firstName": True}},), {"name": {"firstName": "AscNullsLast"}}, GroupOrder(0, False, False)),
    "a related record's": (({"company": {"name": True}},), {"company": {"name": "DescNullsFirst"}}, GroupOrder(0, True, True)),
    "a bucket": (
        (seen("DAY"),), {"seenAt": {"orderBy": "AscNullsFirst", "granularity": "DAY"}}, GroupOrder(0, False, True)),
    "one of two buckets": (
        (seen("DAY"), seen("YEAR")), {"seenAt": {"orderBy": "AscNullsFirst", "granularity": "YEAR"}}, GroupOrder(1, False, True)),
    "a bucket of nothing": (
        ({"seenAt": True},), {"seenAt": {"orderBy": "AscNullsFirst", "granularity": "NONE"}}, GroupOrder(0, False, True)),
    "without a granularity": (({"seenAt": True},), {"seenAt": {"orderBy": "AscNullsFirst"}}, GroupOrder(0, False, True)),
    "the number of records": (
        ({"isActive": True},), {"aggregate": {"totalCount": "DescNullsLast"}}, GroupOrder("count(*)", True, False)),
    "an aggregate": (
        ({"isActive": True},), {"aggregate": {"maxEmployees": "AscNullsLast"}},
        GroupOrder("max((({r}.data->>'employees'))::numeric)", False, False)),
}  # fmt: skip


@pytest.mark.parametrize(("dimensions", "given", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_order(dimensions: tuple[Any, ...], given: Any, order: GroupOrder) -> None:
    assert groups(*dimensions, order=(given,)).order == (order,)


ONE_BY_ONE = "Please provide orderBy field criteria one by one in orderBy array"
NO_ORDER: dict[str, tuple[Any, str, str | None, str | None]] = {
    "two at once": ({"isActive": "AscNullsFirst", "stage": "AscNullsFirst"}, ONE_BY_ONE, None, None),
    "none": ({}, ONE_BY_ONE, None, None),
    "two sub-fields": ({"name": {"firstName": "AscNullsFirst", "lastName": "AscNullsFirst"}}, ONE_BY_ONE, None, None),
    "two aggregates": (
        {"aggregate": {"totalCount": "AscNullsFirst", "maxEmployees": "AscNullsFirst"}},
        "Please provide aggregate criteria one by one in orderBy array", None, None),
    "an aggregate without a mapping": (
        {"aggregate": "AscNullsFirst"}, "Please provide aggregate criteria one by one in orderBy array", None, None),
    "an unknown aggregate": (
        {"aggregate": {"maxEmploye": "AscNullsFirst"}}, "Unknown aggregate field: maxEmploye", None, 'Did you mean "maxEmployees"?'),
    "an unknown direction": (
        {"isActive": "asc"}, 'Invalid order direction for "isActive"', "isActive",
        "AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast"),
    "no direction": (
        {"aggregate": {"totalCount": None}}, 'Invalid order direction for "totalCount"', "totalCount",
        "AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast"),
    "a field that is no dimension": (
        {"stage": "AscNullsFirst"}, "Cannot order by a field that is not an aggregate nor in groupBy criteria: stage.", None, None),
    "a relation that is no dimension": (
        {"company": {"name": "AscNullsFirst"}},
        "Cannot order by a relation field that is not in groupBy criteria: company.name", None, None),
    "another granularity": (
        {"seenAt": {"orderBy": "AscNullsFirst", "granularity": "YEAR"}},
        "Cannot order by a date granularity that is not in groupBy criteria: YEAR", None, None),
    "a related record's date that is grouped by its day": (
        {"company": {"createdAt": "AscNullsFirst"}},
        "Cannot order by a field that is not in groupBy or that is not an aggregate field: company.createdAt", None, None),
    "a granularity without a direction": (
        {"seenAt": {"granularity": "DAY"}}, 'Invalid order direction for "seenAt"', "seenAt",
        "AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast"),
    "a date that is grouped by its day": (
        {"seenAt": "AscNullsFirst"},
        "Cannot order by a field that is not in groupBy or that is not an aggregate field: seenAt", None, None),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message", "path", "hint"), NO_ORDER.values(), ids=NO_ORDER.keys())
def test_no_order(given: Any, message: str, path: str | None, hint: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        groups({"isActive": True}, seen("DAY"), {"company": {"createdAt": {"granularity": "DAY"}}}, order=(given,))
    assert (refused.value.message, refused.value.path, refused.value.hint) == (message, path, hint)


# Rights ----------------------------------------------------------------------------------------------

DENIED: dict[str, tuple[Scope, dict[str, Any], str, str | None]] = {
    "the object": (not_reading("person"), {}, "person", None),
    "a dimension": (without("person.isActive"), {}, "person", "isActive"),
    "an aggregate": (without("person.employees"), {"aggregates": ("maxEmployees",)}, "person", "employees"),
    "a picked aggregate": (without("person.employees"), {"selection": (pick("maxEmployees"),)}, "person", "employees"),
    "the order by an aggregate": (
        without("person.employees"), {"order": ({"aggregate": {"maxEmployees": "AscNullsFirst"}},)}, "person", "employees"),
    "the order of the records": (
        without("person.jobTitle"), {"record_order": (ir.Order(("jobTitle",), "AscNullsFirst"),)}, "person", "jobTitle"),
    "the filter": (without("person.jobTitle"), {"filter": ir.Match("jobTitle", {"eq": "a"})}, "person", "jobTitle"),
    "a sample record's field": (
        without("person.jobTitle"), {"selection": (pick("edges", pick("node", pick("jobTitle"))),)}, "person", "jobTitle"),
}  # fmt: skip


@pytest.mark.parametrize(("who", "asked", "singular", "name"), DENIED.values(), ids=DENIED.keys())
def test_denied(who: Scope, asked: dict[str, Any], singular: str, name: str | None) -> None:
    with pytest.raises(PermissionDenied) as refused:
        groups({"isActive": True}, who=who, **asked)
    assert refused.value.details == {
        "required": {"permission": "canReadObjectRecords", "object": singular, "field": name}
    }


@pytest.mark.parametrize(
    ("who", "singular", "name"),
    [
        (without("person.company"), "person", "company"),
        (not_reading("company"), "company", None),
        (without("company.name"), "company", "name"),
    ],
)
def test_a_dimension_of_a_related_record_is_denied(who: Scope, singular: str, name: str | None) -> None:
    with pytest.raises(PermissionDenied) as refused:
        groups({"company": {"name": True}}, who=who)
    assert refused.value.details == {
        "required": {"permission": "canReadObjectRecords", "object": singular, "field": name}
    }


# Aggregates ------------------------------------------------------------------------------------------

NUMBER = "(({r}.data->>'employees'))::numeric"
AGGREGATES: dict[str, tuple[str, str]] = {
    "totalCount": ("Int", "count(*)"),
    "countUniqueValuesEmployees": ("Int", f"count(DISTINCT {NUMBER})"),
    "countEmptyEmployees": ("Int", f"count(*) FILTER (WHERE {NUMBER} IS NULL)"),
    "countNotEmptyEmployees": ("Int", f"count(*) FILTER (WHERE NOT ({NUMBER} IS NULL))"),
    "percentageEmptyEmployees": ("Float", f"(count(*) FILTER (WHERE {NUMBER} IS NULL))::float8 / nullif(count(*), 0)"),
    "percentageNotEmptyEmployees": ("Float", f"(count(*) FILTER (WHERE NOT ({NUMBER} IS NULL)))::float8 / nullif(count(*), 0)"),
    "sumEmployees": ("Float", f"sum({NUMBER})"),
    "avgAmountAmountMicros": ("Float", "avg((({r}.data->'amount'->>'amountMicros'))::numeric)"),
    "countTrueIsActive": ("Int", "count(*) FILTER (WHERE (({r}.data->>'isActive'))::boolean)"),
    "countFalseIsActive": ("Int", "count(*) FILTER (WHERE NOT (({r}.data->>'isActive'))::boolean)"),
    "countEmptyName": (
        "Int", "count(*) FILTER (WHERE nullif(concat(({r}.data->'name'->>'firstName'),({r}.data->'name'->>'lastName')), '') IS NULL)"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), AGGREGATES.items(), ids=AGGREGATES.keys())
def test_aggregate(name: str, expected: tuple[str, str]) -> None:
    spec = aggregates_of(PERSON)[name]
    assert (spec.graphql, spec.sql) == expected
    assert spec.json_sql == f"coalesce(to_json({expected[1]})::text, 'null')"


def test_names_of_aggregates() -> None:
    assert not [name for name in aggregates_of(PERSON) if name.endswith(("Pets", "Company", "CompanyId"))]
    names = aggregate_names(scope(), PERSON)
    assert "maxEmployees" in names and "countEmptyPin" not in names
    hidden = aggregate_names(without("person.employees"), PERSON)
    assert set(names) - set(hidden) == {name for name in names if "Employees" in name} and "totalCount" in hidden
