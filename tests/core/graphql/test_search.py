"""Search over `/graphql`: what is found, in which order, with which ranks and cursors."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert
from apikeys.services.roles import role_create
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.core.graphql.conftest import without_samples
from tests.factories import Api, api_of, key_of, principal_of, workspace_with

pytestmark = pytest.mark.django_db

NODE = "recordId objectNameSingular objectLabelSingular label imageUrl tsRankCD tsRank"
SEARCH = """query ($text: String!, $limit: Int!, $after: String, $in: [String!], $out: [String!], $f: ObjectRecordFilterInput) {
  search(searchInput: $text, limit: $limit, after: $after, includedObjectNameSingulars: $in,
         excludedObjectNameSingulars: $out, filter: $f) {
    edges { cursor node { %s } } pageInfo { hasNextPage endCursor } } }"""
PET = {"nameSingular": "pet", "namePlural": "pets"}
ROCK = {"nameSingular": "rock", "namePlural": "rocks"}
ONE = (0.1, 0.06079271)
TWO = (0.2, 0.12158542)
FIRST, SECOND, THIRD = (f"20202020-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


def found(api: Api, text: str, limit: Any = 50, **more: Any) -> Any:
    return api.data(SEARCH % NODE, {"text": text, "limit": limit, **more})["search"]


def labels(api: Api, text: str, limit: Any = 50, **more: Any) -> list[str]:
    return [edge["node"]["label"] for edge in found(api, text, limit, **more)["edges"]]


def ranks(api: Api, text: str, **more: Any) -> list[tuple[float, float]]:
    return [(edge["node"]["tsRankCD"], edge["node"]["tsRank"]) for edge in found(api, text, **more)["edges"]]


def add(api: Api, plural: str, *records: dict[str, Any]) -> None:
    name = plural[0].upper() + plural[1:]
    api.data(f"mutation ($data: X) {{ create{name}(data: $data) {{ id }} }}", {"data": records})


@pytest.fixture(scope="module")
def crm(uncommitted: None) -> Api:
    """Standard objects without sample records, and two custom objects."""
    return without_samples([PET, ROCK])


@pytest.fixture
def ada(crm: Api) -> Api:
    """One person with something in each searchable field."""
    add(
        crm,
        "people",
        {
            "id": FIRST,
            "name": {"firstName": "Ada", "lastName": "Lovelace"},
            "jobTitle": "Analyst",
            "emails": {"primaryEmail": "countess@acme.example", "additionalEmails": ["second@babbage.example"]},
            "phones": {
                "primaryPhoneNumber": "7911123456",
                "primaryPhoneCountryCode": "GB",
                "additionalPhones": [{"number": "+33612345678"}],
            },
        },
    )
    add(
        crm,
        "companies",
        {
            "name": "Engines",
            "domainName": {
                "primaryLinkUrl": "https://engines.example",
                "secondaryLinks": [{"label": "Blueprints", "url": "https://plans.example/mill"}],
            },
        },
    )
    return crm


# What is found ---------------------------------------------------------------------------------------


def test_a_hit_says_everything_about_the_record(ada: Api) -> None:
    assert found(ada, "lovel")["edges"] == [
        {
            "cursor": found(ada, "lovel")["pageInfo"]["endCursor"],
            "node": {
                "recordId": FIRST,
                "objectNameSingular": "person",
                "objectLabelSingular": "Person",
                "label": "Ada Lovelace",
                "imageUrl": None,
                "tsRankCD": 0.1,
                "tsRank": 0.06079271,
            },
        }
    ]
    [company] = found(ada, "engines", **{"in": ["company"]})["edges"]
    assert company["node"]["imageUrl"] == "https://engines.example/favicon.ico"


def test_a_persons_picture_is_their_avatar_file(ada: Api) -> None:
    file_id = ada.uploaded("person.avatarFile", "ada.png", b"png")
    changed = ada.patch(f"/rest/people/{FIRST}", {"avatarFile": [{"fileId": file_id, "label": "Ada"}]})
    assert changed.status == 200
    [edge] = found(ada, "lovel")["edges"]
    assert edge["node"]["imageUrl"].startswith(f"http://testserver/file/files-field/{file_id}?token=")
    picture = Api(None).client.get(edge["node"]["imageUrl"].removeprefix("http://testserver"))
    assert (picture.status_code, picture["Content-Type"], b"".join(picture)) == (200, "image/png", b"png")


PERSON_TEXTS = (
        "ada", "ADA", "love", "ada lovelace", "lovelace ada", "analyst",
        "countess@acme.example", "countess", "acme", "acme.example", "second@babbage.example", "babbage",
        "7911123456", "+447911123456", "447911123456", "07911123456", "79111", "+44791", "07911", "0791 112",
        "612345678", "+33612345678", "33612345678", "0612345678", "06123",
)  # fmt: skip
COMPANY_TEXTS = ("engines", "https://engines.example", "blueprints", "plans", "plans.example", "mill")


def test_names_emails_phones_job_titles_and_links_are_covered(ada: Api) -> None:
    person = {text: labels(ada, text, **{"in": ["person"]}) for text in PERSON_TEXTS}
    assert person == {text: ["Ada Lovelace"] for text in PERSON_TEXTS}
    company = {text: labels(ada, text, **{"in": ["company"]}) for text in COMPANY_TEXTS}
    assert company == {text: ["Engines"] for text in COMPANY_TEXTS}


def test_the_parts_of_an_address_are_found_together_or_not_at_all(crm: Api) -> None:
    for first, primary, further in (
        ("Both", "first@example.com", "secondary@example.com"),
        ("First", "other@example.com", "second@example.org"),
        ("Secondary", "example@first.com", "com@secondary.com"),
    ):
        emails = {"primaryEmail": primary, "additionalEmails": [further]}
        add(crm, "people", {"name": {"firstName": first, "lastName": "Person"}, "emails": emails})
    for text in ("secondary@example.com", "Secondary@EXAMPLE.com", "mailto:secondary@example.com", "secondary@exam"):
        assert labels(crm, text, **{"in": ["person"]}) == ["Both Person"], text
    assert sorted(labels(crm, "secondary example", **{"in": ["person"]})) == [
        "Both Person", "First Person", "Secondary Person",
    ]  # fmt: skip
    people = crm.data(
        '{ people(filter: {searchVector: {search: "secondary@example.com"}}) { edges { node { name { firstName } } } } }'
    )["people"]["edges"]
    assert [edge["node"]["name"]["firstName"] for edge in people] == ["Both"]


URLS = {
    "https://www.acme.example/team": ["Acme"],
    "acme.example/team": ["Acme"],
    "http://acme.example": ["Acme", "Other"],
    "acme.example/jobs": ["Other"],
    "example/acme": [],
    "team.acme.example": [],
    "cme.example/tea": ["Acme"],
}


def test_the_parts_of_a_url_are_found_together_or_not_at_all(crm: Api) -> None:
    add(
        crm, "companies",
        {"name": "Acme", "domainName": {"primaryLinkUrl": "https://acme.example/team"}},
        {"name": "Other", "domainName": {"primaryLinkUrl": "acme.example/jobs"}},
    )  # fmt: skip
    assert {text: sorted(labels(crm, text, **{"in": ["company"]})) for text in URLS} == URLS


DOMAINS = ("münchen", "MÜNCHEN.example", "munchen.example", "xn--mnchen-3ya.example")


def test_international_domains_are_found_in_both_spellings(crm: Api) -> None:
    add(crm, "people", {"name": {"firstName": "Ada"}, "emails": {"primaryEmail": "ada@münchen.example"}})
    further = [{"url": "xn--mnchen-3ya.example", "label": ""}]
    add(
        crm, "companies",
        {"name": "Written", "domainName": {"primaryLinkUrl": "https://münchen.example/rathaus"}},
        {"name": "Encoded", "domainName": {"primaryLinkUrl": "https://a.example", "secondaryLinks": further}},
    )  # fmt: skip
    for domain in DOMAINS:
        for text in (domain, f"ada@{domain}"):
            assert labels(crm, text, **{"in": ["person"]}) == ["Ada"], text
        assert sorted(labels(crm, domain, **{"in": ["company"]})) == ["Encoded", "Written"], domain


ACCENTS = (
        ("jose", ["José", "Jose"]), ("josé", ["José", "Jose"]),
        ("cafe", ["Café"]), ("naïve", ["Naive"]), ("naive", ["Naive"]),
        ("müller", ["Muller"]), ("muller", ["Muller"]), ("francois", ["François"]), ("FRANÇOIS", ["François"]),
)  # fmt: skip


def test_accents_do_not_matter_in_either_direction(crm: Api) -> None:
    add(crm, "pets", *({"name": name} for name in ("José", "Jose", "Café", "Naive", "Muller", "François")))
    assert {text: sorted(labels(crm, text)) for text, _ in ACCENTS} == {text: sorted(names) for text, names in ACCENTS}


def test_a_text_inside_a_word_is_found_where_no_word_begins_with_it(crm: Api) -> None:
    add(crm, "pets", {"name": "示例商业线索"}, {"name": "Other"})
    add(crm, "rocks", {"name": "商业"})
    assert [(edge["node"]["label"], edge["node"]["tsRankCD"]) for edge in found(crm, "商业")["edges"]] == [
        ("商业", 0.1),
        ("示例商业线索", 0),
    ]
    assert ranks(crm, "商业", **{"in": ["pet"]}) == [(0, 0)]
    assert labels(crm, "1") == []  # the places of words are no words


def test_all_words_come_before_any_word(crm: Api) -> None:
    add(crm, "pets", {"name": "Ada"}, {"name": "Byron"}, {"name": "Byron Ada"})
    assert labels(crm, "ada byron")[0] == "Byron Ada"
    assert sorted(labels(crm, "ada byron")) == ["Ada", "Byron", "Byron Ada"]
    assert ranks(crm, "ada byron")[1:] == [(0, 0.030396355)] * 2


def test_one_and_two_hits_on_the_label_have_these_ranks(crm: Api) -> None:
    add(crm, "pets", {"name": "search1 search2"}, {"name": "search3"})
    assert ranks(crm, "search") == [TWO, ONE]


def test_an_empty_input_finds_every_record(crm: Api) -> None:
    add(crm, "pets", {"name": "A"}, {"name": "B"})
    assert ranks(crm, "", **{"in": ["pet"]}) == [(0, 0), (0, 0)]
    assert sorted(labels(crm, "  ", **{"in": ["pet"]})) == ["A", "B"]


HOSTILE = ("'", "&|!():*<->", "\\", "%", "_", "a:*b", "x" * 3000, " ".join("w" * 3 for _ in range(500)), "\u0000z")


def test_no_input_breaks_the_search(crm: Api) -> None:
    add(crm, "pets", {"name": "Plain"})
    answers = {text: labels(crm, text, **{"in": ["pet"]}) for text in HOSTILE}
    assert answers == {text: [] for text in HOSTILE}


def test_deleted_records_are_not_found(crm: Api) -> None:
    add(crm, "pets", {"name": "Gone", "id": FIRST})
    crm.data("mutation ($id: ID!) { deletePet(id: $id) { id } }", {"id": FIRST})
    assert labels(crm, "gone") == []
    assert labels(crm, "gone", f={"deletedAt": {"is": "NOT_NULL"}}) == []


def test_a_changed_record_is_found_by_its_new_words_only(crm: Api) -> None:
    add(crm, "pets", {"name": "Before", "id": FIRST})
    crm.data('mutation ($id: ID!) { updatePet(id: $id, data: {name: "After"}) { id } }', {"id": FIRST})
    assert (labels(crm, "before"), labels(crm, "after")) == ([], ["After"])


# Objects, order, pages -------------------------------------------------------------------------------


def test_objects_stand_in_this_order_at_equal_ranks_then_ids(crm: Api) -> None:
    for plural in ("rocks", "pets", "opportunities", "companies"):
        add(crm, plural, {"name": "Same"})
    for plural in ("tasks", "notes"):
        add(crm, plural, {"title": "Same"})
    add(crm, "people", {"id": SECOND, "name": {"firstName": "Same"}}, {"id": FIRST, "name": {"lastName": "Same"}})
    nodes = [edge["node"] for edge in found(crm, "same")["edges"]]
    assert [node["objectNameSingular"] for node in nodes] == [
        "person", "person", "company", "opportunity", "note", "task", "pet", "rock",
    ]  # fmt: skip
    assert [node["recordId"] for node in nodes[:2]] == [FIRST, SECOND]


def test_objects_can_be_included_and_excluded(crm: Api) -> None:
    add(crm, "pets", {"name": "Same"})
    add(crm, "rocks", {"name": "Same"})

    def objects(**more: Any) -> list[str]:
        return [edge["node"]["objectNameSingular"] for edge in found(crm, "same", **more)["edges"]]

    assert objects(**{"in": ["rock"]}) == ["rock"]
    assert objects(out=["rock"]) == ["pet"]
    assert objects(**{"in": ["rock", "pet"]}, out=["pet"]) == ["rock"]
    assert objects(**{"in": []}) == []
    assert objects(**{"in": ["nothing"]}) == []


def test_an_included_object_is_searched_even_if_it_is_not_searchable(db: None) -> None:
    workspace = workspace_with([PET])
    api = api_of(workspace)
    pet = ObjectMetadata.objects.get(workspace=workspace, name_singular="pet")
    services.object_update(workspace_id=workspace.id, object_id=pet.id, update={"isSearchable": False})
    add(api, "pets", {"name": "Hidden"})
    assert labels(api, "hidden") == []
    assert labels(api, "hidden", **{"in": ["pet"]}) == ["Hidden"]


def test_each_cursor_has_these_bytes_and_continues_behind_its_edge(crm: Api) -> None:
    add(crm, "people", {"id": FIRST, "name": {"firstName": "Same"}}, {"id": SECOND, "name": {"firstName": "Same"}})
    add(crm, "pets", {"id": THIRD, "name": "Same"})
    edges = found(crm, "same")["edges"]

    def cursor(**last: str) -> str:
        text = json.dumps(
            {"lastRanks": {"tsRankCD": 0.1, "tsRank": 0.06079271}, "lastRecordIdsPerObject": last},
            separators=(",", ":"),
        )
        return base64.b64encode(text.encode()).decode()

    expected = [cursor(person=FIRST), cursor(person=SECOND), cursor(person=SECOND, pet=THIRD)]
    assert [edge["cursor"] for edge in edges] == expected
    after = found(crm, "same", 1, after=expected[0])
    assert [edge["cursor"] for edge in after["edges"]] == [expected[1]]
    assert after["pageInfo"] == {"hasNextPage": True, "endCursor": expected[1]}
    last = found(crm, "same", 5, after=expected[1])
    assert last["pageInfo"] == {"hasNextPage": False, "endCursor": expected[2]}
    zero = json.loads(base64.b64decode(found(crm, "", **{"in": ["pet"]})["pageInfo"]["endCursor"]))
    assert json.dumps(zero["lastRanks"]) == '{"tsRankCD": 0, "tsRank": 0}'


def test_pages_give_every_record_once(crm: Api) -> None:
    add(crm, "people", *({"name": {"firstName": name}} for name in ("Same", "Same same", "Same two", "Lame")))
    add(crm, "pets", *({"name": name} for name in ("Same two", "Same same", "Same", "Tame")))
    add(crm, "rocks", *({"name": name} for name in ("Tame", "Lame")))
    for text in ("same", "", "ame", "same two"):
        for size in (1, 2, 3):
            check_pages(crm, text, size)


def check_pages(crm: Api, text: str, size: int) -> None:
    only = {"in": ["person", "pet", "rock"]}
    whole = [edge["node"]["recordId"] for edge in found(crm, text, **only)["edges"]]
    walked: list[str] = []
    after = None
    for _ in range(20):
        page = found(crm, text, size, after=after, **only)
        walked += [edge["node"]["recordId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == whole
    assert len(set(whole)) == len(whole) > 0


def test_a_limit_of_zero_only_says_whether_there_is_anything(crm: Api) -> None:
    add(crm, "pets", {"name": "A"})
    assert found(crm, "a", 0) == {"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
    assert found(crm, "zzz", 0) == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


def test_a_filter_on_the_fields_of_every_object(crm: Api) -> None:
    add(crm, "pets", *({"name": "Same", "id": each} for each in (FIRST, SECOND, THIRD)))

    def ids(limit: Any = 50, **more: Any) -> list[str]:
        return [edge["node"]["recordId"] for edge in found(crm, "same", limit, **more)["edges"]]

    assert ids(f={"id": {"eq": SECOND}}) == [SECOND]
    assert ids(f={"not": {"id": {"in": [FIRST, SECOND]}}}) == [THIRD]
    page = found(crm, "same", 1, f={"id": {"neq": SECOND}})
    assert page["pageInfo"]["hasNextPage"] is True
    assert ids(1, f={"id": {"neq": SECOND}}, after=page["pageInfo"]["endCursor"]) == [THIRD]
    assert ids(f={"createdAt": {"gt": "2020-01-01"}, "deletedAt": {"is": "NULL"}}) == [FIRST, SECOND, THIRD]


# Refusals --------------------------------------------------------------------------------------------


REFUSED = (
        ('searchInput: "a"', 'Argument "limit" of type "Int!" is required, but it was not provided.'),
        ("limit: 1", 'Argument "searchInput" of type "String!" is required, but it was not provided.'),
        ('searchInput: "a", limit: 101', "Limit cannot exceed 100 items"),
        ('searchInput: "a", limit: -1', "Limit must be non-negative"),
        ('searchInput: "a", limit: 1, after: "x"', "Invalid cursor: x"),
        ('searchInput: "a", limit: 1, after: 1', 'Invalid argument: "after" must be a string'),
        ('searchInput: "a", limit: 1, first: 1', "Argument not allowed: first"),
        ('searchInput: "a", limit: 1, filter: {name: {eq: "a"}}',
         'A search can be filtered by id, createdAt, updatedAt, deletedAt, not by "name"'),
        ('searchInput: "a", limit: 1, includedObjectNameSingulars: [1]',
         'Invalid argument: "includedObjectNameSingulars" must be an array of strings'),
)  # fmt: skip


def test_arguments_refused(db: None) -> None:
    api = api_of(workspace_with())
    for arguments, message in REFUSED:
        answer = api.graphql(f"{{ search({arguments}) {{ edges {{ cursor }} }} }}")
        assert answer.status == 200
        assert answer.body["data"] is None  # `search` cannot be null, so nothing is
        assert [error["message"] for error in answer.body["errors"]] == [message]


def test_search_and_records_do_not_mix(crm: Api) -> None:
    answer = crm.graphql('{ pets { totalCount } search(searchInput: "a", limit: 1) { edges { cursor } } }')
    [error] = answer.body["errors"]
    assert "data" not in answer.body
    assert error == {
        "message": "This query cannot be executed as a single request. Please split it into separate queries.",
        "extensions": {
            "code": "BAD_USER_INPUT",
            "subCode": "MIXED_CORE_AND_WORKSPACE_FIELDS",
            "userFriendlyMessage": error["message"],
        },
    }


def test_search_is_not_in_the_introspected_schema_but_stands_beside_introspection(crm: Api) -> None:
    data = crm.data(
        """{ found: search(searchInput: "", limit: 0) { __typename pageInfo { t: __typename } ...Edges }
             __schema { queryType { fields { name } } } __typename }
           fragment Edges on SearchResultConnection { edges { node { label } } }"""
    )
    assert data["found"] == {
        "__typename": "SearchResultConnection",
        "pageInfo": {"t": "SearchResultPageInfo"},
        "edges": [],
    }
    assert "search" not in {field["name"] for field in data["__schema"]["queryType"]["fields"]}


def test_objects_the_caller_may_not_read_are_skipped(db: None) -> None:
    workspace = workspace_with([PET, ROCK])
    admin = api_of(workspace)
    add(admin, "pets", {"name": "Same"})
    add(admin, "rocks", {"name": "Same"})
    role = role_create(
        principal_of(workspace),
        values={"label": "Blind", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True},
    )
    rock = ObjectMetadata.objects.get(workspace=workspace, name_singular="rock")
    object_permissions_upsert(
        principal_of(workspace),
        role_id=role.id,
        items=[{"objectMetadataId": str(rock.id), "canReadObjectRecords": False}],
    )
    assert labels(Api(key_of(workspace, role="Blind")), "same") == ["Same"]
    assert labels(admin, "same") == ["Same", "Same"]


def test_a_label_or_picture_the_caller_may_not_read_is_not_shown(ada: Api) -> None:
    workspace = Workspace.objects.get()
    file_id = ada.uploaded("person.avatarFile", "ada.png")
    ada.patch(f"/rest/people/{FIRST}", {"avatarFile": [{"fileId": file_id, "label": "Ada"}]})
    role = role_create(
        principal_of(workspace),
        values={"label": "Blind", "canReadAllObjectRecords": True, "canBeAssignedToApiKeys": True},
    )
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    hidden = [
        {"objectMetadataId": str(person.id), "fieldMetadataId": str(field.id), "canReadFieldValue": False}
        for field in FieldMetadata.objects.filter(object=person, name__in=["name", "avatarFile"])
    ]
    field_permissions_upsert(principal_of(workspace), role_id=role.id, items=hidden)
    [edge] = found(Api(key_of(workspace, role="Blind")), "analyst")["edges"]
    assert (edge["node"]["label"], edge["node"]["imageUrl"]) == (FIRST, None)
    for text in ("lovelace", "ada", "Ada Lovelace"):  # and it cannot be found out by asking
        assert labels(Api(key_of(workspace, role="Blind", name=text)), text, **{"in": ["person"]}) == []
    assert labels(Api(key_of(workspace, role="Blind")), "lovelace analyst", **{"in": ["person"]}) == [FIRST]
    [edge] = found(ada, "analyst")["edges"]
    assert edge["node"]["label"] == "Ada Lovelace"
    assert edge["node"]["imageUrl"] is not None
