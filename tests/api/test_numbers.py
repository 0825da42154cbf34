"""Numbers that are kept as they are sent, or refused: 32 bits, whole amounts, row counts written as `1.0`."""

from __future__ import annotations

from typing import Any

import pytest

from config.http.rendering import LongFraction, dumps, read_json
from metadata.models import FieldMetadata, Workspace
from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

LARGE = 2**31
RANGE = (
    "a field of data type int takes numbers from -2147483648 to 2147483647; one of data type bigint takes larger ones"
)
REFUSED = f'Invalid number value {LARGE} for field "stages": {RANGE}'


@pytest.fixture
def workspace(db: None) -> Workspace:
    fields = [
        {"type": "NUMBER", "name": "stages", "settings": {"dataType": "int"}},
        {"type": "NUMBER", "name": "thrust", "settings": {"dataType": "bigint"}},
        {"type": "NUMBER", "name": "weight"},
        {"type": "CURRENCY", "name": "price"},
        {"type": "RAW_JSON", "name": "notes"},
    ]
    return workspace_with([{"nameSingular": "rocket", "namePlural": "rockets", "fields": fields}])


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


def rockets(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/rest/rockets").body["data"]["rockets"]
    return found


CREATE = "mutation ($d: RocketCreateInput!) { createRocket(data: $d) { id stages } }"


def test_an_int_beyond_32_bits_is_refused_wherever_it_is_written(api: Api) -> None:
    kept = api.post("/rest/rockets", {"name": "Kept", "stages": LARGE - 1}).body["data"]["createRocket"]["id"]
    large = {"stages": LARGE}
    for method, path, body in (
        ("POST", "/rest/rockets", large),
        ("POST", "/rest/batch/rockets", [large]),
        ("POST", "/rest/rockets?upsert=true", {"id": kept, **large}),
        ("PATCH", f"/rest/rockets/{kept}", large),
        ("PATCH", "/rest/rockets?filter=name[eq]:Kept", large),
    ):
        answer = api.request(method, path, body)
        assert (answer.status, answer.body["messages"]) == (400, [REFUSED]), (method, path)
    for query, variables in (
        (CREATE, {"d": large}),
        (CREATE.replace("($d: RocketCreateInput!)", "").replace("$d", "{stages: 2147483648}"), None),
        (
            "mutation ($i: UUID!, $d: RocketUpdateInput!) { updateRocket(id: $i, data: $d) { id } }",
            {"i": kept, "d": large},
        ),
    ):
        answer = api.graphql(query, variables)
        assert [each["message"] for each in answer.body["errors"]] in (
            [REFUSED],
            ["Int cannot represent non 32-bit signed integer value: 2147483648"],
        )
    answer = api.request("POST", "/rest/rockets/import?format=csv", b"name,stages\nLost,2147483648\n")
    [failure] = answer.body["data"]["import"]["errors"]
    assert REFUSED in str(failure)
    assert [(each["name"], each["stages"]) for each in rockets(api)] == [("Kept", LARGE - 1)]


def test_an_int_beyond_32_bits_is_no_operand_and_no_default(api: Api, workspace: Workspace) -> None:
    for operator in ("eq", "gt", "lte"):
        answer = api.get(f"/rest/rockets?filter=stages[{operator}]:{LARGE}")
        assert (answer.status, answer.body["messages"]) == (400, [REFUSED])
    field = FieldMetadata.objects.get(workspace=workspace, name="stages")
    answer = api.patch(f"/rest/metadata/fields/{field.id}", {"defaultValue": LARGE})
    assert (answer.status, answer.body["messages"]) == (400, [REFUSED])
    field.refresh_from_db()
    assert field.default_value is None
    assert api.get(f"/rest/rockets?filter=thrust[eq]:{LARGE}").status == 200


def test_settings_that_leave_no_room_for_what_is_stored_are_refused(api: Api, workspace: Workspace) -> None:
    wide = FieldMetadata.objects.get(workspace=workspace, name="thrust")
    free = FieldMetadata.objects.get(workspace=workspace, name="weight")
    made = api.post("/rest/rockets", {"thrust": LARGE, "weight": 0.5}).body["data"]["createRocket"]["id"]
    for field, data_type in ((wide, "int"), (free, "bigint")):
        answer = api.patch(f"/rest/metadata/fields/{field.id}", {"settings": {"dataType": data_type}})
        message = f"Settings cannot be changed for field {field.name}: 1 records have values that they do not allow"
        assert (answer.status, answer.body["messages"]) == (400, [message])
        [failure] = answer.body["errors"]["fieldMetadata"]
        assert failure["errors"][0]["value"] == {"recordIds": [made]}
        before = field.settings
        field.refresh_from_db()
        assert field.settings == before
    assert api.patch(f"/rest/rockets/{made}", {"thrust": 1, "weight": 1}).status == 200
    for field, data_type in ((wide, "int"), (free, "bigint")):
        assert api.patch(f"/rest/metadata/fields/{field.id}", {"settings": {"dataType": data_type}}).status == 200


def test_settings_must_go_with_the_default(api: Api, workspace: Workspace) -> None:
    field = FieldMetadata.objects.get(workspace=workspace, name="thrust")
    assert api.patch(f"/rest/metadata/fields/{field.id}", {"defaultValue": LARGE}).status == 200
    answer = api.patch(f"/rest/metadata/fields/{field.id}", {"settings": {"dataType": "int"}})
    assert (answer.status, answer.body["messages"]) == (400, [REFUSED.replace("stages", "thrust")])


FRACTIONS = ("1.5", "1.00000000000000000000001", "9007199254740993.5", "0.100000000000000000000000005e1")


@pytest.mark.parametrize("micros", FRACTIONS)
def test_micros_with_a_fraction_are_refused_whatever_their_length(api: Api, micros: str) -> None:
    message = f'Invalid number value {micros} for field "price.amountMicros": micros are whole numbers'
    answer = api.post("/rest/rockets", f'{{"price": {{"amountMicros": {micros}}}}}'.encode())
    assert (answer.status, answer.body["messages"]) == (400, [message])
    answer = api.post("/rest/rockets", {"price": {"amountMicros": micros}})
    assert (answer.status, answer.body["messages"]) == (400, [message.replace(micros, f"'{micros}'")])
    for literal in (micros, f'"{micros}"'):
        query = CREATE.replace("($d: RocketCreateInput!)", "").replace("$d", f"{{price: {{amountMicros: {literal}}}}}")
        assert api.graphql(query).body["data"] == {"createRocket": None}
    assert rockets(api) == []


def test_long_fractions_elsewhere_are_the_nearest_float(api: Api) -> None:
    body = b'{"weight": 1.00000000000000000000001, "notes": {"n": [2.00000000000000000000001]}}'
    answer = api.post("/rest/rockets", body)
    made = answer.body["data"]["createRocket"]
    assert (answer.status, made["weight"], made["notes"]) == (201, 1, {"n": [2.0]})
    answer = api.post("/rest/rockets", b'{"thrust": 1.00000000000000000000001}')
    assert (answer.status, answer.message) == (
        400,
        'Invalid number value 1.00000000000000000000001 for field "thrust": a field of data type bigint takes whole numbers',
    )


def test_numbers_are_read_as_they_are_written() -> None:
    text = (
        b'[1.00000000000000000000001, 0.30000000000000004, 12345678901234567890123, 1.0, "1.00000000000000000000001"]'
    )
    long, short, whole, one, string = read_json(text)
    assert (type(long), repr(long), long == 1.0) == (LongFraction, "1.00000000000000000000001", True)
    assert (short, whole, one, string) == (0.1 + 0.2, 12345678901234567890123, 1.0, "1.00000000000000000000001")
    assert dumps([long]) == b"[1.0]"


@pytest.mark.parametrize("name", ["first", "last"])
def test_a_count_of_rows_may_be_written_with_a_point(api: Api, name: str) -> None:
    for number in range(3):
        api.post("/rest/rockets", {"name": f"R{number}"})
    query = f"query ($n: Int) {{ rockets({name}: $n) {{ totalCount edges {{ node {{ name }} }} }} }}"
    answer = api.graphql(query, {"n": 2.0})
    assert answer.body.get("errors") is None
    assert (answer.body["data"]["rockets"]["totalCount"], len(answer.body["data"]["rockets"]["edges"])) == (3, 2)
    answer = api.graphql(query, {"n": 1.5})
    assert [each["message"] for each in answer.body["errors"]] == [f'Invalid argument: "{name}" must be a number']
