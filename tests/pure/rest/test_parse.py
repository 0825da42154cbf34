"""Paths, query strings and bodies of Core REST, as they are read before anything is asked of the data model."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import ApiError, BadRequest, ConflictingArguments, MethodNotAllowed
from config.http.ignored import header_text
from core.query import ir
from core.rest.bodies import Alike, Merged, read_duplicates, read_merge, read_record, read_records
from core.rest.operations import RECORD_OPERATIONS, Operation
from core.rest.parameters import Asked, read_parameters
from core.rest.query_string import Query, read_query_string
from core.rest.readers import read_fields, read_order
from core.rest.routes import check_id, parse_route
from core.rest.search import PARAMETERS as OF_SEARCH

ID = "777a8457-eb2d-40ac-a707-551b615b6980"
OPERATIONS: dict[str, Operation] = {each.name: each for each in RECORD_OPERATIONS}


def asked(query: str, operation: str = "find_many", object_name: str = "people") -> Asked:
    found, _ = read_parameters(OPERATIONS[operation].taken, read_query_string(query))
    for check in OPERATIONS[operation].checks:
        check(found, object_name)
    return found


def ignored_by(operation: str, query: Query | str) -> dict[str, str | None]:
    of_search = {each.name: each for each in OF_SEARCH}
    taken = of_search if operation == "search" else OPERATIONS[operation].taken
    return read_parameters(taken, read_query_string(query) if isinstance(query, str) else query)[1]


# Paths -----------------------------------------------------------------------------------------------

ROUTES = [
    ("GET", "/rest/people", ("find_many", "people", None)),
    ("HEAD", "/rest/people", ("find_many", "people", None)),
    ("GET", "//rest//people//", ("find_many", "people", None)),
    ("GET", f"/rest/people/{ID}", ("find_one", "people", ID)),
    ("GET", f"/rest/people/{ID}/", ("find_one", "people", ID)),
    ("GET", f"/rest/people/{ID.upper()}", ("find_one", "people", ID.upper())),
    ("POST", "/rest/people", ("create_one", "people", None)),
    ("POST", f"/rest/people/{ID}", ("create_one", "people", ID)),
    ("POST", "/rest/batch/people", ("create_many", "people", None)),
    ("GET", "/rest/batch/people", ("find_many", "people", None)),
    ("PATCH", f"/rest/people/{ID}", ("update_one", "people", ID)),
    ("PUT", f"/rest/people/{ID}", ("update_one", "people", ID)),
    ("PATCH", "/rest/people", ("update_many", "people", None)),
    ("PUT", "/rest/people", ("update_many", "people", None)),
    ("DELETE", f"/rest/people/{ID}", ("delete_one", "people", ID)),
    ("DELETE", "/rest/people", ("delete_many", "people", None)),
    ("PATCH", f"/rest/people/{ID}/restore", ("restore_one", "people", ID)),
    ("PATCH", "/rest/people/restore", ("restore_many", "people", None)),
    ("PATCH", f"/rest/restore/people/{ID}", ("restore_one", "people", ID)),
    ("PATCH", "/rest/restore/people", ("restore_many", "people", None)),
    ("PATCH", "/rest/restore/people/", ("restore_many", "people", None)),
    ("POST", "/rest/people/duplicates", ("duplicates", "people", None)),
    ("GET", "/rest/people/duplicates", ("find_many", "people", None)),
    ("PATCH", "/rest/people/merge", ("merge", "people", None)),
    ("GET", "/rest/people/merge", ("find_many", "people", None)),
    ("GET", "/rest/people/groupBy", ("group_by", "people", None)),
]


@pytest.mark.parametrize(("method", "path", "route"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_route(method: str, path: str, route: tuple[str, str, str | None]) -> None:
    operation, object_name, record_id = parse_route(method, path)
    assert (operation.name, object_name, record_id) == route


def invalid_path(path: str) -> str:
    return (
        f"Query path '{path}' invalid. Valid examples: /rest/companies/id or /rest/companies or /rest/batch/companies"
    )


BAD_PATHS = [
    ("GET", "/rest//", invalid_path("/rest//")),
    ("GET", f"/rest/people/{ID}/notes", invalid_path(f"/rest/people/{ID}/notes")),
    ("GET", f"/rest/people/{ID}/restore", invalid_path(f"/rest/people/{ID}/restore")),
    ("PATCH", f"/rest/people/{ID}/restore/x", invalid_path(f"/rest/people/{ID}/restore/x")),
    ("GET", "/rest/people/malformed-uuid", "'malformed-uuid' is not a valid UUID"),
    ("POST", "/rest/people/not-a-uuid", "'not-a-uuid' is not a valid UUID"),
    ("PATCH", "/rest/people/abc/restore", "'abc' is not a valid UUID"),
    ("PATCH", "/rest/restore/people/abc", "'abc' is not a valid UUID"),
    ("GET", f"/rest/people/{{{ID}}}", f"'{{{ID}}}' is not a valid UUID"),
    ("GET", "/rest/people/groupby", "'groupby' is not a valid UUID"),
    ("DELETE", "/rest/people/restore", "'restore' is not a valid UUID"),
    ("GET", "/rest/core/people", "'people' is not a valid UUID"),
]


@pytest.mark.parametrize(("method", "path", "message"), BAD_PATHS, ids=[f"{case[0]} {case[1]}" for case in BAD_PATHS])
def test_bad_path(method: str, path: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_id(parse_route(method, path))
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/rest/people/merge", ["GET", "PATCH"]),
        ("POST", "/rest/people/groupBy", ["GET"]),
        ("PATCH", "/rest/people/duplicates", ["GET", "POST"]),
        ("TRACE", "/rest/people", ["DELETE", "GET", "PATCH", "POST"]),
    ],
)
def test_method_a_path_does_not_have(method: str, path: str, allow: list[str]) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        parse_route(method, path)
    assert refused.value.details == {"allow": allow}


# Query strings ---------------------------------------------------------------------------------------

QUERY_STRINGS = {
    "nothing": ("", {}),
    "percent-encoding": ("filter=a%5Beq%5D%3A1%2C2", {"filter": ["a[eq]:1,2"]}),
    "raw": ('filter=companyId[in]:["a"]', {"filter": ['companyId[in]:["a"]']}),
    "an encoded percent sign": ("filter=name[ilike]:%25ada%25", {"filter": ["name[ilike]:%ada%"]}),
    "a percent sign that encodes nothing": ("filter=name[ilike]:%ob%", {"filter": ["name[ilike]:%ob%"]}),
    "patterns": ("filter=name[like]:%__", {"filter": ["name[like]:%__"]}),
    "bytes that are no UTF-8": ("filter=name[ilike]:%ada%", {"filter": ["name[ilike]:%ada%"]}),
    "bytes that are partly UTF-8": ("x=%ad%20%C3%A9%C3", {"x": ["%ad é%C3"]}),
    "UTF-8, encoded": ("x=%C5%BDofie+%F0%9F%98%80", {"x": ["Žofie 😀"]}),
    "UTF-8, raw": ("x=Žofie".encode().decode("latin-1"), {"x": ["Žofie"]}),
    "plus is a space": ("x=a+b%2Bc", {"x": ["a b+c"]}),
    "repeated": ("a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
    "without a value": ("a&b=&&c=1=2", {"a": [""], "b": [""], "c": ["1=2"]}),
}


@pytest.mark.parametrize(("text", "expected"), QUERY_STRINGS.values(), ids=QUERY_STRINGS.keys())
def test_query_string(text: str, expected: dict[str, list[str]]) -> None:
    assert read_query_string(text) == expected


def test_nul_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^Query parameters cannot contain the character NUL \(%00\)$"):
        read_query_string("filter=name[eq]:a%00b")


# Parameters ------------------------------------------------------------------------------------------


def test_defaults() -> None:
    assert asked("") == Asked()
    assert asked("").page(60) == ir.Page(size=60)
    assert asked("depth=&limit=&order_by=&filter=&starting_after=&ending_before=&count=") == asked("")


def test_everything_at_once() -> None:
    query = "depth=1&fields=name,stage&limit=2&order_by=position[DescNullsLast]&filter=a[eq]:1&starting_after=ey==&count=none"
    assert asked(query) == Asked(
        depth=1,
        fields=("name", "stage"),
        filter=ir.Match("a", {"eq": "1"}),
        order=(ir.Order(("position",), "DescNullsLast"),),
        limit=2,
        after="ey==",
        with_total=False,
    )


REFUSED = {
    "depth 2": ("depth=2", "'depth=2' parameter invalid. Allowed values are 0, 1"),
    "depth text": ("depth=one", "'depth=one' parameter invalid. Allowed values are 0, 1"),
    "depth twice": ("depth=0&depth=1", "'depth=0,1' parameter invalid. Allowed values are 0, 1"),
    "limit text": ("limit=abc", "limit 'abc' is invalid. Should be an integer"),
    "limit negative": ("limit=-1", "limit '-1' is invalid. Should be an integer"),
    "limit fraction": ("limit=1.5", "limit '1.5' is invalid. Should be an integer"),
    "limit in other digits": ("limit=%D9%A3", "limit '٣' is invalid. Should be an integer"),
    "limit twice": ("limit=1&limit=2", "limit '1,2' is invalid. Should be an integer"),
    "order direction": (
        "order_by=name[Asc]",
        "'order_by' direction 'Asc' invalid. Allowed values are 'AscNullsFirst', 'AscNullsLast', 'DescNullsFirst', "
        "'DescNullsLast'. eg: ?order_by=field_1[AscNullsFirst],field_2[DescNullsLast],field_3",
    ),
    "order direction is case-sensitive": (
        "order_by=name[ascNullsFirst]",
        "'order_by' direction 'ascNullsFirst' invalid. Allowed values are 'AscNullsFirst', 'AscNullsLast', "
        "'DescNullsFirst', 'DescNullsLast'. eg: ?order_by=field_1[AscNullsFirst],field_2[DescNullsLast],field_3",
    ),
    "fields empty": (
        "fields=",
        "'fields' parameter is empty. Expected a comma-separated list of field names, e.g. fields=id,name",
    ),
    "fields of separators": (
        "fields=,%20,",
        "'fields' parameter is empty. Expected a comma-separated list of field names, e.g. fields=id,name",
    ),
    "fields as a mapping": (
        "fields[a]=b",
        "'fields' parameter invalid. Expected a comma-separated list of field names, e.g. fields=id,name",
    ),
    "discover": ("discover=yes", "'discover=yes' parameter invalid. Allowed values are true, false"),
    "discover where nothing is shared": (
        "discover=true",
        "'discover' parameter is only available on objects whose records can be discovered, which people are not",
    ),
    "count": ("count=some", "'count=some' parameter invalid. Allowed values are exact, none"),
    "filter": ("filter=a", "'filter' invalid for 'a'. eg: price[gte]:10"),
}


@pytest.mark.parametrize(("query", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_parameter_is_refused(query: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(query)
    assert (refused.value.message, refused.value.path) == (message, query.partition("=")[0].partition("[")[0])


@pytest.mark.parametrize(
    ("raw", "size"), [("0", 0), ("1", 1), ("200", 200), ("201", 200), ("9" * 5000, 200), ("007", 7)]
)
def test_limit_is_clamped(raw: str, size: int) -> None:
    assert asked(f"limit={raw}").limit == size


def test_both_cursors_are_refused() -> None:
    with pytest.raises(ConflictingArguments, match=r"^Cannot provide both before and after$"):
        asked("starting_after=a&ending_before=b")


def test_cursor_survives_being_sent_without_encoding() -> None:
    assert asked("starting_after=a+b/c==").after == "a+b/c=="
    assert asked("ending_before=a%2Bb/c%3D%3D").before == "a+b/c=="


@pytest.mark.parametrize("name", ["filter", "order_by", "starting_after", "ending_before"])
def test_repeated_parameter_is_as_if_absent_and_named(name: str) -> None:
    query = f"{name}=a[eq]:1&{name}=b[eq]:2"
    assert asked(query) == asked("")
    assert ignored_by("find_many", query) == {name: None}


ORDERS = {
    "one": ("name", (ir.Order(("name",), "AscNullsFirst"),)),
    "directions": (
        "a[AscNullsFirst],b[AscNullsLast],c[DescNullsFirst],d[DescNullsLast]",
        (
            ir.Order(("a",), "AscNullsFirst"),
            ir.Order(("b",), "AscNullsLast"),
            ir.Order(("c",), "DescNullsFirst"),
            ir.Order(("d",), "DescNullsLast"),
        ),
    ),
    "paths": ("company.address.addressCity", (ir.Order(("company", "address", "addressCity"), "AscNullsFirst"),)),
    "the first of a path counts": ("a[DescNullsLast],a", (ir.Order(("a",), "DescNullsLast"),)),
    "spaces belong to names": ("a, b", (ir.Order(("a",), "AscNullsFirst"), ir.Order((" b",), "AscNullsFirst"))),
    "half a bracket belongs to the path": ("a[x", (ir.Order(("a[x",), "AscNullsFirst"),)),
}


@pytest.mark.parametrize(("text", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_order_by(text: str, expected: tuple[ir.Order, ...]) -> None:
    assert read_order(text, "order_by") == expected


def test_fields_are_trimmed_merged_and_without_repeats() -> None:
    assert read_fields(Query({"fields": [" id , name,,id", "stage"]})) == ("id", "name", "stage")
    assert read_fields(Query({"fields[]": ["id", "name"]})) == ("id", "name")
    assert read_fields(Query()) is None


FLAGS = [("true", True), ("1", True), ("false", False), ("0", False)]


@pytest.mark.parametrize(("text", "value"), FLAGS)
def test_flags(text: str, value: bool) -> None:
    assert asked(f"upsert={text}", "create_one").upsert is value
    assert asked(f"soft_delete={text}", "delete_one").soft_delete is value


@pytest.mark.parametrize("text", ["", "True", "yes", "TRUE", "2", "true&soft_delete=true"])
def test_a_misspelt_flag_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=r"parameter invalid. Allowed values are true, false"):
        asked(f"soft_delete={text}", "delete_one")


@pytest.mark.parametrize(
    ("operation", "query", "act"),
    [
        ("delete_many", "soft_delete=true", "delete"),
        ("delete_many", "soft_delete=false", "destroy"),
        ("delete_many", "", "destroy"),
        ("delete_many", "filter=", "destroy"),
        ("delete_many", "filter=a[eq]:1&filter=b[eq]:1", "destroy"),
        ("update_many", "", "update"),
        ("restore_many", "", "restore"),
    ],
)
def test_bulk_write_without_a_filter_is_refused(operation: str, query: str, act: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(query, operation)
    assert refused.value.message.startswith(
        f"Filters are mandatory for bulk {act} operations. Please provide at least one filter to prevent accidental "
    )


def test_ignored_parameters_are_named_with_the_nearest_known() -> None:
    ignored = ignored_by("find_many", "limt=1&orderBy=a&x=1&limit=1&upsert=true")
    assert ignored == {"limt": "limit", "orderBy": "order_by", "x": None, "upsert": None}
    assert header_text(ignored) == "limt (did you mean limit?), orderBy (did you mean order_by?), x, upsert"


MEANT = {
    "after": "starting_after", "before": "ending_before", "first": "limit", "last": "limit", "page_size": "limit",
    "perPage": "limit", "orderBy": "order_by", "order-by": "order_by", "sort": "order_by", "order": "order_by",
    "startingAfter": "starting_after", "cursor": "starting_after", "offset": "starting_after", "where": "filter",
    "filters": "filter", "filter[name]": "filter", "select": "fields", "include": "depth", "$top": "limit",
    "totalCount": "count", "q": "filter", "Limit": "limit",
}  # fmt: skip


@pytest.mark.parametrize(("name", "meant"), MEANT.items())
def test_the_parameter_that_is_meant(name: str, meant: str) -> None:
    assert ignored_by("find_many", Query({name: ["1"]})) == {name: meant}


def test_what_is_meant_is_what_the_route_takes() -> None:
    for operation, name, meant in (
        ("history", "after", "starting_after"),
        ("search", "q", "query"),
        ("search", "excludedObjects", "excluded_objects"),
        ("group_by", "first", "limit"),
        ("group_by", "groupBy", "group_by"),
        ("group_by", "after", None),
        ("find_one", "after", None),
        ("export", "first", "limit"),
        ("import", "dryRun", "dry_run"),
        ("create_many", "onError", "on_error"),
    ):
        assert ignored_by(operation, Query({name: ["1"]})) == {name: meant}, (operation, name)


def test_header_cannot_be_broken_by_a_name() -> None:
    assert header_text({"a\r\nX-Evil: 1": None, "ž" * 100: None}) == f"a%0D%0AX-Evil%3A%201, {'%C5%BE' * 80}"


@pytest.mark.parametrize("name", ["softDelete", "soft-delete", "soft_delet", "softdelete"])
def test_misspelt_soft_delete_never_destroys(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        ignored_by("delete_one", Query({name: ["true"]}))
    assert (refused.value.message, refused.value.hint) == (f"Unknown parameter '{name}'", "Did you mean soft_delete?")


# groupBy ---------------------------------------------------------------------------------------------


def test_group_by() -> None:
    query = (
        'group_by=[{"closeDate":{"granularity":"DAY_OF_THE_WEEK"}},{"stage":true}]&aggregate=["maxAmountAmountMicros"]'
        '&order_by=[{"stage":"AscNullsFirst"}]&order_by_for_records=name[DescNullsFirst]&include_records_sample=true'
        "&filter=stage[eq]:'NEW'&limit=10&omit_null_values=true"
    )
    assert asked(query, "group_by") == Asked(
        dimensions=({"closeDate": {"granularity": "DAY_OF_THE_WEEK"}}, {"stage": True}),
        aggregates=("maxAmountAmountMicros",),
        filter=ir.Match("stage", {"eq": "NEW"}),
        order_of_groups=({"stage": "AscNullsFirst"},),
        record_order=(ir.Order(("name",), "DescNullsFirst"),),
        limit=10,
        with_records=True,
        omits_nulls=True,
    )


GROUP_BY = (
    'Invalid group_by query parameter - should be a valid array of objects - ex: [{"firstField": true}, '
    """{"secondField": {"subField": true}}, {"dateField": {"granularity": 'DAY'}}]"""
)
AGGREGATE = (
    'Invalid aggregate query parameter - should be a valid array of string - ex: ["countNotEmptyId", "countEmptyField"]'
)
ORDER_BY = (
    'Invalid order_by query parameter - should be a valid array of objects - ex: [{"firstField": "AscNullsFirst"}, '
    '{"secondField": {"subField": "DescNullsLast"}}, {"aggregate": {"aggregateField": "DescNullsLast"}}, '
    '{dateField: {"orderBy": "AscNullsFirst", "granularity": "DAY"}}]'
)
GROUP_BY_REFUSED = {
    "missing": ("", GROUP_BY),
    "no JSON": ("group_by=stage", GROUP_BY),
    "no array": ('group_by={"stage":true}', GROUP_BY),
    "empty": ("group_by=[]", GROUP_BY),
    "an item of two keys": ('group_by=[{"a":true,"b":true}]', GROUP_BY),
    "no objects": ('group_by=["stage"]', GROUP_BY),
    "twice": ('group_by=[{"a":true}]&group_by=[{"b":true}]', GROUP_BY),
    "aggregate is no JSON": ('group_by=[{"a":true}]&aggregate=countAll', AGGREGATE),
    "aggregate is no array of texts": ('group_by=[{"a":true}]&aggregate=[1]', AGGREGATE),
    "order_by in brackets": ('group_by=[{"a":true}]&order_by=a[AscNullsFirst]', ORDER_BY),
    "order_by is no array": ('group_by=[{"a":true}]&order_by={"a":"AscNullsFirst"}', ORDER_BY),
}


@pytest.mark.parametrize(("query", "message"), GROUP_BY_REFUSED.values(), ids=GROUP_BY_REFUSED.keys())
def test_group_by_is_refused(query: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(query, "group_by")
    assert refused.value.message == message


# Bodies ----------------------------------------------------------------------------------------------


def test_bodies() -> None:
    assert read_record({"a": 1}, "people") == {"a": 1}
    assert read_records([{"a": 1}, {}], "people") == ({"a": 1}, {})
    assert read_records([], "people") == ()
    assert read_duplicates({"ids": ["x"]}, "people") == Alike(("x",), None)
    assert read_duplicates({"data": []}, "people") == Alike(None, ())
    body = {"ids": ["x", "y"], "conflictPriorityIndex": 1, "dryRun": True}
    assert read_merge(body, "people") == Merged(("x", "y"), 1, dry_run=True)
    assert read_merge({"ids": ["x", "y"]}, "people") == Merged(("x", "y"), 0, dry_run=False)


BAD_BODIES: dict[str, tuple[Any, str]] = {
    "an array for one record": (
        lambda: read_record([{}], "people"),
        "Body should be a JSON object, not an array",
    ),
    "a number for one record": (lambda: read_record(1, "people"), "Body should be a JSON object"),
    "null for one record": (lambda: read_record(None, "people"), "Body should be a JSON object"),
    "an object for a batch": (lambda: read_records({}, "people"), "Body should be a JSON array of objects"),
    "a batch of numbers": (
        lambda: read_records([{}, 1], "people"),
        "Body should be a JSON array of objects; item 1 is none",
    ),
    "duplicates of no array": (
        lambda: read_duplicates({"ids": "x"}, "people"),
        '"ids" should be an array',
    ),
    "merge without ids": (lambda: read_merge({}, "people"), '"ids" should be an array'),
    "merge with a text as flag": (
        lambda: read_merge({"ids": [], "dryRun": "false"}, "people"),
        '"dryRun" should be true or false',
    ),
    "merge with a text as index": (
        lambda: read_merge({"ids": [], "conflictPriorityIndex": "0"}, "people"),
        '"conflictPriorityIndex" should be an integer',
    ),
}


@pytest.mark.parametrize(("read", "message"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_body_is_refused(read: Any, message: str) -> None:
    with pytest.raises(ApiError) as refused:
        read()
    assert (refused.value.status, refused.value.message) == (400, message)
