"""`GET /rest/search`."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.core.rest.conftest import Rest


@pytest.fixture
def ids(rest: Rest) -> dict[str, str]:
    made = {"company": rest.post("companies", {"name": "Zebra Works"}).data["id"]}
    made["person"] = rest.post("people", {"name": {"firstName": "Zebra", "lastName": "Byron"}}).data["id"]
    return made


def found(rest: Rest, query: str) -> list[tuple[str, str, str]]:
    answer = rest.get(f"search?{query}")
    assert answer.status == 200, answer.body
    return [(each["objectNameSingular"], each["recordId"], each["label"]) for each in answer.data]


def test_records_of_several_objects_are_found(rest: Rest, ids: dict[str, str]) -> None:
    assert found(rest, "query=zebra") == [
        ("person", ids["person"], "Zebra Byron"),
        ("company", ids["company"], "Zebra Works"),
    ]
    first = rest.get("search?query=zebra&limit=1")
    assert set(first.data[0]) == {
        "recordId", "objectNameSingular", "objectLabelSingular", "label", "imageUrl", "tsRank",
        "tsRankCD", "cursor",
    }  # fmt: skip
    assert first.body["pageInfo"]["hasNextPage"] is True
    cursor = quote(first.body["pageInfo"]["endCursor"])
    assert first.data[0]["cursor"] == first.body["pageInfo"]["endCursor"]
    assert found(rest, f"query=zebra&limit=1&starting_after={cursor}") == [("company", ids["company"], "Zebra Works")]


def test_the_image_of_a_company_is_its_sites(rest: Rest) -> None:
    rest.post("companies", {"name": "Zebra Works", "domainName": {"primaryLinkUrl": "https://zebra.example"}})
    [hit] = rest.get("search?query=zebra").data
    assert hit["imageUrl"] is not None
    assert "zebra.example" in hit["imageUrl"]


@pytest.mark.parametrize("objects", ["company", "companies", "company,%20note"])
def test_objects_by_either_name(rest: Rest, ids: dict[str, str], objects: str) -> None:
    assert [each[0] for each in found(rest, f"query=zebra&objects={objects}")] == ["company"]
    assert [each[0] for each in found(rest, "query=zebra&excluded_objects=people")] == ["company"]


def test_a_filter_narrows(rest: Rest, ids: dict[str, str]) -> None:
    assert found(rest, f"query=zebra&filter=id[eq]:{ids['person']}") == [("person", ids["person"], "Zebra Byron")]


def test_what_is_refused(rest: Rest, anonymous: Rest) -> None:
    unknown = rest.get("search?query=x&objects=peple")
    assert (unknown.status, unknown.message, unknown.body["hint"]) == (
        400, "object 'peple' not found", 'Did you mean "people"?',
    )  # fmt: skip
    assert rest.post("search", {}).status == 405
    assert anonymous.get("search?query=x").status == 403
    assert rest.get("search?qurey=x").headers["X-Ignored-Parameters"] == "qurey (did you mean query?)"
