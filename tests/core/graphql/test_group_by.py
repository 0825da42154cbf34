"""Groups of records over `/graphql`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from apikeys.services.permissions import object_permissions_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata
from tests.core.graphql.conftest import without_samples
from tests.factories import Api, add_field, add_object, api_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

SALE = {
    "nameSingular": "sale",
    "namePlural": "sales",
    "fields": [
        {"type": "TEXT", "name": "city"},
        {"type": "CURRENCY", "name": "price"},
        {"type": "DATE_TIME", "name": "closedAt"},
    ],
}


@pytest.fixture(scope="module")
def sales(uncommitted: None) -> Api:
    api = api_of(workspace_with([SALE]))
    rows = [
        ("Oslo", 100, "2025-01-01T12:00:00Z"),
        ("Rome", 105, "2025-01-02T12:00:00Z"),
        ("Rome", 95, "2025-03-06T12:00:00Z"),
    ]
    data = [
        {"name": f"S{index}", "city": city, "price": {"amountMicros": micros, "currencyCode": "EUR"}, "closedAt": at}
        for index, (city, micros, at) in enumerate(rows)
    ]
    api.data("mutation ($data: [SaleCreateInput!]!) { createSales(data: $data) { id } }", {"data": data})
    return api


def test_groups_with_numbers_and_records(sales: Api) -> None:
    data = sales.data(
        """query ($g: [SaleGroupByInput!]!, $o: [SaleOrderByWithGroupByInput!]) {
             salesGroupBy(groupBy: $g, orderBy: $o, orderByForRecords: [{name: DescNullsLast}]) {
               __typename groupByDimensionValues totalCount sumPriceAmountMicros edges { node { name __typename } } } }""",
        {"g": [{"city": True}], "o": [{"aggregate": {"sumPriceAmountMicros": "DescNullsLast"}}]},
    )
    assert data["salesGroupBy"] == [
        {
            "__typename": "SaleGroupByConnection",
            "groupByDimensionValues": ["Rome"],
            "totalCount": 2,
            "sumPriceAmountMicros": 200,
            "edges": [
                {"node": {"name": "S2", "__typename": "Sale"}},
                {"node": {"name": "S1", "__typename": "Sale"}},
            ],
        },
        {
            "__typename": "SaleGroupByConnection",
            "groupByDimensionValues": ["Oslo"],
            "totalCount": 1,
            "sumPriceAmountMicros": 100,
            "edges": [{"node": {"name": "S0", "__typename": "Sale"}}],
        },
    ]


def test_date_buckets_in_order_with_a_limit_and_a_single_dimension_as_an_object(sales: Api) -> None:
    text = """query ($l: Int) { salesGroupBy(groupBy: {closedAt: {granularity: MONTH_OF_THE_YEAR}}, limit: $l,
        orderBy: {closedAt: {granularity: MONTH_OF_THE_YEAR, orderBy: DescNullsLast}}) { groupByDimensionValues n: totalCount } }"""
    march = {"groupByDimensionValues": ["March"], "n": 1}
    january = {"groupByDimensionValues": ["January"], "n": 2}
    assert sales.data(text)["salesGroupBy"] == [march, january]
    assert sales.data(text, {"l": 1})["salesGroupBy"] == [march]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", 'Missing required argument: "groupBy" must be an array.'),
        ('(groupBy: "x")', 'Missing required argument: "groupBy" must be an array.'),
        ("(groupBy: [{foo: true}])", "Unidentified field in groupBy: foo"),
        ("(groupBy: [{id: true}])", 'Field "id" is not supported in groupBy'),
        ("(groupBy: [{city: true}], filter: 1)", 'Invalid argument: "filter" must be an object'),
        ("(groupBy: [{city: true}], orderBy: 1)", 'Invalid argument: "orderBy" must be an array'),
        ("(groupBy: [{city: true}], orderByForRecords: 1)", 'Invalid argument: "orderByForRecords" must be an array'),
        ("(groupBy: [{city: true}], viewId: 1)", 'Invalid argument: "viewId" must be a string'),
        ("(groupBy: [{city: true}], includeRecords: 1)", 'Invalid argument: "includeRecords" must be a boolean'),
        ('(groupBy: [{city: true}], limit: "1")', 'Invalid argument: "limit" must be a number'),
        ('(groupBy: [{city: true}], offsetForRecords: "1")', 'Invalid argument: "offsetForRecords" must be a number'),
        ("(groupBy: [{city: true}], first: 1)", "Argument not allowed: first"),
        (
            "(groupBy: [{city: true}], orderBy: [{name: AscNullsLast}])",
            "Cannot order by a field that is not an aggregate nor in groupBy criteria: name.",
        ),
    ],
)
def test_arguments_refused(sales: Api, arguments: str, message: str) -> None:
    answer: Any = sales.graphql(f"{{ salesGroupBy{arguments} {{ totalCount }} }}")
    assert answer.body["data"] == {"salesGroupBy": None}
    assert [error["message"] for error in answer.body["errors"]] == [message]


def test_a_view_that_is_not_there_is_not_ignored(sales: Api) -> None:
    answer = sales.graphql('{ salesGroupBy(groupBy: [{city: true}], viewId: "x") { totalCount } }')
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("View x not found", "NOT_FOUND")


# Weeks, relations, orders ------------------------------------------------------------------------------

VISITS = (  # day, city, staff, shop
    ("2025-01-02T08:00:00Z", "Oslo", 10, "North"),  # Thursday
    ("2025-01-06T08:00:00Z", "Rome", 20, "South"),  # Monday
    ("2025-02-26T08:00:00Z", None, 30, "North"),  # Wednesday
    ("2025-03-06T23:30:00Z", "Rome", 40, None),  # Thursday; Friday in Paris
)


@pytest.fixture(scope="module")
def visits(uncommitted: None) -> Api:
    workspace = workspace_with()
    shop = add_object(workspace, "shop", "shops", [{"type": "DATE_TIME", "name": "openedAt"}])
    visit = add_object(
        workspace,
        "visit",
        "visits",
        [{"type": "DATE_TIME", "name": "day"}, {"type": "TEXT", "name": "city"}, {"type": "NUMBER", "name": "staff"}],
    )
    payload = {
        "type": "MANY_TO_ONE",
        "targetObjectMetadataId": str(shop.id),
        "targetFieldLabel": "Visits",
        "targetFieldIcon": "I",
    }
    add_field(workspace, visit, "RELATION", "shop", relationCreationPayload=payload)
    api = api_of(workspace)
    shops = api.data(
        "mutation ($d: X) { createShops(data: $d) { id name } }",
        {
            "d": [
                {"name": "North", "openedAt": "2025-01-05T12:00:00Z"},
                {"name": "South", "openedAt": "2025-01-06T12:00:00Z"},
            ]
        },
    )["createShops"]
    ids = {each["name"]: each["id"] for each in shops}
    data = [
        {"name": f"V{index}", "day": day, "city": city, "staff": staff, "shopId": ids.get(name or "")}
        for index, (day, city, staff, name) in enumerate(VISITS)
    ]
    api.data("mutation ($d: X) { createVisits(data: $d) { id } }", {"d": data})
    return api


GROUPS = """query ($g: X, $o: X, $r: X, $f: X, $l: Int) { visitsGroupBy(groupBy: $g, orderBy: $o, orderByForRecords: $r, filter: $f, limit: $l) {
  groupByDimensionValues totalCount avgStaff edges { node { name shop { name } } } } }"""


def counts(api: Api, dimensions: list[Any], **more: Any) -> dict[str, int]:
    groups = api.data(GROUPS, {"g": dimensions, **more})["visitsGroupBy"]
    return {
        " ".join(str(value)[:10] for value in group["groupByDimensionValues"]): group["totalCount"] for group in groups
    }


def by_day(granularity: str, **more: str) -> dict[str, Any]:
    return {"day": {"granularity": granularity, **more}}


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        (by_day("WEEK", timeZone="UTC"), {"2024-12-30": 1, "2025-01-06": 1, "2025-02-24": 1, "2025-03-03": 1}),
        (by_day("WEEK", weekStartDay="SUNDAY"), {"2024-12-29": 1, "2025-01-05": 1, "2025-02-23": 1, "2025-03-02": 1}),
        (by_day("WEEK", weekStartDay="SATURDAY"), {"2024-12-28": 1, "2025-01-04": 1, "2025-02-22": 1, "2025-03-01": 1}),
        (by_day("DAY", timeZone="Europe/Paris"), {"2025-01-02": 1, "2025-01-06": 1, "2025-02-26": 1, "2025-03-07": 1}),
        (by_day("MONTH", timeZone="Europe/Paris"), {"2025-01-01": 2, "2025-02-01": 1, "2025-03-01": 1}),
        (by_day("QUARTER"), {"2025-01-01": 4}),
        (by_day("YEAR"), {"2025-01-01": 4}),
        (by_day("DAY_OF_THE_WEEK"), {"Thursday": 2, "Monday": 1, "Wednesday": 1}),
        (by_day("MONTH_OF_THE_YEAR"), {"January": 2, "February": 1, "March": 1}),
        (by_day("QUARTER_OF_THE_YEAR"), {"Q1": 4}),
        ({"city": True}, {"Oslo": 1, "Rome": 2, "None": 1}),
        ({"staff": True}, {"10": 1, "20": 1, "30": 1, "40": 1}),
        ({"shop": {"name": True}}, {"North": 2, "South": 1, "None": 1}),
        ({"shop": {"openedAt": {"granularity": "DAY_OF_THE_WEEK"}}}, {"Sunday": 2, "Monday": 1, "None": 1}),
        ({"shop": {"openedAt": {"granularity": "WEEK", "weekStartDay": "SUNDAY"}}}, {"2025-01-05": 3, "None": 1}),
    ],
)
def test_dimensions(visits: Api, dimension: dict[str, Any], expected: dict[str, int]) -> None:
    assert counts(visits, [dimension]) == expected


def test_two_fields_of_one_target_and_a_root_date_beside_them(visits: Api) -> None:
    dimensions = [{"shop": {"name": True}}, {"shop": {"openedAt": {"granularity": "DAY_OF_THE_WEEK"}}}]
    assert counts(visits, dimensions) == {"North Sunday": 2, "South Monday": 1, "None None": 1}
    order = [{"day": {"granularity": "MONTH_OF_THE_YEAR", "orderBy": "DescNullsLast"}}]
    assert counts(visits, [by_day("MONTH_OF_THE_YEAR"), {"shop": {"name": True}}], o=order, l=1) == {"March None": 1}


def test_weekdays_and_months_are_ordered_as_in_the_calendar(visits: Api) -> None:
    for granularity, names in (
        ("DAY_OF_THE_WEEK", ["Monday", "Wednesday", "Thursday"]),
        ("MONTH_OF_THE_YEAR", ["January", "February", "March"]),
    ):
        for direction, expected in (("AscNullsLast", names), ("DescNullsLast", names[::-1])):
            order = [{"day": {"granularity": granularity, "orderBy": direction}}]
            assert list(counts(visits, [by_day(granularity)], o=order)) == expected


def test_weekdays_begin_where_the_week_does(visits: Api) -> None:
    order = [{"day": {"granularity": "DAY_OF_THE_WEEK", "orderBy": "AscNullsLast"}}]
    for first, expected in (
        ("MONDAY", ["Monday", "Wednesday", "Thursday"]),
        ("SUNDAY", ["Monday", "Wednesday", "Thursday"]),
        ("SATURDAY", ["Monday", "Wednesday", "Thursday"]),
    ):
        assert list(counts(visits, [by_day("DAY_OF_THE_WEEK", weekStartDay=first)], o=order)) == expected
    weekday = {"shop": {"openedAt": {"granularity": "DAY_OF_THE_WEEK", "weekStartDay": "SUNDAY"}}}
    order = [{"shop": {"openedAt": {"granularity": "DAY_OF_THE_WEEK", "orderBy": "AscNullsLast"}}}]
    assert list(counts(visits, [weekday], o=order)) == ["Sunday", "Monday", "None"]
    weekday["shop"]["openedAt"]["weekStartDay"] = "MONDAY"
    assert list(counts(visits, [weekday], o=order)) == ["Monday", "Sunday", "None"]


@pytest.mark.parametrize("dimension", [{"day": True}, {"day": {}}, by_day("NONE")], ids=["true", "empty", "none"])
@pytest.mark.parametrize(
    "direction",
    [lambda way: way, lambda way: {"orderBy": way}, lambda way: {"granularity": "NONE", "orderBy": way}],
    ids=["direction", "order", "none"],
)
def test_a_date_without_granularity_is_ordered_however_that_is_said(
    visits: Api, dimension: dict[str, Any], direction: Any
) -> None:
    days = [day.replace("Z", ".000Z") for day, *_ in VISITS]
    for way, expected in (("AscNullsLast", days), ("DescNullsLast", days[::-1])):
        found = visits.data(GROUPS, {"g": [dimension], "o": [{"day": direction(way)}]})["visitsGroupBy"]
        assert [each["groupByDimensionValues"] for each in found] == [[day] for day in expected]


def test_numbers_are_numbers_in_groups(visits: Api) -> None:
    visits.data("mutation ($d: X) { createVisit(data: $d) { id } }", {"d": {"staff": 2.5}})
    visits.data("mutation ($d: X) { createVisit(data: $d) { id } }", {"d": {"staff": 12345678901234567890123}})
    order = [{"staff": "AscNullsFirst"}]
    found = visits.data(GROUPS, {"g": [{"staff": True}], "o": order})["visitsGroupBy"]
    assert [each["groupByDimensionValues"] for each in found] == [
        [2.5],
        [10],
        [20],
        [30],
        [40],
        [12345678901234567890123],
    ]
    found = visits.get('/rest/visits/groupBy?group_by=[{"staff":true}]&order_by=[{"staff":"AscNullsFirst"}]').body
    assert [each["groupByDimensionValues"] for each in found][:2] == [[2.5], [10]]


@pytest.mark.parametrize("surface", ["REST", "GraphQL"])
def test_the_first_and_the_last_day_are_right_in_every_zone(visits: Api, surface: str) -> None:
    days = ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]
    data = [{"day": day, "city": "End"} for day in days]
    visits.data("mutation ($d: X) { createVisits(data: $d) { id } }", {"d": data})
    filter_ = {"city": {"eq": "End"}}

    def buckets(granularity: str, zone: str, **more: str) -> list[str]:
        order = [{"day": {"granularity": granularity, "orderBy": "AscNullsLast"}}]
        dimensions = [by_day(granularity, timeZone=zone, **more)]
        if surface == "GraphQL":
            groups = visits.data(GROUPS, {"g": dimensions, "o": order, "f": filter_})["visitsGroupBy"]
        else:
            query = {"group_by": json.dumps(dimensions), "order_by": json.dumps(order), "filter": "city[eq]:End"}
            groups = visits.get(f"/rest/visits/groupBy?{urlencode(query)}").body
        return [each["groupByDimensionValues"][0] for each in groups]

    assert buckets("DAY", "UTC") == ["0001-01-01", "9999-12-31"]
    assert buckets("DAY", "America/New_York") == ["0000-12-31", "9999-12-31"]
    assert buckets("DAY", "Asia/Tokyo") == ["0001-01-01", "+010000-01-01"]
    assert buckets("YEAR", "America/New_York") == ["0000-01-01", "9999-01-01"]
    assert buckets("MONTH", "Asia/Tokyo") == ["0001-01-01", "+010000-01-01"]
    assert buckets("QUARTER", "UTC") == ["0001-01-01", "9999-10-01"]
    assert buckets("QUARTER", "America/New_York") == ["0000-10-01", "9999-10-01"]
    assert buckets("QUARTER", "Asia/Tokyo") == ["0001-01-01", "+010000-01-01"]
    assert buckets("YEAR", "Asia/Tokyo") == ["0001-01-01", "+010000-01-01"]
    for granularity, first, last in (
        ("QUARTER_OF_THE_YEAR", "Q4", "Q1"),
        ("MONTH_OF_THE_YEAR", "December", "January"),
        ("DAY_OF_THE_WEEK", "Sunday", "Saturday"),
    ):
        assert first in buckets(granularity, "America/New_York")
        assert last in buckets(granularity, "Asia/Tokyo")
    assert buckets("WEEK", "UTC", weekStartDay="SUNDAY") == ["0000-12-31", "9999-12-26"]
    assert buckets("NONE", "America/New_York") == days


def test_priorities_follow_the_list(visits: Api) -> None:
    weekday = {"day": {"granularity": "DAY_OF_THE_WEEK", "orderBy": "AscNullsLast"}}
    average = {"aggregate": {"avgStaff": "DescNullsLast"}}
    city = {"city": "AscNullsLast"}
    dimensions = [by_day("DAY_OF_THE_WEEK"), {"city": True}]
    assert list(counts(visits, dimensions, o=[weekday, average])) == [
        "Monday Rome",
        "Wednesday None",
        "Thursday Rome",
        "Thursday Oslo",
    ]
    assert list(counts(visits, dimensions, o=[average, weekday])) == [
        "Thursday Rome",
        "Wednesday None",
        "Monday Rome",
        "Thursday Oslo",
    ]
    assert list(counts(visits, dimensions, o=[city, weekday])) == [
        "Thursday Oslo",
        "Monday Rome",
        "Thursday Rome",
        "Wednesday None",
    ]
    assert list(counts(visits, dimensions, o=[city, average])) == [
        "Thursday Oslo",
        "Thursday Rome",
        "Monday Rome",
        "Wednesday None",
    ]


def test_records_of_groups_in_order_with_their_relations(visits: Api) -> None:
    def names(order: Any) -> list[list[str]]:
        groups = visits.data(GROUPS, {"g": [{"city": True}], "f": {"city": {"eq": "Rome"}}, "r": order})[
            "visitsGroupBy"
        ]
        return [[edge["node"]["name"] for edge in group["edges"]] for group in groups]

    assert names([{"name": "AscNullsLast"}]) == [["V1", "V3"]]
    assert names([{"name": "DescNullsLast"}]) == [["V3", "V1"]]
    assert names([{"shop": {"name": "AscNullsFirst"}}]) == [["V3", "V1"]]
    assert names([{"shop": {"name": "AscNullsLast"}}]) == [["V1", "V3"]]


@pytest.mark.parametrize(
    ("dimensions", "order", "message"),
    [
        ([{"city": True}], [{"staff": "AscNullsLast"}], "Cannot order by a field that is not an aggregate nor in groupBy criteria: staff."),
        ([by_day("WEEK")], [{"day": {"orderBy": "AscNullsLast"}}], "Cannot order by a field that is not in groupBy or that is not an aggregate field: day"),
        ([by_day("WEEK")], [{"day": "AscNullsLast"}], "Cannot order by a field that is not in groupBy or that is not an aggregate field: day"),
        ([{"day": True}], [{"day": {"granularity": "MONTH", "orderBy": "AscNullsLast"}}], "Cannot order by a date granularity that is not in groupBy criteria: MONTH"),
        ([by_day("WEEK")], [{"day": {"granularity": "MONTH", "orderBy": "AscNullsLast"}}], "Cannot order by a date granularity that is not in groupBy criteria: MONTH"),
        ([by_day("WEEK")], [{"day": "AscNullsLast"}], "Cannot order by a field that is not in groupBy or that is not an aggregate field: day"),
        ([{"city": True}], [{"aggregate": {"avgStaff": "AscNullsLast", "totalCount": "AscNullsLast"}}], "Please provide aggregate criteria one by one in orderBy array"),
        ([{"city": True}], [{"city": "AscNullsLast", "staff": "AscNullsLast"}], "Please provide orderBy field criteria one by one in orderBy array"),
        ([{"city": True}], [{"aggregate": {"foo": "AscNullsLast"}}], "Unknown aggregate field: foo"),
        ([{"city": True}], [{"shop": {"name": "AscNullsLast"}}], "Cannot order by a relation field that is not in groupBy criteria: shop.name"),
        ([{"city": True, "staff": True}], None, "You cannot provide multiple fields in one GroupByInput, split them into multiple GroupByInput"),
        ([{"shop": {"name": True, "openedAt": True}}], None, "You cannot provide multiple nested fields in one relation GroupByInput, split them into multiple GroupByInput"),
        ([{"createdBy": {"source": True}}], None, 'Field "createdBy" is not supported in groupBy'),
        ([by_day("WEEK", timeZone="Nowhere")], None, "Invalid timezone: Nowhere"),
        ([{"city": "x"}], None, 'Invalid groupBy definition for field "city"'),
    ],
)  # fmt: skip
def test_groups_refused(visits: Api, dimensions: Any, order: Any, message: str) -> None:
    answer = visits.graphql(GROUPS, {"g": dimensions, "o": order})
    assert answer.body["data"] == {"visitsGroupBy": None}
    assert [error["message"] for error in answer.body["errors"]] == [message]


def test_as_many_groups_as_may_be_and_one_more(visits: Api) -> None:
    text = "query ($l: Int) { visitsGroupBy(groupBy: [{city: true}], limit: $l) { totalCount } }"
    assert visits.data(text, {"l": 1000}) == visits.data(text)
    answer = visits.graphql(text, {"l": 1001})
    assert answer.body["data"] == {"visitsGroupBy": None}
    assert [error["message"] for error in answer.body["errors"]] == ["limit must be from 0 to 1000 groups, not 1001"]


@pytest.fixture(scope="module")
def deals(uncommitted: None) -> Api:
    """Four opportunities: two on Thursdays, one won on a Wednesday, one without a company on a Monday."""
    api = without_samples()
    company = api.data('mutation { createCompany(data: {name: "Acme", employees: 7}) { id } }')["createCompany"]["id"]
    rows = (
        ("2025-02-06T08:00:00Z", "NEW", 100, company),
        ("2025-02-13T08:00:00Z", "NEW", 105, company),
        ("2025-04-02T08:00:00Z", "CUSTOMER", 100, company),
        ("2025-01-06T08:00:00Z", "NEW", 100, None),
    )
    data = [
        {"name": f"D{number}", "closeDate": day, "stage": stage, "companyId": company_id,
         "amount": {"amountMicros": micros, "currencyCode": "EUR"}}
        for number, (day, stage, micros, company_id) in enumerate(rows)
    ]  # fmt: skip
    api.data("mutation ($d: X) { createOpportunities(data: $d) { id } }", {"d": data})
    return api


DEALS = """query ($g: X, $o: X, $f: X, $l: Int) { opportunitiesGroupBy(groupBy: $g, orderBy: $o, filter: $f, limit: $l) {
  groupByDimensionValues totalCount sumAmountAmountMicros minCreatedAt
  edges { node { name createdAt amount { amountMicros } company { id employees } } } } }"""


def test_two_dimensions_with_records_and_a_sum_of_each_group(deals: Api) -> None:
    weekday = {"closeDate": {"granularity": "DAY_OF_THE_WEEK"}}
    order = [{"closeDate": {"granularity": "DAY_OF_THE_WEEK", "orderBy": "AscNullsLast"}}]

    def groups(**more: Any) -> list[Any]:
        found = deals.data(DEALS, {"g": [weekday, {"stage": True}], "o": order, **more})["opportunitiesGroupBy"]
        return [
            (*each["groupByDimensionValues"], each["totalCount"], each["sumAmountAmountMicros"],
             sorted((edge["node"]["name"], edge["node"]["amount"]["amountMicros"],
                     (edge["node"]["company"] or {}).get("employees")) for edge in each["edges"]))
            for each in found
        ]  # fmt: skip

    monday = ("Monday", "NEW", 1, 100, [("D3", 100, None)])
    wednesday = ("Wednesday", "CUSTOMER", 1, 100, [("D2", 100, 7)])
    thursday = ("Thursday", "NEW", 2, 205, [("D0", 100, 7), ("D1", 105, 7)])
    assert groups() == [monday, wednesday, thursday]
    assert groups(f={"stage": {"eq": "NEW"}}) == [monday, thursday]
    assert groups(l=2) == [monday, wednesday]


def test_amounts_are_texts_in_dimensions_and_quarters_are_counted(deals: Api) -> None:
    order = [{"amount": {"amountMicros": "DescNullsLast"}}]
    found = deals.data(DEALS, {"g": [{"amount": {"amountMicros": True}}], "o": order})["opportunitiesGroupBy"]
    assert [(each["groupByDimensionValues"], each["totalCount"]) for each in found] == [(["105"], 1), (["100"], 3)]
    quarter = {"closeDate": {"granularity": "QUARTER_OF_THE_YEAR"}}
    found = deals.data(DEALS, {"g": [quarter]})["opportunitiesGroupBy"]
    assert {each["groupByDimensionValues"][0]: each["totalCount"] for each in found} == {"Q1": 3, "Q2": 1}


def test_the_least_creation_date_is_the_first_records_text(deals: Api) -> None:
    [group] = deals.data(DEALS, {"g": [{"amount": {"currencyCode": True}}]})["opportunitiesGroupBy"]
    assert group["groupByDimensionValues"] == ["EUR"]
    assert group["minCreatedAt"] == min(edge["node"]["createdAt"] for edge in group["edges"])


def test_the_name_of_a_morph_target_is_for_those_who_may_read_it(db: None) -> None:
    workspace = workspace_with()
    rocket = add_object(workspace, "rocket", "rockets")
    pet = add_object(workspace, "pet", "pets")
    payload = [
        {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(rocket.id),
            "targetFieldLabel": "Pets",
            "targetFieldIcon": "I",
        }
    ]
    add_field(workspace, pet, "MORPH_RELATION", "owner", morphRelationsCreationPayload=payload)
    api = api_of(workspace)
    made = api.data('mutation { createRockets(data: [{name: "R1"}, {name: "R2"}]) { id } }')["createRockets"]
    pets = [{"ownerRocketId": made[0]["id"]}, {"ownerRocketId": made[0]["id"]}, {"ownerRocketId": made[1]["id"]}, {}]
    api.data("mutation ($d: X) { createPets(data: $d) { id } }", {"d": pets})
    text = "{ petsGroupBy(groupBy: [{ownerRocket: {name: true}}]) { groupByDimensionValues totalCount } }"
    found = api.data(text)["petsGroupBy"]
    assert {each["groupByDimensionValues"][0]: each["totalCount"] for each in found} == {"R1": 2, "R2": 1, None: 1}
    values = {"label": "Blind", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True}
    role = role_create(principal_of(workspace), values=values)
    hidden = {"objectMetadataId": str(rocket.id), "canReadObjectRecords": False}
    object_permissions_upsert(principal_of(workspace), role_id=role.id, items=[hidden])
    answer = api_of(workspace, role="Blind").graphql(text)
    assert answer.body["data"] == {"petsGroupBy": None}
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["code"]) == (
        "Entity performing the request does not have permission",
        "FORBIDDEN",
    )


def test_a_views_filters_and_any_field_search_apply(visits: Api) -> None:
    subject = ObjectMetadata.objects.get(name_singular="visit")
    city = FieldMetadata.objects.get(object=subject, name="city")
    values = {"objectMetadataId": str(subject.id), "name": "Rome", "icon": "IconList"}
    view = visits.post("/rest/metadata/views", values)
    assert view.status == 201, view.body
    view_id = view.body["id"]
    stored = {"viewId": view_id, "fieldMetadataId": str(city.id), "operand": "CONTAINS", "value": "Rom"}
    assert visits.post("/rest/metadata/viewFilters", stored).status == 201

    def groups(**more: Any) -> dict[str, int]:
        text = """query ($g: X, $v: UUID, $f: X) { visitsGroupBy(groupBy: $g, viewId: $v, filter: $f) {
                    groupByDimensionValues totalCount } }"""
        data = visits.data(text, {"g": [{"city": True}], "v": view_id, **more})["visitsGroupBy"]
        return {each["groupByDimensionValues"][0]: each["totalCount"] for each in data}

    assert groups() == {"Rome": 2}
    assert groups(f={"staff": {"gt": 20}}) == {"Rome": 1}
    assert groups(v=None) == {"Oslo": 1, "Rome": 2, None: 1}
    assert visits.patch(f"/rest/metadata/views/{view_id}", {"anyFieldFilterValue": "V3"}).status == 200
    assert groups() == {"Rome": 1}
    for other in ("x", str(city.id)):
        answer = visits.graphql(f'{{ visitsGroupBy(groupBy: [{{city: true}}], viewId: "{other}") {{ totalCount }} }}')
        assert answer.body["data"] == {"visitsGroupBy": None}
        assert answer.body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
