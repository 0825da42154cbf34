"""One field of every type over `/graphql`: what is written, read back, filtered by, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

OPTIONS = [{"value": f"OPTION_{n}", "label": f"Option {n}", "color": "red", "position": n} for n in (1, 2)]
ALL = {
    "nameSingular": "sample",
    "namePlural": "samples",
    "fields": [
        {"type": "TEXT", "name": "text"},
        {"type": "NUMBER", "name": "number"},
        {"type": "BOOLEAN", "name": "flag"},
        {"type": "UUID", "name": "uuid"},
        {"type": "DATE", "name": "day"},
        {"type": "DATE_TIME", "name": "moment"},
        {"type": "SELECT", "name": "choice", "options": OPTIONS},
        {"type": "MULTI_SELECT", "name": "choices", "options": OPTIONS},
        {"type": "RATING", "name": "rating"},
        {"type": "ARRAY", "name": "list"},
        {"type": "RAW_JSON", "name": "json"},
        {"type": "FULL_NAME", "name": "person"},
        {"type": "EMAILS", "name": "mails"},
        {"type": "PHONES", "name": "calls"},
        {"type": "LINKS", "name": "sites"},
        {"type": "ADDRESS", "name": "place"},
        {"type": "CURRENCY", "name": "money"},
        {"type": "RICH_TEXT", "name": "rich"},
    ],
}
ID = "20202020-0000-4000-8000-000000000001"
FULL: dict[str, Any] = {
    "id": ID,
    "name": "full",
    "text": "Hello 100%",
    "number": 4,
    "flag": True,
    "uuid": ID,
    "day": "13 Jan 2025",
    "moment": "2026-05-07",
    "choice": "OPTION_1",
    "choices": ["OPTION_1"],
    "rating": "RATING_3",
    "list": "bare",
    "json": {"a": [1, {"b": "twenty"}]},
    "person": {"firstName": "Ada", "lastName": "Lovelace"},
    "mails": {"primaryEmail": "Ada@München.example", "additionalEmails": ["B@x。example"]},
    "calls": {"primaryPhoneNumber": "01234567890", "primaryPhoneCallingCode": "+33", "primaryPhoneCountryCode": "FR"},
    "sites": {"primaryLinkUrl": "https://ACME.com/", "secondaryLinks": [{"label": "T", "url": "twenty.com"}]},
    "place": {"addressCity": "Paris", "addressLat": "48.5"},
    "money": {"amountMicros": 1_000_000, "currencyCode": "EUR"},
    "rich": {"markdown": "Hi"},
    "position": 1000,
}
SELECTION = """text number flag uuid day moment choice choices rating list json person { firstName lastName }
  mails { primaryEmail additionalEmails } calls { primaryPhoneNumber primaryPhoneCountryCode primaryPhoneCallingCode additionalPhones }
  sites { primaryLinkLabel primaryLinkUrl secondaryLinks } place { addressCity addressLat addressLng }
  money { amountMicros currencyCode } rich { markdown } position deletedAt createdBy { source name workspaceMemberId context }"""
READ_FULL = {
    "text": "Hello 100%",
    "number": 4,
    "flag": True,
    "uuid": ID,
    "day": "2025-01-13",
    "moment": "2026-05-07T00:00:00.000Z",
    "choice": "OPTION_1",
    "choices": ["OPTION_1"],
    "rating": "RATING_3",
    "list": ["bare"],
    "json": {"a": [1, {"b": "twenty"}]},
    "person": {"firstName": "Ada", "lastName": "Lovelace"},
    "mails": {"primaryEmail": "ada@xn--mnchen-3ya.example", "additionalEmails": ["b@x.example"]},
    "calls": {
        "primaryPhoneNumber": "1234567890",
        "primaryPhoneCountryCode": "FR",
        "primaryPhoneCallingCode": "+33",
        "additionalPhones": [],
    },
    "sites": {
        "primaryLinkLabel": "",
        "primaryLinkUrl": "https://acme.com",
        "secondaryLinks": [{"label": "T", "url": "twenty.com"}],
    },
    "place": {"addressCity": "Paris", "addressLat": 48.5, "addressLng": None},
    "money": {"amountMicros": 1_000_000, "currencyCode": "EUR"},
    "rich": {"markdown": "Hi"},
    "position": 1000,
    "deletedAt": None,
    "createdBy": {"source": "API", "name": "Test key", "workspaceMemberId": None, "context": {}},
}
READ_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("number", "flag", "uuid", "day", "moment", "choice", "rating", "json", "deletedAt")),
    "text": "",
    "choices": [],
    "list": [],
    "person": {"firstName": "", "lastName": ""},
    "mails": {"primaryEmail": "", "additionalEmails": []},
    "calls": {
        "primaryPhoneNumber": "",
        "primaryPhoneCountryCode": "",
        "primaryPhoneCallingCode": "",
        "additionalPhones": [],
    },
    "sites": {"primaryLinkLabel": "", "primaryLinkUrl": "", "secondaryLinks": []},
    "place": {"addressCity": "", "addressLat": None, "addressLng": None},
    "money": {"amountMicros": None, "currencyCode": None},
    "rich": {"markdown": ""},
    "position": 2000,
    "createdBy": READ_FULL["createdBy"],
}
EMPTY: dict[str, Any] = {
    "name": "empty",
    "text": "",
    "choices": None,
    "list": [],
    "json": {},
    "choice": None,
    "position": 2000,
}


COMPOSITES = ("person", "mails", "calls", "sites", "place", "money", "rich", "createdBy")


@pytest.fixture(scope="module")
def samples(uncommitted: None) -> Api:
    """A workspace with one full and one empty record of an object that has every type."""
    api = api_of(workspace_with([ALL]))
    api.data("mutation ($d: X) { createSamples(data: $d) { id } }", {"d": [FULL, EMPTY]})
    return api


def test_values_are_accepted_and_read_back(samples: Api) -> None:
    text = f"query ($n: X) {{ sample(filter: {{name: {{eq: $n}}}}) {{ {SELECTION} }} }}"
    assert samples.data(text, {"n": "full"})["sample"] == READ_FULL
    assert samples.data(text, {"n": "empty"})["sample"] == READ_EMPTY


def test_positions(samples: Api) -> None:
    def made(**more: Any) -> float:
        place: float = samples.data("mutation ($d: X) { createSample(data: $d) { position } }", {"d": more})[
            "createSample"
        ]["position"]
        return place

    assert made(position=1.5) == 1.5
    assert made(position="last") == 2001
    assert made(position="first") == 0.5
    assert made() == -0.5
    for bad, shown in (("top", "'top'"), (None, "null"), ({}, "{}")):
        [error] = samples.graphql("mutation ($d: X) { createSample(data: $d) { id } }", {"d": {"position": bad}}).body[
            "errors"
        ]
        assert error["message"] == f'Invalid position value {shown} for field "position"'


FILTERS: list[tuple[dict[str, Any], str]] = [  # and which of the two records match
    *(({"text": {operator: operand}}, found) for operator, operand, found in (
        ("eq", "Hello 100%", "full"), ("neq", "Hello", "full"), ("gt", "Hell", "full"), ("gte", "Hello 100%", "full"),
        ("lt", "Help", "full"), ("lte", "Hello 100%", "full"), ("in", ["Hello 100%"], "full"), ("in", [""], "empty"),
        ("startsWith", "Hello 100%", "full"), ("endsWith", "100%", "full"), ("like", "%100\\%", "full"),
        ("ilike", "hELLO%", "full"), ("is", "NULL", "empty"), ("is", "NOT_NULL", "full"), ("eq", "", "empty"),
        ("eq", None, "empty"), ("neq", "", "full"), ("startsWith", "hello", ""), ("startsWith", "Hello_", ""),
    )),
    *(({"number": {operator: operand}}, found) for operator, operand, found in (
        ("eq", 4, "full"), ("eq", "4", "full"), ("neq", 5, "full"), ("neq", 4, ""), ("gt", 3, "full"), ("gte", 4, "full"),
        ("lt", 5, "full"), ("lte", 4, "full"), ("in", [4, 5], "full"), ("is", "NULL", "empty"), ("eq", None, ""),
    )),
    *(({"flag": {operator: operand}}, found) for operator, operand, found in (
        ("eq", True, "full"), ("eq", "true", "full"), ("eq", False, ""), ("is", "NULL", "empty"),
    )),
    *(({"uuid": {operator: operand}}, found) for operator, operand, found in (
        ("eq", ID, "full"), ("eq", ID.upper(), "full"), ("neq", ID, ""), ("in", [ID], "full"), ("gt", ID[:-1] + "0", "full"),
        ("lte", ID, "full"), ("is", "NULL", "empty"),
    )),
    *(({"day": {operator: operand}}, found) for operator, operand, found in (
        ("eq", "2025-01-13", "full"), ("neq", "2025-01-14", "full"), ("gt", "2025-01-12", "full"), ("lt", "2025-01-13", ""),
        ("in", ["2025-01-13"], "full"), ("is", "NULL", "empty"),
    )),
    *(({"moment": {operator: operand}}, found) for operator, operand, found in (
        ("eq", "2026-05-07T00:00:00.000Z", "full"), ("neq", "2026-05-07", ""), ("gte", "2026-05-07", "full"),
        ("lte", "2026-05-06T23:59:59.999Z", ""), ("in", ["2026-05-07"], "full"), ("is", "NULL", "empty"),
    )),
    *(({"choice": {operator: operand}}, found) for operator, operand, found in (
        ("eq", "OPTION_1", "full"), ("neq", "OPTION_2", "full"), ("in", ["OPTION_1"], "full"), ("is", "NULL", "empty"),
    )),
    *(({"rating": {operator: operand}}, "full") for operator, operand in (("eq", "RATING_3"), ("in", ["RATING_3"]), ("is", "NOT_NULL"))),
    *(({"choices": {operator: operand}}, found) for operator, operand, found in (
        ("containsAny", ["OPTION_1", "OPTION_2"], "full"), ("is", "NULL", "empty"), ("isEmptyArray", True, "empty"),
    )),
    *(({"list": {operator: operand}}, found) for operator, operand, found in (
        ("containsIlike", "%AR%", "full"), ("is", "NULL", "empty"), ("isEmptyArray", True, "empty"),
    )),
    *(({"json": {operator: operand}}, found) for operator, operand, found in (("like", "%twenty%", "full"), ("is", "NULL", "empty"))),
    ({"person": {"firstName": {"eq": "Ada"}}}, "full"),
    ({"person": {"firstName": {"eq": "Ada"}, "lastName": {"startsWith": "Love"}}}, "full"),
    ({"mails": {"primaryEmail": {"eq": "ADA@münchen.example"}}}, "full"),
    ({"mails": {"additionalEmails": {"like": "%b@x%"}}}, "full"),
    ({"mails": {"additionalEmails": {"is": "NULL"}}}, "empty"),
    ({"calls": {"primaryPhoneNumber": {"like": "12345%"}}}, "full"),
    ({"sites": {"primaryLinkUrl": {"eq": "HTTPS://acme.com/"}}}, "full"),
    ({"sites": {"secondaryLinks": {"like": "%twenty%"}}}, "full"),
    ({"place": {"addressCity": {"ilike": "par%"}}}, "full"),
    ({"place": {"addressLat": {"gt": 48}}}, "full"),
    ({"money": {"amountMicros": {"eq": 1_000_000}}}, "full"),
    ({"money": {"currencyCode": {"in": ["EUR"]}}}, "full"),
    ({"rich": {"markdown": {"ilike": "%hi%"}}}, "full"),
    ({"createdBy": {"source": {"eq": "API"}}, "name": {"eq": "full"}}, "full"),
    ({"position": {"gt": 1000}}, "empty"),
    ({"id": {"eq": ID}}, "full"),
    ({"searchVector": {"search": "full"}}, "full"),
    ({"not": {"text": {"eq": "Hello 100%"}}}, "empty"),
    ({"or": [{"number": {"gt": 100}}, {"text": {"is": "NULL"}}]}, "empty"),
    ({"and": [{"number": {"gt": 3}}, {"number": {"lt": 5}}]}, "full"),
]  # fmt: skip


def test_filters_find_exactly_the_matching_record(samples: Api) -> None:
    text = "query ($f: X) { samples(filter: $f) { edges { node { name } } } }"
    answers = []
    for given, _ in FILTERS:
        answer = samples.graphql(text, {"f": given})
        assert "errors" not in answer.body, (given, answer.body)
        answers.append((given, " ".join(edge["node"]["name"] for edge in answer.body["data"]["samples"]["edges"])))
    assert answers == FILTERS


BAD_FILTERS: list[tuple[dict[str, Any], str]] = [
    *(({"uuid": {"eq": value}}, f'Invalid UUID value {shown} for field "uuid"') for value, shown in (
        ("invalid-uuid", "'invalid-uuid'"), (2, "2"), ({}, "{}"), ([], "[]"), (True, "true"), ("2025-01-01", "'2025-01-01'"),
    )),
    *(({"text": {operator: "x"}}, f'Operator "{operator}" is not valid for field "text" of type TEXT - Allowed operators: '
       "eq, neq, gt, gte, lt, lte, in, is, like, ilike, startsWith, endsWith") for operator in ("regex", "iregex")),
    *(({"moment": {"eq": value}}, f"Invalid value {shown} for date-time field \"moment\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'")
      for value, shown in (("not-a-date", "'not-a-date'"), ({}, "{}"), ([], "[]"), (True, "true"))),
    *(({"day": {"eq": value}}, f"Invalid value {shown} for date field \"day\". Expected format: 'YYYY-MM-DD'")
      for value, shown in (("not-a-date", "'not-a-date'"), ({}, "{}"), ([], "[]"))),
    *(({"flag": {"eq": value}}, f'Invalid boolean value {shown} for field "flag"') for value, shown in (("x", "'x'"), ({}, "{}"), ([], "[]"))),
    *(({"number": {"eq": value}}, f'Invalid number value {shown} for field "number"')
      for value, shown in (("not-a-number", "NaN"), ({}, "NaN"), ([], "NaN"), (True, "NaN"))),
    ({"choice": {"eq": "not-a-select"}}, 'Invalid value "not-a-select" for field "choice". Valid values are: OPTION_1, OPTION_2'),
    *(({"choices": {operator: "OPTION_1"}}, f'Operator "{operator}" is not valid for field "choices" of type MULTI_SELECT'
       " - Allowed operators: containsAny, is, isEmptyArray") for operator in ("eq", "neq", "in")),
    *(({"json": {"like": value}}, f'Filter operator "like" requires a string value for field "json", got {kind}')
      for value, kind in (({}, "object"), ([], "object"), (True, "boolean"), (2, "number"))),
    *(({"list": {"containsIlike": value}}, f'Filter operator "containsIlike" requires a string value for field "list", got {kind}')
      for value, kind in (({}, "object"), ([], "object"), (True, "boolean"), (2, "number"))),
    ({"foo": {"eq": 1}}, 'Object sample doesn\'t have any "foo" field.'),
    ({"text": "x"}, 'Filter value for field "text" must be an object'),
    ({"text": {}}, 'Filter for field "text" must have exactly one operator'),
    ({"text": {"eq": "a", "neq": "b"}}, 'Filter for field "text" must have exactly one operator'),
    ({"text": {"is": "null"}}, 'Invalid filter value for "is" operator. Expected "NULL" or "NOT_NULL"'),
    ({"text": {"in": "x"}}, 'Filter operator "in" requires an array value for field text'),
    ({"id": {"in": []}}, "Invalid filter value for field id. Expected non-empty array"),
    ({"list": {"isEmptyArray": 1}}, 'Filter operator "isEmptyArray" requires a boolean value for field list'),
    ({"sites": {"foo": {"eq": 1}}}, 'Sub field "foo" not found for composite type: LINKS'),
]  # fmt: skip


def test_filters_refused(samples: Api) -> None:
    text = "query ($f: X) { samples(filter: $f) { totalCount } }"
    assert refusals(samples, text, "f", [given for given, _ in BAD_FILTERS]) == BAD_FILTERS


def refusals(api: Api, text: str, name: str, values: list[Any]) -> list[tuple[Any, str]]:
    answered = []
    for value in values:
        answer = api.graphql(text, {name: value})
        assert "errors" in answer.body, value
        [error] = answer.body["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT", (value, error)
        answered.append((value, error["message"]))
    return answered


BAD_DATA: list[tuple[dict[str, Any], str]] = [
    ({"text": 1}, 'Invalid string value 1 for text field "text"'),
    ({"number": "string"}, "Invalid number value 'string' for field \"number\""),
    ({"uuid": "non-uuid"}, "Invalid UUID value 'non-uuid' for field \"uuid\""),
    ({"choice": "NOPE"}, 'Invalid value "NOPE" for field "choice". Valid values are: OPTION_1, OPTION_2'),
    ({"choice": 1}, 'Invalid string value 1 for text field "choice"'),
    ({"choices": "NOPE"}, "Invalid value 'NOPE' for multi select field \"choices\""),
    ({"rating": "NOPE"}, 'Invalid value "NOPE" for field "rating". Valid values are: RATING_1, RATING_2, RATING_3, RATING_4, RATING_5'),
    ({"json": "{x"}, "Invalid object value '{x' for field \"json\""),
    ({"list": True}, 'Invalid value true for field "list - Array values need to be string"'),
    ({"list": 1}, 'Invalid value 1 for field "list - Array values need to be string"'),
    ({"day": "2024-01"}, "Invalid value '2024-01' for date field \"day\". Expected format: 'YYYY-MM-DD'"),
    ({"moment": "x"}, "Invalid value 'x' for date-time field \"moment\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'"),
    ({"flag": 1}, 'Invalid boolean value 1 for field "flag"'),
    *(({name: "x"}, f"Invalid object value 'x' for field \"{name}\"") for name in ("person", "mails", "calls", "sites", "place", "money", "rich")),
    ({"mails": {"additionalEmails": "a@b.example"}}, "Invalid string value 'a@b.example' for email field \"mails.additionalEmails\""),
    ({"mails": {"primaryEmail": "x", "additionalEmails": ["a@b.example"]}}, "Invalid string value 'x' for email field \"mails.primaryEmail\""),
    ({"rich": {"blocknote": "{x"}}, 'Invalid blocknote value for field "rich.blocknote" - must contain valid JSON'),
    ({"rich": {"blocknote": "{}"}}, 'Invalid blocknote value for field "rich.blocknote" - must be a JSON array of blocks'),
    ({"sites": {"foo": 1}}, 'Invalid subfield foo for links field "sites"'),
    ({"foo": 1}, 'Object sample doesn\'t have any "foo" field.'),
    ({"searchVector": "x"}, "searchVector TS_VECTOR-typed field does not support write operations"),
    ({"id": "x"}, 'Value "x" is not a valid UUID'),
]  # fmt: skip


def test_values_refused(samples: Api) -> None:
    text = "mutation ($d: X) { createSample(data: $d) { id } }"
    assert refusals(samples, text, "d", [given for given, _ in BAD_DATA]) == BAD_DATA
    assert samples.data("{ samples { totalCount } }") == {"samples": {"totalCount": 2}}


def test_rest_refuses_the_same_values_with_the_same_words(samples: Api) -> None:
    answered = []
    for given, _ in BAD_DATA:
        answer = samples.post("/rest/samples", given)
        assert answer.status == 400, (given, answer.body)
        answered.append((given, *answer.body["messages"]))
    assert answered == BAD_DATA
    assert samples.get("/rest/samples").body["totalCount"] == 2


def test_rest_accepts_the_same_values_and_reads_the_same_back(db: None) -> None:
    api = api_of(workspace_with([ALL]))
    made = api.post("/rest/batch/samples", [FULL, EMPTY])
    assert made.status == 201, made.body
    for record, expected in zip(made.body["data"]["createSamples"], (READ_FULL, READ_EMPTY), strict=True):
        shown = {
            name: {part: record[name][part] for part in value} if name in COMPOSITES else record[name]
            for name, value in expected.items()
        }
        assert shown == expected


def test_emails_are_canonical_after_an_update_too(samples: Api) -> None:
    text = "mutation ($id: X, $d: X) { updateSample(id: $id, data: $d) { mails { primaryEmail additionalEmails } } }"
    mails = {"primaryEmail": "ÜBER@Bücher。Example.", "additionalEmails": ["Two@ＸＹ.example", "three@EXAMPLE.org."]}
    changed = samples.data(text, {"id": ID, "d": {"mails": mails}})["updateSample"]["mails"]
    assert changed == {
        "primaryEmail": "über@xn--bcher-kva.example",
        "additionalEmails": ["two@xy.example", "three@example.org"],
    }
    rest = samples.patch(f"/rest/samples/{ID}", {"mails": {"primaryEmail": "A@MÜNCHEN.example"}})
    assert rest.body["data"]["updateSample"]["mails"]["primaryEmail"] == "a@xn--mnchen-3ya.example"


def test_unique_phones(db: None) -> None:
    field = {"type": "PHONES", "name": "calls", "isUnique": True}
    api = api_of(workspace_with([{"nameSingular": "line", "namePlural": "lines", "fields": [field]}]))

    def create(**calls: str) -> Any:
        return api.graphql(
            "mutation ($d: X) { createLine(data: $d) { id } }", {"d": {"calls": calls} if calls else {}}
        ).body

    number = {"primaryPhoneNumber": "123456789"}
    for calls in ({"primaryPhoneNumber": ""}, {"primaryPhoneNumber": ""}, {}, {}):
        assert "errors" not in create(**calls)
    assert "errors" not in create(**number, primaryPhoneCallingCode="+33")
    assert "errors" not in create(**number, primaryPhoneCallingCode="+34")
    [error] = create(**number, primaryPhoneCallingCode="+33")["errors"]
    assert error["message"] == "A duplicate entry was detected"
    assert api.data("{ lines { totalCount } }") == {"lines": {"totalCount": 6}}
