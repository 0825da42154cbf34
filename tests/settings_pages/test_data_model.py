"""Settings → Data model: an admin makes objects, fields, relations and indexes, and the APIs have them at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apikeys.activity import requests
from apikeys.models import Member
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from metadata.fieldtypes.registry import field_types
from metadata.models import FieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, api_of, principal_of, workspace_with
from tests.settings_pages.conftest import add_member

MODEL = "/settings/data-model"
BOOK = f"{MODEL}/objects/book"


def text_of(browser: Client, path: str, status: int = 200) -> str:
    response = browser.get(path)
    assert response.status_code == status, response.content
    return response.content.decode()


def sent(browser: Client, path: str, data: dict[str, Any], status: int = 302) -> str:
    """Where a form leads to, or the page that refuses it."""
    response = browser.post(path, data)
    assert response.status_code == status, response.content.decode()
    return response["Location"] if status == 302 else response.content.decode()


@pytest.fixture
def api(acme: Workspace) -> Api:
    return api_of(acme)


def named(acme: Workspace, name: str) -> FieldMetadata:
    return FieldMetadata.objects.get(workspace_id=acme.id, object__name_singular="book", name=name)


# Objects ---------------------------------------------------------------------------------------------


def test_the_list_counts_fields_and_records(browser: Client, acme: Workspace, api: Api) -> None:
    api.post("/rest/batch/books", [{"name": f"B{number}"} for number in range(3)])
    page = text_of(browser, MODEL)
    count = FieldMetadata.objects.filter(object__name_singular="book", workspace_id=acme.id, is_active=True).count()
    assert f'<td data-label="Fields">{count}</td>\n          <td data-label="Records">3</td>' in page
    assert '<a href="/settings/data-model/objects/book">Books</a>' in page


def test_the_list_is_searched(browser: Client) -> None:
    assert "objects/book" in text_of(browser, f"{MODEL}?q=BOOK")
    page = text_of(browser, f"{MODEL}?q=zebra")
    assert "No object is called “zebra”" in page and "objects/book" not in page


def test_an_object_gets_its_names_from_its_labels_and_stands_in_the_apis(browser: Client, api: Api) -> None:
    where = sent(browser, f"{MODEL}/new", {"label_singular": "Sales invoice", "label_plural": "Sales invoices"})
    assert where == f"{MODEL}/objects/salesInvoice"
    assert api.post("/rest/salesInvoices", {"name": "I-1"}).status == 201
    page = text_of(browser, where)
    assert "/rest/salesInvoices" in page and "are made, and in all four APIs already" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label_singular": "Book", "label_plural": "Books"}, "Object already exists."),
        ({"label_singular": " ", "label_plural": "Things"}, "This field is required."),
        ({"label_singular": "Thing", "label_plural": "Things", "name_singular": "2x"}, "Name is not valid"),
        ({"label_singular": "日本", "label_plural": "日本"}, "No name can be made from this label"),
        ({"label_singular": "Thing", "label_plural": "Things", "colour": "red"}, "has no member"),
    ],
)
def test_an_object_that_cannot_be_made_is_refused_on_the_form(
    browser: Client, acme: Workspace, given: dict[str, str], said: str
) -> None:
    before = ObjectMetadata.objects.filter(workspace_id=acme.id).count()
    page = sent(browser, f"{MODEL}/new", given, 422)
    assert said in page and "<title>Error: New object" in page
    assert ObjectMetadata.objects.filter(workspace_id=acme.id).count() == before


def test_an_object_is_renamed(browser: Client, api: Api) -> None:
    given = {"label_singular": "Tome", "label_plural": "Tomes", "name_singular": "tome", "name_plural": "tomes"}
    asked = sent(browser, f"{BOOK}/edit", given, status=200)
    assert "<code>/rest/books</code> → <code>/rest/tomes</code>" in asked
    assert "<code>createBook</code> → <code>createTome</code>" in asked
    assert "<code>BookConnection</code> → <code>TomeConnection</code>" in asked
    assert api.get("/rest/books").status == 200
    assert sent(browser, f"{BOOK}/edit", {**given, "sure": "1"}) == f"{MODEL}/objects/tome"
    assert (api.get("/rest/tomes").status, api.get("/rest/books").status) == (200, 400)


def test_an_object_is_switched_off_and_on(browser: Client, api: Api) -> None:
    sent(browser, f"{BOOK}/switch", {"is_active": "false", "sure": "1"})
    assert api.get("/rest/books").status == 400
    assert "Switch on" in text_of(browser, BOOK)
    sent(browser, f"{BOOK}/switch", {"is_active": "true"})
    assert api.get("/rest/books").status == 200


def test_an_object_is_deleted_when_its_name_is_typed(browser: Client, acme: Workspace, api: Api) -> None:
    api.post("/rest/books", {"name": "B"})
    page = text_of(browser, f"{BOOK}/delete")
    assert "1 record goes with it, for good." in page and "/rest/books" in page
    refused = sent(browser, f"{BOOK}/delete", {"confirmation": "boo"}, 422)
    assert "Nothing was deleted." in refused and api.get("/rest/books").body["totalCount"] == 1
    assert sent(browser, f"{BOOK}/delete", {"confirmation": "book"}) == MODEL
    assert not ObjectMetadata.objects.filter(workspace_id=acme.id, name_singular="book").exists()


def test_a_system_object_is_not_deleted(browser: Client, acme: Workspace) -> None:
    path = f"{MODEL}/objects/workspaceMember/delete"
    asked = browser.get(path, follow=True)
    assert asked.redirect_chain == [(f"{MODEL}/objects/workspaceMember", 302)]
    assert "System objects cannot be deleted." in asked.content.decode()
    page = sent(browser, path, {"confirmation": "workspaceMember"}, 422)
    assert "System objects cannot be deleted." in page
    assert ObjectMetadata.objects.filter(workspace_id=acme.id, name_singular="workspaceMember").exists()


# Fields ----------------------------------------------------------------------------------------------


def test_every_type_is_offered_with_an_example(browser: Client) -> None:
    page = text_of(browser, f"{BOOK}/fields/new")
    offered = [each for each in field_types() if each.creation_refusal is None]
    for each in offered:
        assert f'href="?type={each.name}">{each.label}</a>' in page
    assert page.count("?type=") == len(offered)
    assert "`" not in page and "dataType" not in page  # words of programs
    assert "…</code></td>" in page  # an example that is cut says so


@pytest.mark.parametrize("name", [each.name for each in field_types() if each.creation_refusal is None])
def test_a_field_of_every_type_is_made(browser: Client, acme: Workspace, api: Api, name: str) -> None:
    data: dict[str, Any] = {
        "label": "New one",
        "option_id": ["", ""], "option_label": ["In progress", "Done"], "option_value": ["", "FINISHED"],
        "option_color": ["red", ""], "option_order": ["2", "1"],
        "target": "workspaceMember", "kind": "MANY_TO_ONE", "other_label": "Borrowed", "on_delete": "RESTRICT",
        "dataType": "int", "maxNumberOfValues": "3",
    }  # fmt: skip
    form = text_of(browser, f"{BOOK}/fields/new?type={name}")
    given = {key: value for key, value in data.items() if f'name="{key}"' in form}
    assert sent(browser, f"{BOOK}/fields/new?type={name}", given) == BOOK
    made = FieldMetadata.objects.filter(workspace_id=acme.id, object__name_singular="book", label="New one").get()
    assert made.type == name
    if "option_label" in given:
        assert [(each["label"], each["value"]) for each in made.options] == [
            ("Done", "FINISHED"),
            ("In progress", "IN_PROGRESS"),
        ]
    assert api.get("/rest/books").status == 200
    assert "New one" in text_of(browser, f"{BOOK}/fields/{made.name}")


def test_what_a_type_lets_choose_is_kept(browser: Client, acme: Workspace) -> None:
    sent(browser, f"{BOOK}/fields/new?type=NUMBER", {"label": "Pages", "dataType": "int", "default": "12"})
    made = named(acme, "pages")
    assert (made.settings["dataType"], made.default_value) == ("int", 12)


def test_a_relation_says_its_other_side_and_its_rule(browser: Client, acme: Workspace) -> None:
    given = {
        "label": "Reader",
        "target": "workspaceMember",
        "kind": "MANY_TO_ONE",
        "other_label": "Borrowed books",
        "on_delete": "CASCADE",
    }
    sent(browser, f"{BOOK}/fields/new?type=RELATION", given)
    made = named(acme, "reader")
    assert (made.on_delete, made.join_name, made.relation_target_field.name) == ("CASCADE", "readerId", "borrowedBooks")
    page = text_of(browser, BOOK)
    assert "One of <a" in page and "(Borrowed books there)" in page


@pytest.mark.parametrize(
    ("type_", "given", "said"),
    [
        ("TEXT", {"label": "Title", "name": "title"}, "already used by another field"),
        ("TEXT", {"label": ""}, "This field is required."),
        ("NUMBER", {"label": "Pages", "default": "many"}, "Invalid number value"),
        ("SELECT", {"label": "State"}, "Options are required for enum fields."),
        ("RELATION", {"label": "R", "kind": "MANY_TO_ONE", "other_label": "x", "on_delete": "CASCADE"}, "is required"),
        ("TEXT", {"label": "X", "is_system": "on"}, "has no member"),
    ],
)
def test_a_field_that_cannot_be_made_is_refused_on_the_form(
    browser: Client, acme: Workspace, type_: str, given: dict[str, str], said: str
) -> None:
    before = FieldMetadata.objects.filter(workspace_id=acme.id).count()
    page = sent(browser, f"{BOOK}/fields/new?type={type_}", given, 422)
    assert said in page and "<title>Error: " in page
    assert FieldMetadata.objects.filter(workspace_id=acme.id).count() == before


def test_options_are_renamed_reordered_and_removed(browser: Client, acme: Workspace, api: Api) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    options = [{"label": label, "value": label.upper(), "position": place} for place, label in enumerate("abc")]
    field = add_field(acme, book, "SELECT", "shape", options=options)
    ids = [each["id"] for each in sorted(field.options, key=lambda each: each["position"])]
    api.post("/rest/batch/books", [{"name": value, "shape": value} for value in "ABC"])
    sent(
        browser,
        f"{BOOK}/fields/shape",
        {
            "label": "Shape", "name": "shape", "default": "", "description": "",
            "option_id": ids, "option_label": ["a", "", "Sea"], "option_value": ["A", "B", "SEA"],
            "option_color": ["red", "red", "sky"], "option_order": ["3", "2", "1"],
        },
    )  # fmt: skip
    stored = named(acme, "shape").options
    assert [(each["id"], each["value"]) for each in sorted(stored, key=lambda each: each["position"])] == [
        (ids[2], "SEA"),
        (ids[0], "A"),
    ]
    found = api.get("/rest/books?order_by=name").body["data"]["books"]
    assert [each["shape"] for each in found] == ["A", None, "SEA"]


def test_uniqueness_names_the_values_in_its_way(browser: Client, acme: Workspace, api: Api) -> None:
    api.post("/rest/batch/books", [{"title": "Dune"}, {"title": "Dune"}])
    given = {"label": "Title", "name": "title", "unique": "on", "default": "", "description": ""}
    page = sent(browser, f"{BOOK}/fields/title", given, 422)
    assert "Dune" in page and not named(acme, "title").is_unique


def test_saving_a_field_as_it_is_changes_nothing(browser: Client, acme: Workspace) -> None:
    version = Workspace.objects.get(id=acme.id).schema_version
    before = FieldMetadata.objects.filter(workspace_id=acme.id, name="title").values().get()
    sent(browser, f"{BOOK}/fields/title", {"label": "Title", "name": "title", "default": "", "description": ""})
    after = FieldMetadata.objects.filter(workspace_id=acme.id, name="title").values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert Workspace.objects.get(id=acme.id).schema_version >= version


def test_a_type_is_tried_before_it_is_changed(browser: Client, acme: Workspace, api: Api) -> None:
    ids = [
        each["id"]
        for each in api.post("/rest/batch/books", [{"title": "12"}, {"title": "x"}]).body["data"]["createBooks"]
    ]
    page = sent(browser, f"{BOOK}/fields/title/type", {"type": "NUMBER"}, 200)
    assert "1 stored value fits the new type; 1 does not" in page and ids[1] in page and "Change the type" not in page
    api.patch(f"/rest/books/{ids[1]}", {"title": "13"})
    page = sent(browser, f"{BOOK}/fields/title/type", {"type": "NUMBER"}, 200)
    assert "2 stored values fit the new type." in page and named(acme, "title").type == "TEXT"
    sent(browser, f"{BOOK}/fields/title/type", {"type": "NUMBER", "sure": "1"})
    assert named(acme, "title").type == "NUMBER"
    assert sorted(each["title"] for each in api.get("/rest/books").body["data"]["books"]) == [12, 13]


def test_a_field_is_switched_off_and_on(browser: Client, api: Api) -> None:
    sent(browser, f"{BOOK}/fields/title/switch", {"is_active": "false", "sure": "1"})
    assert api.post("/rest/books", {"title": "x"}).status == 400
    sent(browser, f"{BOOK}/fields/title/switch", {"is_active": "true"})
    assert api.post("/rest/books", {"title": "x"}).status == 201


def test_a_field_is_deleted_when_its_name_is_typed(browser: Client, acme: Workspace) -> None:
    assert "Nothing was deleted." in sent(browser, f"{BOOK}/fields/title/delete", {"confirmation": "Title"}, 422)
    assert named(acme, "title")
    assert sent(browser, f"{BOOK}/fields/title/delete", {"confirmation": "title"}) == BOOK
    assert not FieldMetadata.objects.filter(workspace_id=acme.id, object__name_singular="book", name="title").exists()


# Indexes ---------------------------------------------------------------------------------------------


def test_an_index_is_made_and_deleted(browser: Client, acme: Workspace) -> None:
    sent(browser, f"{BOOK}/indexes", {"path": ["title", "createdAt"]})
    index = IndexMetadata.objects.get(workspace_id=acme.id, object__name_singular="book", is_custom=True)
    assert "title, createdAt" in text_of(browser, BOOK)
    again = sent(browser, f"{BOOK}/indexes", {"path": ["title", "createdAt"]}, 422)
    assert "An index on the same fields already exists" in again
    sent(browser, f"{BOOK}/indexes/{index.id}/delete", {})
    assert not IndexMetadata.objects.filter(id=index.id).exists()


# Who and where ---------------------------------------------------------------------------------------

PATHS = ["", "/new", "/file", *(f"/objects/book{rest}" for rest in ("", "/edit", "/delete", "/fields/new"))]


@pytest.mark.parametrize("path", [*PATHS, "/objects/book/fields/title", "/objects/book/fields/title/type"])
def test_without_the_right_no_page_opens(acme: Workspace, browser_of: Callable[[Member], Client], path: str) -> None:
    stranger = browser_of(add_member(acme, "bob@example.com", "Member"))
    page = text_of(stranger, MODEL + path, 403)
    assert "the right to change the data model" in page and "DATA_MODEL" not in page


def test_who_may_not_read_records_is_not_told_how_many_there_are(
    acme: Workspace, api: Api, browser_of: Callable[[Member], Client]
) -> None:
    api.post("/rest/batch/books", [{"name": f"B{number}"} for number in range(3)])
    role = role_create(principal_of(acme), values={"label": "Modeller"})
    permission_flags_upsert(principal_of(acme), role_id=role.id, flags=["DATA_MODEL"])
    modeller = browser_of(add_member(acme, "mo@example.com", "Modeller"))
    page = text_of(modeller, f"{MODEL}?q=books")
    assert '<td data-label="Records">–</td>' in page and '<td data-label="Records">3</td>' not in page
    assert "Its records, which your role does not show you, go with it" in text_of(modeller, f"{BOOK}/delete")


def test_another_workspaces_objects_are_not_found(browser: Client, acme: Workspace) -> None:
    other = workspace_with([{"nameSingular": "vault", "namePlural": "vaults"}], name="Other")
    for path in ("", "/edit", "/delete", "/fields/new", "/fields/name"):
        text_of(browser, f"{MODEL}/objects/vault{path}", 404)
    index = IndexMetadata.objects.filter(workspace_id=other.id).first()
    assert index is not None
    sent(browser, f"{BOOK}/indexes/{index.id}/delete", {})
    sent(browser, f"{MODEL}/objects/vault/delete", {"confirmation": "vault"}, 404)
    assert ObjectMetadata.objects.filter(workspace_id=other.id, name_singular="vault").exists()
    assert IndexMetadata.objects.filter(id=index.id).exists()


def test_the_model_is_downloaded_as_its_file(browser: Client) -> None:
    response = browser.get(f"{MODEL}/file")
    assert response["Content-Type"] == "application/yaml" and b"nameSingular: book" in response.content


# What changes in the APIs, and the model as a file -----------------------------------------------------


def test_who_uses_an_object_is_told_before_it_goes(browser: Client, acme: Workspace, api: Api) -> None:
    requests._Log.buffer = None  # what other tests of this process asked leaves no room
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/all", "operations": ["*.*"]})
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/other", "operations": ["book.created"]})
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/no", "operations": ["metadata.*.*"]})
    api.get("/rest/books")
    requests.flush()
    page = text_of(browser, f"{BOOK}/delete")
    assert "<code>/rest/books</code>" in page and "<code>createBook</code>" in page
    assert "2 webhooks listen to it and will hear of it no more" in page
    assert "https://example.com/all" in page and "https://example.com/no" not in page
    assert "1 API key called for it in the last 7 days and will be refused" in page


def test_an_object_that_nobody_uses_says_so(browser: Client) -> None:
    page = text_of(browser, f"{BOOK}/delete")
    assert "No webhook listens to it." in page and "No API key called for it in the last 7 days." in page


@pytest.fixture
def author(acme: Workspace) -> FieldMetadata:
    """A relation from books to people of their own, which are called authors there."""
    person = add_object(acme, "writer", "writers")
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": str(person.id), "targetFieldLabel": "Works"}
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    return add_field(acme, book, "RELATION", "author", relationCreationPayload=payload)


def test_what_a_field_is_in_the_apis_is_told_before_it_goes(browser: Client, acme: Workspace, api: Api) -> None:
    requests._Log.buffer = None
    title = named(acme, "title")
    api.patch(f"/rest/metadata/fields/{title.id}", {"isUnique": True})
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/all", "operations": ["*.*"]})
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/no", "operations": ["metadata.*.*"]})
    api.get("/rest/books")
    requests.flush()
    page = text_of(browser, f"{BOOK}/fields/title/delete")
    assert "1 name in records, filters, orders and what webhooks send ends" in page
    assert "<code>title</code></li>" in page and "<code>countEmptyTitle</code>" in page
    assert re.search(r"1 webhook sends it\s+no more: <a [^>]*>https://example.com/all</a>", page)
    assert "example.com/no" not in page
    assert "1 API key called for these records in the last 7 days; a call that names the field will be refused" in page
    assert "1 view shows, filters or sorts by it, and goes on without: All Books." in page
    assert "Records are no longer matched by title when they are created or updated in one call." in page
    assert "found by searching" not in page


def test_of_a_relation_that_goes_both_sides_are_told(browser: Client, acme: Workspace, author: FieldMetadata) -> None:
    page = text_of(browser, f"{BOOK}/fields/author/delete")
    assert "<h3>Books <code>/rest/books</code></h3>" in page and "<h3>Writers <code>/rest/writers</code></h3>" in page
    for name in ("author", "authorId", "works"):
        assert f"<li><code>{name}</code></li>" in page
    page = text_of(browser, f"{MODEL}/objects/writer/fields/works/delete")
    assert "<li><code>authorId</code></li>" in page and "<li><code>works</code></li>" in page


def test_a_field_gets_another_api_name_once_what_changes_was_read(
    browser: Client, acme: Workspace, author: FieldMetadata, api: Api
) -> None:
    values = {"label": "Author", "description": "", "name": "penName"}
    page = sent(browser, f"{BOOK}/fields/author", values, status=200)
    assert "<code>author</code> → <code>penName</code>" in page
    assert "<code>authorId</code> → <code>penNameId</code>" in page and "<li><code>works</code>" not in page
    assert named(acme, "author").join_name == "authorId"
    assert sent(browser, f"{BOOK}/fields/author", {**values, "sure": "1"}) == f"{BOOK}/fields/penName"
    made = api.post("/rest/books", {"penNameId": None}).body["data"]["createBook"]
    assert "penNameId" in made and "authorId" not in made


def test_what_is_switched_off_is_asked_for_twice(browser: Client, acme: Workspace, api: Api) -> None:
    """Of an object and of a field; what the question says ends is what ends."""
    page = sent(browser, f"{BOOK}/fields/title/switch", {"is_active": "false"}, status=200)
    assert "Switch off Title?" in page and "<li><code>title</code></li>" in page
    assert "title" in api.post("/rest/books", {"title": "Emma"}).body["data"]["createBook"]
    page = sent(browser, f"{BOOK}/switch", {"is_active": "false"}, status=200)
    assert "Switch off Books?" in page and "<code>/rest/books</code>" in page
    assert api.get("/rest/books").status == 200
    sent(browser, f"{BOOK}/fields/title/switch", {"is_active": "false", "sure": "1"})
    assert "title" not in api.get("/rest/books").body["data"]["books"][0]
    assert "It is in no API now." in text_of(browser, f"{BOOK}/fields/title/delete")
    assert "title" in sent(browser, f"{BOOK}/fields/title/switch", {"is_active": "true"})


PLAN = f"{MODEL}/plan"
_PLAN_FORM = re.compile(r'name="plan" value="([0-9a-f]{64})"')


def exported(browser: Client, **changed: str) -> str:
    text = text_of(browser, f"{MODEL}/file")
    for old, new in changed.items():
        text = text.replace(old, new)
    return text


def test_a_file_is_planned_then_applied(browser: Client, acme: Workspace, api: Api) -> None:
    text = exported(browser) + LOAN
    page = sent(browser, PLAN, {"text": text}, status=200)
    assert "create <code>object loan</code>" in page and "create <code>field loan.until</code>" in page
    assert "None of them loses a value." in page
    assert api.get("/rest/loans").status == 400
    [digest] = _PLAN_FORM.findall(page)
    assert sent(browser, PLAN, {"text": text, "plan": digest, "sure": "on"}) == MODEL
    assert api.post("/rest/loans", {"until": "2026-12-24"}).status == 201
    assert "Nothing to do" in sent(browser, PLAN, {"text": text}, status=200)


LOAN = """- nameSingular: loan
  namePlural: loans
  labelSingular: Loan
  labelPlural: Loans
  fields:
  - {name: name, type: TEXT, label: Name}
  - {name: until, type: DATE, label: Until}
"""


def test_a_file_is_taken_as_a_file_too(browser: Client) -> None:
    file = SimpleUploadedFile("model.yaml", (exported(browser) + LOAN).encode())
    assert "create <code>object loan</code>" in sent(browser, PLAN, {"file": file}, status=200)


def test_steps_that_lose_values_are_agreed_to_first(browser: Client, acme: Workspace, api: Api) -> None:
    api.post("/rest/books", {"title": "Emma"})
    text = exported(browser, title="heading")
    page = sent(browser, PLAN, {"text": text}, status=200)
    assert "delete <code>field book.title</code>" in page and "1 of them loses values for good." in page
    [digest] = _PLAN_FORM.findall(page)
    sure = {"text": text, "plan": digest, "sure": "on"}
    assert "Nothing was done: agree to that first." in sent(browser, PLAN, sure, status=422)
    assert api.get("/rest/books").body["data"]["books"][0]["title"] == "Emma"
    assert sent(browser, PLAN, {**sure, "destructive": "on"}) == MODEL
    assert "title" not in api.get("/rest/books").body["data"]["books"][0]


def test_a_plan_that_is_old_is_not_run(browser: Client, acme: Workspace, api: Api) -> None:
    text = exported(browser) + LOAN
    [digest] = _PLAN_FORM.findall(sent(browser, PLAN, {"text": text}, status=200))
    add_field(acme, ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book"), "TEXT", "shelf")
    page = sent(browser, PLAN, {"text": text, "plan": digest, "sure": "on"}, status=422)
    assert "changed since the plan was shown" in page and "delete <code>field book.shelf</code>" in page
    assert api.get("/rest/loans").status == 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Choose a file, or paste its text."),
        ("objects: [", "The data model cannot be read"),
        ("version: 1\nobjects: [{nameSingular: x}]", "namePlural should not be empty"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(browser: Client, text: str, said: str) -> None:
    page = sent(browser, PLAN, {"text": text}, status=422)
    assert said in page and "<title>Error: " in page
