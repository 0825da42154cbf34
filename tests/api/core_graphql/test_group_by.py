"""Groups of records over `/graphql`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with

SALE = {
    "nameSingular": "sale",
    "namePlural": "sales",
    "fields": [
        {"type": "TEXT", "name": "city"},
        {"type": "CURRENCY", "name": "price"},
        {"type": "DATE_TIME", "name": "closedAt"},
    ],
}


@pytest.fixture
def sales(db: None) -> Api:
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
