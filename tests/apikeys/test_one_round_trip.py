"""A read is one statement, which says too whether its caller is still who they were: nothing is answered otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apikeys.models import ApiKey, Member
from apikeys.services.api_keys import apikey_assign_role, apikey_revoke, apikey_set_enabled
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert
from apikeys.services.roles import role_create, role_update
from apikeys.services.tokens import apikey_token
from config.errors import Unavailable
from config.http import confirming
from config.principal import Principal
from core.records import create, find, update
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.apikeys.conftest import role
from tests.factories import Api

pytestmark = pytest.mark.django_db

REFUSED = "This API Key is revoked"
LIST = "{ books { edges { node { title } } } }"


@pytest.fixture
def reader(admin: Principal) -> Any:
    return role_create(admin, values={"label": "Reader", "canReadAllObjectRecords": True})


@pytest.fixture
def book(acme: Workspace, admin: Principal, key: ApiKey) -> UUID:
    """A book called Emma."""
    answer = Api(apikey_token(admin, key_id=key.id).token).post("/rest/books", {"title": "Emma"})
    assert answer.status == 201, answer.body
    return UUID(answer.body["data"]["createBook"]["id"])


@pytest.fixture
def api(admin: Principal, key: ApiKey, reader: Any, book: UUID) -> Api:
    """A client with a key of the Reader role, which has been answered before."""
    apikey_assign_role(admin, key_id=key.id, role_id=reader.id)
    client = Api(apikey_token(admin, key_id=key.id).token)
    for _ in range(3):  # the first notes the use, the second is remembered
        assert titles(client.get("/rest/books")) == ["Emma"]
    return client


def titles(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    return [each.get("title") for each in answer.body["data"]["books"]]


def statements_of(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    return [each["sql"] for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]


READS: dict[str, Callable[[Api, UUID], Answer]] = {
    "a page": lambda api, book: api.get("/rest/books"),
    "one record": lambda api, book: api.get(f"/rest/books/{book}"),
    "a page with its relations": lambda api, book: api.get("/rest/books?depth=1"),
    "a GraphQL page": lambda api, book: api.graphql(LIST),
    "a GraphQL record": lambda api, book: api.graphql(f'{{ book(filter: {{id: {{eq: "{book}"}}}}) {{ title }} }}'),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_is_one_statement(api: Api, book: UUID, read: Callable[[Api, UUID], Answer]) -> None:
    first = read(api, book)
    sent = statements_of(lambda: read(api, book))
    assert len(sent) == 1, sent
    assert read(api, book).body == first.body


def test_two_root_fields_are_two_statements(api: Api) -> None:
    text = "{ books { edges { node { title } } } shelves { totalCount } }"
    api.graphql(text)
    assert len(statements_of(lambda: api.graphql(text))) == 2


def test_nothing_found_is_one_statement(api: Api) -> None:
    path = f"/rest/books/{UUID(int=7)}"
    found: list[Answer] = []
    assert len(statements_of(lambda: found.append(api.get(path)))) == 1
    assert (found[0].status, found[0].body["messages"]) == (404, ["Record not found"])


def test_an_empty_page_is_one_statement(api: Api) -> None:
    found: list[Answer] = []
    assert len(statements_of(lambda: found.append(api.get("/rest/books?filter=title[eq]:Ulysses")))) == 1
    assert titles(found[0]) == []


# Between two requests --------------------------------------------------------------------------------


def revoke(admin: Principal, key: ApiKey) -> str:
    apikey_revoke(admin, key_id=key.id)
    return REFUSED


def pause(admin: Principal, key: ApiKey) -> str:
    apikey_set_enabled(admin, key_id=key.id, enabled=False)
    return "This API Key is paused"


def expire(admin: Principal, key: ApiKey) -> str:
    ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now() - timedelta(days=1))
    return "This API Key is expired"


def roll(admin: Principal, key: ApiKey) -> str:
    ApiKey.objects.filter(id=key.id).update(generation=key.generation + 2)
    return "This token was replaced by a newer one"


def lose_the_role(admin: Principal, key: ApiKey) -> str:
    ApiKey.objects.filter(id=key.id).update(role_id=None)
    return "API key has no role assigned"


def delete_the_workspace(admin: Principal, key: ApiKey) -> str:
    Workspace.objects.filter(id=admin.workspace_id).update(deleted_at=timezone.now())
    return "Workspace not found"


ENDS = (revoke, pause, expire, roll, lose_the_role, delete_the_workspace)


def status_of(end: Callable[..., str]) -> int:
    """What a request with such a key is answered."""
    return 401 if end is delete_the_workspace else 403


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_the_next_read_sees_that_the_key_ended(
    api: Api, admin: Principal, key: ApiKey, book: UUID, end: Callable[..., str], read: Callable[[Api, UUID], Answer]
) -> None:
    said = end(admin, key)
    answer = read(api, book)
    assert "Emma" not in str(answer.body)
    assert said in str(answer.body)


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_nothing_is_told_of_a_request_that_fails_before_it_reads(
    api: Api, admin: Principal, key: ApiKey, end: Callable[..., str]
) -> None:
    said = end(admin, key)
    for path in ("/rest/books?limit=never", "/rest/nothings", "/rest/books/no-id", "/rest/books?filter=pages[eq]:1"):
        answer = api.get(path)
        assert answer.status == status_of(end), path
        assert answer.body["messages"] == [said]
    for text in (
        "{ nothings { edges { node { id } } } }",
        "{ books { edges { node { pages } } } }",
        "{ __typename }",
        "{",
    ):
        answer = api.graphql(text)
        assert [each["message"] for each in answer.body["errors"]] == [said]


def test_a_check_that_could_not_be_made_is_made_before_the_next_read(
    api: Api, admin: Principal, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "{ booksGroupBy(groupBy: [{title: true}]) { groupByDimensionValues } books { edges { node { title } } } }"
    assert "Emma" in str(api.graphql(text).body)
    revoke(admin, key)
    faults, run = [Unavailable("The database cannot be reached")], confirming.run

    def run_when_there_is_no_fault(*given: Any) -> Any:
        if faults:
            raise faults.pop()
        return run(*given)

    monkeypatch.setattr(confirming, "run", run_when_there_is_no_fault)
    answer = api.graphql(text)
    assert faults == []
    assert "Emma" not in str(answer.body)
    assert [each["message"] for each in answer.body["errors"]] == [REFUSED]


def test_introspection_is_not_answered_from_memory_to_a_revoked_key(api: Api, admin: Principal, key: ApiKey) -> None:
    text = "{ __schema { queryType { name } } }"
    assert api.data(text) == {"__schema": {"queryType": {"name": "Query"}}}
    revoke(admin, key)
    assert api.graphql(text).body["errors"][0]["message"] == REFUSED


def test_another_role_reads_by_its_own_rights_at_once(api: Api, admin: Principal, key: ApiKey) -> None:
    nobody = role_create(admin, values={"label": "Nobody", "canReadAllObjectRecords": False})
    apikey_assign_role(admin, key_id=key.id, role_id=nobody.id)
    assert api.get("/rest/books").status == 403
    assert api.graphql(LIST).body["errors"][0]["extensions"]["subCode"] == "PERMISSION_DENIED"
    apikey_assign_role(admin, key_id=key.id, role_id=role(admin, "Reader").id)
    assert titles(api.get("/rest/books")) == ["Emma"]


def test_a_right_taken_from_the_role_is_gone_at_once(api: Api, admin: Principal, acme: Workspace, reader: Any) -> None:
    title = FieldMetadata.objects.get(workspace_id=acme.id, object__name_singular="book", name="title")
    item = {"objectMetadataId": str(title.object_id), "fieldMetadataId": str(title.id), "canReadFieldValue": False}
    field_permissions_upsert(admin, role_id=reader.id, items=[item])
    assert titles(api.get("/rest/books")) == [None]
    object_permissions_upsert(
        admin, role_id=reader.id, items=[{"objectMetadataId": str(title.object_id), "canReadObjectRecords": False}]
    )
    assert api.get("/rest/books").status == 403
    role_update(admin, role_id=reader.id, values={"canReadAllObjectRecords": False})
    assert api.get("/rest/shelves").status == 403


def test_a_changed_data_model_is_read_at_once(api: Api, acme: Workspace, admin: Principal) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    values = {"objectMetadataId": str(book.id), "type": "NUMBER", "name": "pages", "label": "Pages"}
    services.field_create(workspace_id=acme.id, values=values)
    [found] = api.get("/rest/books").body["data"]["books"]
    assert (found["title"], found["pages"]) == ("Emma", None)


def test_a_second_key_of_another_role_is_not_taken_for_the_first(api: Api, admin: Principal, book: UUID) -> None:
    from apikeys.services.api_keys import apikey_create

    nobody = role_create(admin, values={"label": "Nobody", "canReadAllObjectRecords": False})
    second = apikey_create(admin, name="Second", expires_at=None, role_id=nobody.id)
    other = Api(apikey_token(admin, key_id=second.id).token)
    for _ in range(4):
        assert other.get(f"/rest/books/{book}").status == 403
        assert api.get(f"/rest/books/{book}").status == 200


def test_the_token_of_a_member_ends_when_they_sign_out(api: Api, acme: Workspace, admin: Principal) -> None:
    from apikeys.authentication import principal_of_member_id
    from apikeys.services.members import member_create, member_tokens_end
    from apikeys.services.tokens import playground_token

    member = member_create(
        workspace=acme, email="ada@example.com", password="a long enough password", role=role(admin, "Admin")
    )
    client = Api(playground_token(principal_of_member_id(acme.id, member.id)).token)
    for _ in range(3):
        assert titles(client.get("/rest/books")) == ["Emma"]
    assert len(statements_of(lambda: client.get("/rest/books"))) == 1
    member_tokens_end(Member.objects.get(id=member.id).user_id)
    answer = client.get("/rest/books")
    assert (answer.status, answer.body["messages"]) == (403, ["This token ended when its member signed out"])


# While a request is under way ------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let something happen once, between who-asks and the statement of the next page."""

    def happen(work: Callable[[], Any]) -> None:
        waiting = [work]

        def plan_page(*given: Any) -> Any:
            if waiting:
                waiting.pop()()
            return planned(*given)

        planned = find.plan_page
        monkeypatch.setattr(find, "plan_page", plan_page)

    return happen


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_what_was_read_is_thrown_away_when_the_key_ends_meanwhile(
    api: Api, admin: Principal, key: ApiKey, meanwhile: Callable[..., None], end: Callable[..., str]
) -> None:
    said: list[str] = []
    meanwhile(lambda: said.append(end(admin, key)))
    answer = api.get("/rest/books")
    assert answer.status == status_of(end)
    assert answer.body["messages"] == said


def test_a_right_taken_meanwhile_is_not_used(
    api: Api, admin: Principal, reader: Any, meanwhile: Callable[..., None]
) -> None:
    meanwhile(lambda: role_update(admin, role_id=reader.id, values={"canReadAllObjectRecords": False}))
    answer = api.get("/rest/books")
    assert (answer.status, answer.body["code"]) == (403, "PERMISSION_DENIED")


def test_a_field_made_meanwhile_is_in_the_answer(api: Api, acme: Workspace, meanwhile: Callable[..., None]) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    values = {"objectMetadataId": str(book.id), "type": "NUMBER", "name": "pages", "label": "Pages"}
    meanwhile(lambda: services.field_create(workspace_id=acme.id, values=values))
    [found] = api.get("/rest/books").body["data"]["books"]
    assert found["pages"] is None


# Writes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_a_write_of_a_key_that_ended_changes_nothing(
    api: Api, admin: Principal, key: ApiKey, book: UUID, end: Callable[..., str]
) -> None:
    role_update(admin, role_id=role(admin, "Reader").id, values={"canUpdateAllObjectRecords": True})
    assert api.get("/rest/books").status == api.get("/rest/books").status == 200
    said = end(admin, key)
    assert api.patch(f"/rest/books/{book}", {"title": "Persuasion"}).body["messages"] == [said]
    text = f'mutation {{ updateBook(id: "{book}", data: {{title: "Persuasion"}}) {{ title }} }}'
    assert api.graphql(text).body["errors"][0]["message"] == said
    second = ApiKey.objects.create(
        workspace_id=admin.workspace_id,
        name="Second",
        role=role(admin, "Admin"),
        expires_at=timezone.now() + timedelta(1),
    )
    Workspace.objects.filter(id=admin.workspace_id).update(deleted_at=None)
    other = Api(apikey_token(admin, key_id=second.id).token)
    assert other.get(f"/rest/books/{book}").body["data"]["book"]["title"] == "Emma"


CREATES: dict[str, Callable[[Api, UUID], Answer]] = {
    "a record": lambda api, book: api.post("/rest/books", {"title": "Persuasion"}),
    "a batch": lambda api, book: api.post("/rest/batch/books", [{"title": "Persuasion"}, {"title": "Sanditon"}]),
    "a GraphQL batch": lambda api, book: api.graphql('mutation { createBooks(data: [{title: "Persuasion"}]) { id } }'),
    "a change": lambda api, book: api.patch(f"/rest/books/{book}", {"title": "Persuasion"}),
    "a GraphQL change": lambda api, book: api.graphql(
        f'mutation {{ updateBook(id: "{book}", data: {{title: "Persuasion"}}) {{ title }} }}'
    ),
    "an upsert": lambda api, book: api.post("/rest/books?upsert=true", {"id": str(book), "title": "Persuasion"}),
    "a delete": lambda api, book: api.delete(f"/rest/books/{book}?soft_delete=true"),
}


@pytest.fixture
def writer(api: Api, admin: Principal) -> Api:
    """The client, whose role may write now, and which has been answered since."""
    rights = {"canUpdateAllObjectRecords": True, "canSoftDeleteAllObjectRecords": True}
    role_update(admin, role_id=role(admin, "Reader").id, values=rights)
    assert titles(api.get("/rest/books")) == titles(api.get("/rest/books")) == ["Emma"]
    return api


@pytest.fixture
def shortly_before(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let something happen once, between who-asks and the first statement of the next write of records."""

    def happen(work: Callable[[], Any]) -> None:
        waiting = [work]

        def first(real: Callable[..., Any]) -> Callable[..., Any]:
            def run(*given: Any, **named: Any) -> Any:
                if waiting:
                    waiting.pop()()
                return real(*given, **named)

            return run

        monkeypatch.setattr(create, "in_one_statement", first(create.in_one_statement))
        monkeypatch.setattr(update, "write_alone", first(update.write_alone))

    return happen


@pytest.mark.parametrize("write", list(CREATES.values())[:5], ids=list(CREATES)[:5])
@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_what_a_key_writes_that_ends_meanwhile_is_not_written(
    writer: Api,
    admin: Principal,
    acme: Workspace,
    key: ApiKey,
    book: UUID,
    shortly_before: Callable[..., None],
    end: Callable[..., str],
    write: Callable[[Api, UUID], Answer],
) -> None:
    said: list[str] = []
    shortly_before(lambda: said.append(end(admin, key)))
    answer = write(writer, book)
    assert said and said[0] in str(answer.body)
    assert stored_titles(acme) == ["Emma"]


@pytest.mark.parametrize("write", CREATES.values(), ids=CREATES)
@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_the_next_write_of_a_key_that_ended_is_not_written(
    writer: Api, admin: Principal, acme: Workspace, key: ApiKey, book: UUID, end: Callable[..., str], write: Any
) -> None:
    said = end(admin, key)
    assert said in str(write(writer, book).body)
    assert stored_titles(acme) == ["Emma"]


def test_a_right_to_write_taken_meanwhile_is_not_used(
    writer: Api, admin: Principal, acme: Workspace, book: UUID, shortly_before: Callable[..., None]
) -> None:
    taken = {"canUpdateAllObjectRecords": False}
    shortly_before(lambda: role_update(admin, role_id=role(admin, "Reader").id, values=taken))
    answer = writer.post("/rest/books", {"title": "Persuasion"})
    assert (answer.status, answer.body["code"]) == (403, "PERMISSION_DENIED")
    assert stored_titles(acme) == ["Emma"]


def test_what_is_refused_first_is_not_told_to_a_key_that_ended(
    writer: Api, admin: Principal, key: ApiKey, book: UUID
) -> None:
    revoke(admin, key)
    for answer in (
        writer.post("/rest/books", {"nothing": 1}),
        writer.patch(f"/rest/books/{UUID(int=7)}", {"title": "x"}),
        writer.post("/rest/books", {"id": str(book), "title": "x"}),
    ):
        assert (answer.status, answer.body["messages"]) == (403, [REFUSED])


def stored_titles(workspace: Workspace) -> list[str]:
    """The titles of the live books, whoever asks."""
    subject = ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular="book")
    title = FieldMetadata.objects.get(object=subject, name="title").storage_key
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT data->>%s FROM "{workspace.database_schema}"."o_{subject.id.hex}" WHERE deleted_at IS NULL',
            [title],
        )
        return sorted(title for (title,) in cursor.fetchall())


def test_nothing_waits_after_a_request(api: Api) -> None:
    api.get("/rest/books")
    api.graphql(LIST)
    assert confirming.waiting() is None
