"""The docs pages and consoles: what they show, to whom, and that no token is in them."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from graphql import parse, validate

from core.docs.examples import METADATA_EXAMPLES, SEARCH, record_examples
from core.graphql.schema import build_schema
from core.openapi.schemas import View
from metadata.cache import load_schema
from metadata.graphql.schema import schema as metadata_schema
from metadata.models import Workspace
from tests.factories import api_of, key_of, principal_of, workspace_with
from tests.openapi.conftest import sign_in

PLAYGROUND = "/settings/api-webhooks/playground"
PAGES = (
    "/settings/docs",
    "/settings/docs/objects/person",
    f"{PLAYGROUND}/rest/core",
    f"{PLAYGROUND}/rest/metadata",
    f"{PLAYGROUND}/graphql/core",
    f"{PLAYGROUND}/graphql/metadata",
    "/settings/docs/openapi/core.json",
)


@pytest.fixture
def admin(workspace: Workspace, client: Client) -> Client:
    sign_in(client, workspace)
    return client


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_nobody_signed_in_is_sent_to_sign_in(db: None, client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/settings/login?next=")


@pytest.mark.parametrize("path", PAGES)
def test_a_member_without_the_right_is_refused(workspace: Workspace, client: Client, path: str) -> None:
    sign_in(client, workspace, role="Member")
    assert client.get(path).status_code == 403
    assert client.post("/settings/docs/token").status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_an_admin_reads_them(admin: Client, path: str) -> None:
    assert "eyJhbGci" not in text(admin, path)


def test_the_docs_ask_for_the_first_key(admin: Client, workspace: Workspace) -> None:
    assert "Create the first API key" in text(admin, "/settings/docs")
    key_of(workspace)
    assert "Create the first API key" not in text(admin, "/settings/docs")


def test_the_docs_show_the_four_addresses_and_a_request(admin: Client) -> None:
    page = text(admin, "/settings/docs")
    for address in ("/rest/", "/graphql", "/rest/metadata/", "/metadata"):
        assert f"<code>http://testserver{address}</code>" in page
    assert "curl &quot;http://testserver/rest/" in page
    assert 'href="/settings/docs/objects/person"' in page


def test_an_object_with_a_field_of_files_shows_how_to_upload_one(admin: Client) -> None:
    page = html.unescape(text(admin, "/settings/docs/objects/person"))
    assert 'curl "http://testserver/rest/metadata/files"' in page
    assert "-F fieldMetadataId=person.avatarFile -F file=@a-file.pdf" in page
    assert '{"avatarFile": [{"fileId": "THE_ID_ANSWERED", "label": "A file"}]}' in page
    assert "rest/metadata/files" not in text(admin, "/settings/docs/objects/company")


def test_an_objects_page_names_everything(admin: Client) -> None:
    page = text(admin, "/settings/docs/objects/person")
    for each in (
        "<code>jobTitle</code>", "<code>companyId</code>", "<code>emails.primaryEmail</code>",
        "<code>/rest/people/groupBy</code>", "<code>createPeople</code>", "<code>mergePeople</code>",
        "<code>person.destroyed</code>", 'href="/settings/docs/objects/company"',
    ):  # fmt: skip
        assert each in page, each


def test_an_unknown_object_is_not_found(admin: Client) -> None:
    assert admin.get("/settings/docs/objects/rocket").status_code == 404


def test_a_console_shows_what_can_be_called_and_no_webhooks(admin: Client) -> None:
    whole = json.loads(admin.get("/settings/docs/openapi/core.json?version=3.0&objects=company").content)
    shown = json.loads(admin.get("/settings/docs/openapi/core.json?version=3.0&objects=company&console").content)
    assert "x-webhooks" in whole and "x-webhooks" not in shown
    assert [each["name"] for each in whole["tags"]] == ["General", "Webhooks", "companies"]
    assert [each["name"] for each in shown["tags"]] == ["General", "companies"]
    assert shown["paths"].keys() == whole["paths"].keys()


def test_the_download_is_the_document_of_the_api(admin: Client, workspace: Workspace) -> None:
    response = admin.get("/settings/docs/openapi/core.json?download")
    assert response["Content-Disposition"] == 'attachment; filename="core.json"'
    assert json.loads(response.content) == api_of(workspace).get("/rest/open-api/core").body


def test_the_token_of_a_console_acts_as_the_member(admin: Client, client: Client) -> None:
    response = admin.post("/settings/docs/token")
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    token = response.json()["token"]
    made = Client().post(
        "/rest/people", b"{}", content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert made.status_code == 201
    assert made.json()["data"]["createPerson"]["createdBy"]["name"] == "Ada Byron"


def test_a_token_needs_a_post_with_the_csrf_token(workspace: Workspace) -> None:
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, workspace)
    assert strict.post("/settings/docs/token").status_code == 403
    assert strict.get("/settings/docs/token").status_code == 405


def test_consoles_load_nothing_from_elsewhere(admin: Client) -> None:
    response = admin.get(f"{PLAYGROUND}/rest/core")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "http" not in policy


def test_without_its_files_the_graphql_console_says_what_to_run(admin: Client, settings: Any, tmp_path: Path) -> None:
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]
    try:
        page = text(admin, f"{PLAYGROUND}/graphql/core")
    finally:
        finders.get_finder.cache_clear()  # type: ignore[attr-defined]
    assert "python -m config.assets" in page
    assert "graphiql.min.js" not in page


def test_every_saved_example_fits_the_schema(workspace: Workspace) -> None:
    principal = principal_of(workspace)
    schema = load_schema(workspace.id, principal.workspace.schema_version)
    graph = build_schema(schema).graphql_schema
    view = View(schema, principal.permissions, schema.objects)
    for subject in schema.objects:
        for example in record_examples(view, subject):
            assert validate(graph, parse(example.query)) == [], (subject.singular, example.label)


def test_every_saved_metadata_example_fits_the_schema() -> None:
    for example in METADATA_EXAMPLES:
        assert validate(metadata_schema().graphql_schema, parse(example.query)) == [], example.label


def test_saved_examples_run_as_they_are(workspace: Workspace) -> None:
    api = api_of(workspace)
    principal = principal_of(workspace)
    schema = load_schema(workspace.id, principal.workspace.schema_version)
    view = View(schema, principal.permissions, schema.objects)
    for name in ("person", "company", "opportunity"):
        for example in record_examples(view, schema.by_singular[name]):
            answer = api.graphql(example.query, example.variables)
            assert "errors" not in answer.body, (name, example.label, answer.body)


def test_search_is_shown_and_runs_though_introspection_leaves_it_out(workspace: Workspace, admin: Client) -> None:
    api = api_of(workspace)
    answer = api.graphql(SEARCH.query, SEARCH.variables)
    assert "errors" not in answer.body
    assert {edge["node"]["objectNameSingular"] for edge in answer.body["data"]["search"]["edges"]} <= {
        "person", "company",
    }  # fmt: skip
    names = api.data("{ __schema { queryType { fields { name } } types { name } } }")["__schema"]
    assert "search" not in {each["name"] for each in names["queryType"]["fields"]}
    assert "SearchRecord" not in {each["name"] for each in names["types"]}
    console = admin.get(f"{PLAYGROUND}/graphql/core")
    assert "Search all objects" in [each["label"] for each in console.context["examples"]]
    page = text(admin, "/settings/docs")
    assert "/rest/search?query=example.com" in page and "search(searchInput: $text" in page


def test_an_empty_workspace_has_docs(db: None, client: Client) -> None:
    sign_in(client, workspace_with())
    page = text(client, "/settings/docs")
    assert "First requests" not in page
    assert "Workspace Members" in page
    assert "GraphQL console" in text(client, f"{PLAYGROUND}/graphql/core")
