"""Docs pages, consoles, documents and navigation show what the signed-in member's role may see and do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apikeys.services.granting import permissions_of
from apikeys.services.roles import role_list
from core.docs.examples import record_examples
from core.openapi.schemas import View
from metadata.cache import current_schema
from tests.factories import principal_of
from tests.openapi.conftest import sign_in
from tests.security.scene import ALL, READ, Scene

FLAG = "API_KEYS_AND_WEBHOOKS"
PLAYGROUND = "/settings/api-webhooks/playground"


HIDDEN = ["deal.code", "deal.client"]
ROLES = {
    "Docs reader": {"rights": READ, "flags": [FLAG], "blind": ["vault"], "unreadable": HIDDEN},
    "Docs writer": {"rights": ALL, "flags": [FLAG], "locked": ["deal.code", "deal.budget"]},
    "Outside": {"rights": ALL},
}


def signed_in(scene: Scene, client: Client, label: str) -> Client:
    sign_in(client, scene.workspace, role=label)
    return client


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.content
    return response.content.decode()


@pytest.mark.django_db
def test_a_reader_is_shown_no_write(scene: Scene, client: Client) -> None:
    browser = signed_in(scene, client, "Docs reader")
    home = text(browser, "/settings/docs")
    assert "curl-list" in home
    assert "curl-create" not in home and "ault" not in home
    page = text(browser, "/settings/docs/objects/deal")
    assert "<code>deals</code>" in page and "<code>dealsGroupBy</code>" in page
    for untold in ("createDeal", "destroyDeals", "mergeDeals", 'id="body"', "method-mutation", ">code<", "clientId"):
        assert untold not in page, untold
    assert browser.get("/settings/docs/objects/vault").status_code == 404


@pytest.mark.django_db
def test_examples_of_the_consoles_follow_the_role(scene: Scene) -> None:
    def labels(label: str) -> list[str]:
        schema = current_schema(scene.workspace.id)
        role = next(each for each in role_list(principal_of(scene.workspace)) if each.label == label)
        permissions = permissions_of(role)
        readable = tuple(each for each in schema.objects if permissions.allows("read", each))
        examples = record_examples(View(schema, permissions, readable), schema.by_singular["deal"])
        whole = json.dumps([each.as_json() for each in examples])
        assert "code" not in whole and "client" not in whole and ("vault" in whole) == (label == "Admin")
        return [each.label for each in examples]

    assert labels("Docs reader") == ["List Deals", "Filter", "Relations", "Group by month"]


@pytest.mark.django_db
def test_metadata_examples_name_what_may_be_done(scene: Scene, client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("core.docs.pages.ASSETS", ())  # the console as it is with its scripts there
    console = text(signed_in(scene, client, "Docs reader"), f"{PLAYGROUND}/graphql/metadata")
    assert "Objects and their fields" in console and "webhooks { id" in console
    assert "createOneObject" not in console
    core = text(client, f"{PLAYGROUND}/graphql/core?object=deal")
    assert "List Deals" in core and "createDeal" not in core and "vault" not in core


@pytest.mark.django_db
def test_examples_hold_nothing_locked(scene: Scene, client: Client) -> None:
    browser = signed_in(scene, client, "Docs writer")
    page = text(browser, "/settings/docs/objects/deal")
    assert "<code>createDeal</code>" in page
    body = page[page.index('id="body"') :].split("</code>")[0]
    assert "memo" in body and "budget" not in body and "code&quot;" not in body


@pytest.mark.django_db
def test_documents_follow_the_role(scene: Scene, client: Client) -> None:
    for document in (
        scene.caller("Docs reader").ask("GET", "/rest/open-api/core").json,
        json.loads(text(signed_in(scene, client, "Docs reader"), "/settings/docs/openapi/core.json")),
    ):
        assert {path for path in document["paths"] if "vault" in path} == set()
        writing = {path for path, item in document["paths"].items() if item.keys() & {"post", "put", "patch", "delete"}}
        assert {path for path in writing if not path.endswith("/duplicates")} == set()  # which only reads
        schemas = document["components"]["schemas"]
        assert "DealForResponse" in schemas and "Deal" not in schemas
        shown = schemas["DealForResponse"]["properties"]
        assert not {"code", "client", "clientId"} & shown.keys() and {"budget", "vaultId"} <= shown.keys()
        assert "vault" not in shown and "deals" not in schemas["ClientForResponse"]["properties"]


@pytest.mark.django_db
def test_who_may_open_no_section_is_shown_none(scene: Scene, client: Client) -> None:
    browser = signed_in(scene, client, "Outside")
    refused = browser.get("/settings/docs")
    assert refused.status_code == 403
    page = refused.content.decode()
    assert "/settings/api-webhooks/webhooks" not in page and 'href="/settings/docs"' not in page
    other = Client()
    sign_in(other, scene.workspace, role="Docs reader", email="eve@example.org")
    assert 'href="/settings/docs"' in text(other, "/settings/docs")
