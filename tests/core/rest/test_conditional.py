"""ETag, If-None-Match and If-Match on one record (RFC 9110 §13)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from apikeys.services.permissions import field_permissions_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, Workspace
from tests.api_client import Answer
from tests.budgets.recording import recording
from tests.core.rest.conftest import Rest
from tests.factories import key_of, principal_of

ID = "777a8457-eb2d-40ac-a707-551b615b6980"
OTHER = "777a8457-eb2d-40ac-a707-551b615b6981"


@pytest.fixture
def tag(rest: Rest) -> str:
    """The entity tag of a stored person."""
    assert rest.post("batch/people", [{"id": ID, "jobTitle": "CTO"}, {"id": OTHER}]).status == 201
    return etag(rest)


def etag(rest: Rest, path: str = f"people/{ID}") -> str:
    return str(rest.get(path).headers["ETag"])


def read(rest: Rest, if_none_match: str, path: str = f"people/{ID}") -> Answer:
    return rest.request("GET", path, If_None_Match=if_none_match)


def write(rest: Rest, if_match: str, method: str = "PATCH", path: str = f"people/{ID}", body: Any = None) -> Answer:
    return rest.request(method, path, body, If_Match=if_match)


def title(rest: Rest) -> str:
    return str(rest.get(f"people/{ID}?fields=jobTitle").data["jobTitle"])


# Reading -----------------------------------------------------------------------------------------------


def test_the_tag_is_strong_and_stays_as_long_as_the_answer(rest: Rest, tag: str) -> None:
    assert tag.startswith(f'"{ID}.') and tag.endswith('"')
    assert etag(rest) == tag
    assert etag(rest, f"people/{ID.upper()}") == tag
    rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    assert etag(rest) != tag


def test_a_tag_tells_no_moment(rest: Rest, tag: str) -> None:
    """`updatedAt` may be hidden from the caller: the tag stands for it, and is not it."""
    record_id, version, _ = tag.strip('"').split(".")
    changed_at = datetime.fromisoformat(rest.get(f"people/{ID}").data["updatedAt"])
    assert record_id == ID
    assert re.fullmatch("[0-9a-f]{16}", version)
    assert str(round(changed_at.timestamp())) not in version
    alike = [etag(rest, f"people/{each}").split(".")[1] for each in (ID, OTHER)]  # made in one statement
    assert len(set(alike)) == 2


def test_roles_that_read_different_fields_chain_their_writes(rest: Rest, tag: str, workspace: Workspace) -> None:
    system = principal_of(workspace)
    rights = ("canReadAllObjectRecords", "canUpdateAllObjectRecords", "canBeAssignedToApiKeys")
    role = role_create(system, values={"label": "Part", **dict.fromkeys(rights, True)})
    hidden = FieldMetadata.objects.filter(object__workspace_id=workspace.id, object__name_singular="person")
    items = [
        {"objectMetadataId": each.object_id, "fieldMetadataId": each.id, "canReadFieldValue": False}
        for each in hidden.filter(name__in=["updatedAt", "jobTitle"])
    ]
    field_permissions_upsert(system, role_id=role.id, items=items)
    part = Rest(key_of(workspace, role="Part"))
    assert etag(part) != tag  # the answers differ
    assert write(part, tag, body={"city": "Oslo"}).status == 200
    theirs = etag(part)
    assert write(rest, tag, body={"jobTitle": "CEO"}).status == 412
    assert write(rest, theirs, body={"jobTitle": "CEO"}).status == 200
    assert write(part, theirs, body={"city": "Rome"}).status == 412
    assert (title(rest), rest.get(f"people/{ID}?fields=city").data["city"]) == ("CEO", "Oslo")


def test_each_variant_has_a_tag_of_its_own(rest: Rest, tag: str) -> None:
    paths = [f"people/{ID}{query}" for query in ("", "?depth=1", "?fields=jobTitle", "?fields=city")]
    assert len({etag(rest, path) for path in paths}) == 4


def test_a_changed_relation_changes_the_tag_of_the_answer_that_shows_it(rest: Rest, tag: str) -> None:
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    rest.patch(f"people/{ID}", {"companyId": company})
    flat, deep = etag(rest), etag(rest, f"people/{ID}?depth=1")
    rest.patch(f"companies/{company}", {"name": "Acme Inc"})
    assert etag(rest) == flat
    assert etag(rest, f"people/{ID}?depth=1") != deep
    assert read(rest, deep, f"people/{ID}?depth=1").status == 200


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_an_unchanged_record_is_not_sent_again(rest: Rest, tag: str, form: str) -> None:
    answer = read(rest, form.format(tag))
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, None, tag)


@pytest.mark.parametrize("form", ['"other"', ""])
def test_another_tag_reads_as_ever(rest: Rest, tag: str, form: str) -> None:
    assert read(rest, form).data["jobTitle"] == "CTO"


def test_a_changed_record_is_sent(rest: Rest, tag: str) -> None:
    rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    assert read(rest, tag).data["jobTitle"] == "CEO"


def test_a_missing_record_stays_missing(rest: Rest, tag: str) -> None:
    rest.delete(f"people/{ID}")
    assert read(rest, tag).status == 404
    assert read(rest, "*").status == 404


def test_a_tag_costs_no_statement(rest: Rest, tag: str) -> None:
    for _ in range(2):  # the second is remembered
        read(rest, tag)
    with recording() as statements:
        assert read(rest, tag).status == 304
    assert len(statements) == 1


# Writing -----------------------------------------------------------------------------------------------


def test_a_change_of_the_record_as_read_goes_through(rest: Rest, tag: str) -> None:
    assert write(rest, tag, body={"jobTitle": "CEO"}).data["jobTitle"] == "CEO"


def test_a_change_of_another_state_is_refused(rest: Rest, tag: str) -> None:
    rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    answer = write(rest, tag, body={"jobTitle": "CFO"})
    assert (answer.status, answer.body["error"], answer.body["code"], answer.message) == (
        412,
        "PreconditionFailedException",
        "PRECONDITION_FAILED",
        "The Person has been changed since it was read",
    )
    assert title(rest) == "CEO"


@pytest.mark.parametrize(
    ("method", "path", "gone"),
    [("PATCH", f"people/{ID}", False), ("PUT", f"people/{ID}", False), ("DELETE", f"people/{ID}", True)]
    + [("DELETE", f"people/{ID}?soft_delete=true", True), ("PATCH", f"people/{ID}/restore", False)],
)
def test_every_write_of_one_record_is_checked(rest: Rest, tag: str, method: str, path: str, gone: bool) -> None:
    rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    assert write(rest, tag, method, path, {}).status == 412
    assert title(rest) == "CEO"
    assert write(rest, etag(rest), method, path, {}).status == 200
    assert rest.get(f"people/{ID}").status == (404 if gone else 200)


def test_the_tag_of_any_variant_will_do(rest: Rest, tag: str) -> None:
    assert write(rest, etag(rest, f"people/{ID}?fields=city"), body={"jobTitle": "CEO"}).status == 200


def test_one_of_several_tags_will_do(rest: Rest, tag: str) -> None:
    assert write(rest, f'"other", {tag}', body={"jobTitle": "CEO"}).status == 200


@pytest.mark.parametrize("form", ["W/{}", '"other"', '"a.b.c"', ""])
def test_tags_that_match_nothing_refuse(rest: Rest, tag: str, form: str) -> None:
    assert write(rest, form.format(tag), body={"jobTitle": "CEO"}).status == 412
    assert title(rest) == "CTO"


def test_the_tag_of_another_record_refuses(rest: Rest, tag: str) -> None:
    assert write(rest, etag(rest, f"people/{OTHER}"), body={"jobTitle": "CEO"}).status == 412


def test_a_star_takes_any_state_but_none(rest: Rest, tag: str) -> None:
    assert write(rest, "*", body={"jobTitle": "CEO"}).status == 200
    rest.delete(f"people/{ID}")
    assert write(rest, "*", body={"jobTitle": "CFO"}).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "people?filter=jobTitle[eq]:CTO", {"jobTitle": "CEO"}),
        ("DELETE", "people?filter=jobTitle[eq]:CTO", None),
        ("POST", "people", {}),
    ],
)
def test_where_it_cannot_be_checked_it_is_refused(rest: Rest, tag: str, method: str, path: str, body: Any) -> None:
    answer = write(rest, tag, method, path, body)
    assert (answer.status, answer.message) == (400, "If-Match is only possible on the path of one record")
    assert title(rest) == "CTO"


def test_what_is_no_tag_is_refused(rest: Rest, tag: str) -> None:
    answer = write(rest, "unquoted", body={"jobTitle": "CEO"})
    assert (answer.status, answer.message) == (400, "If-Match is no list of entity tags")


def test_a_condition_costs_no_statement(rest: Rest, tag: str) -> None:
    with recording() as statements:
        assert write(rest, tag, body={"jobTitle": "CEO"}).status == 200
    assert len(statements) == 2


# Written answers ---------------------------------------------------------------------------------------


def test_a_write_answers_the_tag_that_a_read_would(rest: Rest) -> None:
    created = rest.post("people", {"id": ID, "jobTitle": "CTO"})
    assert created.headers["ETag"] == etag(rest)
    updated = rest.patch(f"people/{ID}", {"jobTitle": "CEO"})
    assert updated.headers["ETag"] == etag(rest) != created.headers["ETag"]
    deep = rest.patch(f"people/{ID}?depth=1", {"jobTitle": "CFO"})
    assert deep.headers["ETag"] == etag(rest, f"people/{ID}?depth=1")
    rest.delete(f"people/{ID}?soft_delete=true")
    restored = rest.patch(f"restore/people/{ID}", {})
    assert restored.headers["ETag"] == etag(rest)


def test_writes_chain_by_their_tags_without_a_read(rest: Rest, tag: str) -> None:
    for title_now in ("A", "B", "C"):
        answer = write(rest, tag, body={"jobTitle": title_now})
        assert answer.status == 200
        tag = answer.headers["ETag"]
    deleted = write(rest, tag, "DELETE", f"people/{ID}?soft_delete=true")
    assert deleted.status == 200
    restored = write(rest, deleted.headers["ETag"], "PATCH", f"restore/people/{ID}")
    assert (restored.status, title(rest)) == (200, "C")
    stale = write(rest, tag, body={"jobTitle": "D"})
    assert (stale.status, title(rest)) == (412, "C")


def test_answers_that_no_condition_can_be_about_have_no_tag(rest: Rest, tag: str) -> None:
    answers = [
        rest.patch(f"people/{ID}?fields=jobTitle", {"jobTitle": "X"}),
        rest.post("batch/people", [{"jobTitle": "Y"}]),
        rest.patch(f"people?filter=id[eq]:{ID}", {"jobTitle": "Z"}),
        rest.delete(f"people/{ID}"),
    ]
    assert [each.status for each in answers] == [200, 201, 200, 200]
    assert not any("ETag" in each.headers for each in answers)
