"""One e-mail address in two spellings is one address: unique fields, upserts, imports and filters of all APIs say so.

Capitals, a final dot, full-width letters and punycode are spellings of the same address. White space around an address
and characters that nobody sees are in none, so what has them is refused, and no second record comes of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

KEPT = "ada@xn--mnchen-3ya.example"
SPELLINGS = (
    "ada@münchen.example",
    "Ada@München.Example",
    "ADA@XN--MNCHEN-3YA.EXAMPLE",
    "ada@xn--mnchen-3ya.example.",
    "ada@mu\u0308nchen。example",  # the umlaut as two characters, the dot as in Japanese
    "ada@ｍünchen.example",
)
NO_ADDRESSES = (" ada@münchen.example", "ada@münchen.example ", "ada @münchen.example", "\tada@münchen.example",
                "ada@münchen.example\n", "ada@mün\u00a0chen.example", "a\u200bda@münchen.example",
                "\u202eada@münchen.example", "ada@münchen\ufeff.example", "ada\u00ad@münchen.example")  # fmt: skip
CREATE = "mutation ($d: CustomerCreateInput!) { createCustomer(data: $d) { id } }"
CREATE_MANY = (
    "mutation ($d: [CustomerCreateInput!]!, $u: Boolean) { createCustomers(data: $d, upsert: $u) { id name } }"
)
UPDATE = "mutation ($id: UUID!, $d: CustomerUpdateInput!) { updateCustomer(id: $id, data: $d) { id } }"
WHERE = "query ($f: CustomerFilterInput) { customers(filter: $f) { totalCount } }"


def mail(address: str) -> dict[str, Any]:
    return {"primaryEmail": address}


@pytest.fixture(scope="module")
def api(uncommitted: None) -> Api:
    fields = [{"type": "EMAILS", "name": "mail", "isUnique": True}]
    return api_of(workspace_with([{"nameSingular": "customer", "namePlural": "customers", "fields": fields}]))


@pytest.fixture
def first(db: None, api: Api) -> str:
    made = api.post("/rest/customers", {"name": "First", "mail": mail(SPELLINGS[0])})
    assert made.status == 201, made.body
    record: dict[str, Any] = made.body["data"]["createCustomer"]
    assert record["mail"]["primaryEmail"] == KEPT
    return str(record["id"])


def named(api: Api) -> list[tuple[str, str]]:
    found = [(each["name"], each["mail"]["primaryEmail"]) for each in api.records("/rest/customers?order_by=name")]
    assert len({address for _, address in found if address}) == len([address for _, address in found if address])
    return found


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_second_record_with_the_address_is_refused(api: Api, first: str, spelling: str) -> None:
    other = api.post("/rest/customers", {"name": "Other"}).body["data"]["createCustomer"]["id"]
    before = named(api)
    for method, path, body in (
        ("POST", "/rest/customers", {"name": "Second", "mail": mail(spelling)}),
        ("POST", "/rest/batch/customers", [{"name": "Third"}, {"name": "Second", "mail": mail(spelling)}]),
        ("PATCH", f"/rest/customers/{other}", {"mail": mail(spelling)}),
    ):
        answer = api.request(method, path, body)
        assert (answer.status, answer.body["messages"]) == (400, ["A duplicate entry was detected"]), answer.body
        assert answer.body["recordId"] == first
    for query, variables in (
        (CREATE, {"d": {"name": "Second", "mail": mail(spelling)}}),
        (CREATE_MANY, {"d": [{"name": "Second", "mail": mail(spelling)}]}),
        (UPDATE, {"id": other, "d": {"mail": mail(spelling)}}),
    ):
        [error] = api.graphql(query, variables).body["errors"]
        assert (error["message"], error["extensions"]["conflictingRecordId"]) == (
            "A duplicate entry was detected",
            first,
        )
    assert named(api) == before


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_call_cannot_bring_it_twice(api: Api, db: None, spelling: str) -> None:
    two = [{"name": "A", "mail": mail(SPELLINGS[0])}, {"name": "B", "mail": mail(spelling)}]
    for path in ("/rest/batch/customers", "/rest/batch/customers?upsert=true"):
        answer = api.post(path, two)
        assert (answer.status, answer.body["messages"]) == (400, ["A duplicate entry was detected"]), answer.body
    for upsert in (True, False):
        [error] = api.graphql(CREATE_MANY, {"d": two, "u": upsert}).body["errors"]
        assert error["message"] == "A duplicate entry was detected"
    assert named(api) == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_upsert_finds_the_record(api: Api, first: str, spelling: str) -> None:
    row = {"name": "Again", "mail": mail(spelling)}
    assert api.post("/rest/customers?upsert=true", row).body["data"]["createCustomer"]["id"] == first
    assert api.data(CREATE_MANY, {"d": [row], "u": True})["createCustomers"] == [{"id": first, "name": "Again"}]
    connected = api.get(f"/rest/customers?filter=mail.primaryEmail[eq]:{KEPT}").body
    assert (connected["totalCount"], connected["data"]["customers"][0]["id"]) == (1, first)
    assert named(api) == [("Again", KEPT)]


def imported(api: Api, query: str, body: str, kind: str = "csv") -> dict[str, Any]:
    media = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[kind]
    headers = {"Authorization": f"Bearer {api.token}"}
    path = f"/rest/customers/import?format={kind}{query}"
    answer = api.client.generic("POST", path, body.encode(), media, headers=headers)
    assert answer.status_code == 200, answer.content
    report: dict[str, Any] = answer.json()["data"]["import"]
    return report


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_import_clashes_or_updates(api: Api, first: str, spelling: str) -> None:
    csv = f"name,mail.primaryEmail\r\nImported,{spelling}\r\n"
    lines = f'{{"name": "Imported", "mail": {{"primaryEmail": "{spelling}"}}}}\n'
    for body, kind in ((csv, "csv"), (lines, "jsonl")):
        report = imported(api, "&on_error=continue", body, kind)
        assert (report["created"], report["updated"], report["failed"]) == (0, 0, 1)
        assert report["errors"][0]["messages"] == ["A duplicate entry was detected"]
        assert named(api) == [("First", KEPT)]
    for body, kind in ((csv, "csv"), (lines, "jsonl")):
        report = imported(api, "&upsert=true", body, kind)
        assert (report["created"], report["updated"], report["failed"]) == (0, 1, 0)
    assert named(api) == [("Imported", KEPT)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_is_found_as_it_is_written(api: Api, first: str, spelling: str) -> None:
    assert api.data(WHERE, {"f": {"mail": {"primaryEmail": {"eq": spelling}}}}) == {"customers": {"totalCount": 1}}
    assert api.data(WHERE, {"f": {"mail": {"primaryEmail": {"in": ["x@y.example", spelling]}}}}) == {
        "customers": {"totalCount": 1}
    }


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_has_white_space_or_what_nobody_sees_is_no_address(api: Api, first: str, text: str) -> None:
    row = {"name": "Second", "mail": mail(text)}
    message = f'Invalid string value {text!r} for email field "mail.primaryEmail"'
    for path, body in (
        ("customers", row),
        ("customers?upsert=true", row),
        ("batch/customers", [row]),
    ):
        answer = api.post(f"/rest/{path}", body)
        assert (answer.status, len(answer.body["messages"])) == (400, 1)
        assert answer.body["messages"][0].endswith('for email field "mail.primaryEmail"'), (message, answer.body)
    for query, variables in ((CREATE, {"d": row}), (CREATE_MANY, {"d": [row], "u": True})):
        [error] = api.graphql(query, variables).body["errors"]
        assert error["message"].endswith('for email field "mail.primaryEmail"')
    for upsert in ("", "&upsert=true"):
        cell = '"' + text + '"'
        report = imported(api, f"&on_error=continue{upsert}", f"name,mail.primaryEmail\r\nSecond,{cell}\r\n")
        assert (report["created"], report["updated"], report["failed"]) == (0, 0, 1), report
    assert named(api) == [("First", KEPT)]


def test_further_addresses_are_refused_alike(api: Api, first: str) -> None:
    for text in NO_ADDRESSES:
        both = {"primaryEmail": "b@b.example", "additionalEmails": [text]}
        answer = api.post("/rest/customers", {"name": "Second", "mail": both})
        assert answer.status == 400 and answer.body["path"] == "mail.additionalEmails", answer.body
        [error] = api.graphql(CREATE, {"d": {"name": "Second", "mail": both}}).body["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert named(api) == [("First", KEPT)]
