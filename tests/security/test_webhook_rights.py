"""Every route, root field and page of webhooks and deliveries, asked in every kind of access: exact answers.

A cell is one request by one kind of access. What is refused changes nothing; what is allowed is done and
taken back again, so that each cell meets the same webhook. No body, header or line of the log holds a mark (`marks`) of
what that kind of access may not see.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver
from django.utils import timezone

from apikeys.models import ApiKey
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with
from tests.security.marks import everything, hidden, logged, told
from tests.security.scene import Reply
from tests.security.webhook_scene import HOOK, READS_ALL, Scene, make_role, make_scene
from tests.settings_pages.test_webhooks import signed_in
from tests.webhooks.conftest import loopback_allowed
from webhooks import graphql, rest, urls
from webhooks.models import Attempt, Delivery, Webhook, WebhookAct

__all__ = ["loopback_allowed"]  # a fixture
pytestmark = pytest.mark.django_db

SINCE = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Act:
    """`allowed` is the status of an answer to somebody who may; `writes`: refused to those below the webhook's role."""

    method: str
    path: str
    allowed: int
    body: Any = None
    writes: bool = False
    is_own: bool = False  # makes something of the caller's own, whoever else's webhooks there are
    is_list: bool = False
    of: str = "Webhook"


REST = [
    Act("GET", "/rest/metadata/webhooks", 200, is_list=True),
    Act("POST", "/rest/metadata/webhooks", 201, {"targetUrl": HOOK}, is_own=True),
    Act("GET", "/rest/metadata/webhooks/{webhook}", 200),
    Act("PATCH", "/rest/metadata/webhooks/{webhook}", 200, {"description": "taken"}, writes=True),
    Act("DELETE", "/rest/metadata/webhooks/{webhook}", 200, writes=True),
    Act("GET", "/rest/metadata/webhooks/{webhook}/deliveries", 200),
    Act("POST", "/rest/metadata/webhooks/{webhook}/recover", 202, {"since": SINCE}, writes=True),
    Act("POST", "/rest/metadata/webhooks/{webhook}/test", 200, {"object": "rocket", "action": "created"}, writes=True),
    Act("POST", "/rest/metadata/webhooks/{webhook}/rotateSecret", 200, {"overlapHours": 0}, writes=True),
    Act("POST", "/rest/metadata/webhooks/{webhook}/revealSecret", 200, writes=True),
    Act("GET", "/rest/metadata/webhooks/{webhook}/acts", 200),
    Act("GET", "/rest/metadata/webhookDeliveries/{delivery}", 200, of="Delivery"),
    Act("POST", "/rest/metadata/webhookDeliveries/{delivery}/redeliver", 202, writes=True, of="Delivery"),
    Act("GET", "/rest/webhooks", 200, is_list=True),
    Act("POST", "/rest/webhooks", 201, {"targetUrl": HOOK}, is_own=True),
    Act("GET", "/rest/webhooks/{webhook}", 200),
    Act("PATCH", "/rest/webhooks/{webhook}", 200, {"description": "taken"}, writes=True),
    Act("DELETE", "/rest/webhooks/{webhook}", 200, writes=True),
]

CREATE = f'{{targetUrl: "{HOOK}", operations: ["*.*"]}}'


def gql(kind: str, name: str, arguments: str = "", **more: Any) -> Act:
    """Asked for everything that it answers."""
    return Act(kind, name + (f"({arguments})" if arguments else "") + everything(name, kind), 200, **more)


GRAPHQL = [
    gql("query", "webhooks", is_list=True),
    gql("query", "webhook", 'id: "{webhook}"'),
    gql("query", "webhookDeliveries", 'webhookId: "{webhook}"'),
    gql("query", "webhookDelivery", 'id: "{delivery}"', of="Delivery"),
    gql("query", "webhookActs", 'webhookId: "{webhook}"'),
    gql("mutation", "createWebhook", f"input: {CREATE}", is_own=True),
    gql("mutation", "updateWebhook", 'input: {id: "{webhook}", description: "taken"}', writes=True),
    gql("mutation", "deleteWebhook", 'id: "{webhook}"', writes=True),
    gql("mutation", "deleteWebhookFlag", 'id: "{webhook}"', writes=True),
    gql("mutation", "redeliverWebhook", 'deliveryId: "{delivery}"', writes=True, of="Delivery"),
    gql("mutation", "recoverWebhook", f'id: "{{webhook}}", since: "{SINCE}"', writes=True),
    gql("mutation", "testWebhook", 'id: "{webhook}", object: "rocket", action: "created"', writes=True),
    gql("mutation", "rotateWebhookSecret", 'id: "{webhook}", overlapHours: 0', writes=True),
    gql("mutation", "revealWebhookSecret", 'id: "{webhook}"', writes=True),
]

HOME = "/settings/api-webhooks/webhooks"
FORM = {"target_url": HOOK, "object": ["rocket"], "action": ["created"], "sure": "1"}  # nobody listens there
ONE = HOME + "/{webhook}"
PAGES = [
    Act("GET", HOME, 200, is_list=True),
    Act("GET", f"{HOME}/deliveries", 200, is_list=True),
    Act("GET", f"{HOME}/new", 200, is_own=True),
    Act("POST", f"{HOME}/new", 302, FORM, is_own=True),
    Act("GET", ONE, 200),
    Act("GET", f"{ONE}/edit", 200, writes=True),
    Act("POST", f"{ONE}/edit", 302, FORM, writes=True),
    Act("GET", f"{ONE}/secret", 302, writes=True),
    Act("POST", f"{ONE}/secret", 302, writes=True),
    Act("POST", f"{ONE}/rotate", 302, {"hours": "0"}, writes=True),
    Act("POST", f"{ONE}/switch", 302, {"active": "0"}, writes=True),
    Act("POST", f"{ONE}/test", 302, {"object": "rocket", "action": "created"}, writes=True),
    Act("POST", f"{ONE}/recover", 302, {"days": "14"}, writes=True),
    Act("GET", f"{ONE}/delete", 200, writes=True),
    Act("POST", f"{ONE}/delete", 302, {"confirmation": "delete"}, writes=True),
    Act("GET", f"{ONE}/deliveries/{{delivery}}", 200),
    Act("POST", f"{ONE}/deliveries/{{delivery}}/redeliver", 302, writes=True),
]

Answer = tuple[int, str | None, str | None]  # status, code, first message

TOKEN_REFUSALS: dict[str, Answer] = {
    "no key": (403, "FORBIDDEN_EXCEPTION", "Missing authentication token"),
    "expired": (403, "FORBIDDEN_EXCEPTION", "This API Key is expired"),
    "revoked": (403, "FORBIDDEN_EXCEPTION", "This API Key is revoked"),
    "paused": (403, "FORBIDDEN_EXCEPTION", "This API Key is paused"),
}
DENIED = "Entity performing the request does not have permission"
MEMBERS = {"other workspace", "no flag", "below the role", "same role", "admin"}
KINDS = [*TOKEN_REFUSALS, *sorted(MEMBERS)]


DESCRIPTION, MOTTO, FUEL, TOKEN = "zqabout", "zqup", "zqkerosene", "zqtoken"
ALL_OF_IT, SOME_OF_IT = ("same role", "admin"), ("same role", "admin", "below the role")


def secrets(kind: str, act: Act, secret: str) -> list[str]:
    """What this kind of access must not find in the answer: who is below the webhook's role is not told its address,
    its secret and what that role reads; who makes one of their own is told of no other."""
    told_to = {DESCRIPTION: SOME_OF_IT, MOTTO: SOME_OF_IT, FUEL: ALL_OF_IT, TOKEN: ALL_OF_IT, secret: ALL_OF_IT}
    if act in PAGES:
        told_to[secret] = ()  # a page shows it once it is asked for, not for being there
    return hidden({mark: (kind,) for mark, kinds in told_to.items() if act.is_own or kind not in kinds}, ())


def expected(kind: str, act: Act) -> tuple[int, str | None, str | None, str | None]:
    """(status, code, message, missing right) of a REST answer."""
    if kind in TOKEN_REFUSALS:
        return (*TOKEN_REFUSALS[kind], None)
    if kind == "no flag":
        return 403, "PERMISSION_DENIED", DENIED, "API_KEYS_AND_WEBHOOKS"
    if kind == "other workspace" and not act.is_own and not act.is_list:
        if act.method == "GET" and act.path.endswith("webhooks/{webhook}"):
            return 200, None, None, None  # an unknown webhook is null
        return 404, "NOT_FOUND", f"{act.of} not found", None
    if kind == "below the role" and act.writes:
        return 403, "PERMISSION_DENIED", DENIED, "canUpdateAllSettings"
    return act.allowed, None, None, None


@pytest.fixture
def scene(db: None) -> Scene:
    scene = make_scene()
    make_role(scene.workspace, "Flagless", [], **READS_ALL)
    return scene


@pytest.fixture
def target(scene: Scene) -> Callable[[str], dict[str, str]]:
    """Ids of a webhook, by what the kind of access is to it, and of its failed delivery."""

    def make(kind: str) -> dict[str, str]:
        described = {"targetUrl": f"{HOOK}/{TOKEN}", "description": DESCRIPTION}
        hook = scene.webhook(scene.plain if kind == "same role" else scene.admin, **described)
        made = scene.admin.post("/rest/rockets", {"motto": MOTTO, "fuel": FUEL})
        assert made.status == 201
        Delivery.objects.update(status="failed")
        return {"webhook": hook["id"], "delivery": str(Delivery.objects.get().id), "secret": hook["secret"]}

    return make


def caller(scene: Scene, kind: str) -> Api:
    match kind:
        case "no key":
            return Api(None)
        case "other workspace":
            return api_of(workspace_with(name="Other"))
        case "no flag":
            return api_of(scene.workspace, role="Flagless")
        case "below the role":
            return scene.hooks
        case "same role":
            return scene.plain
        case "admin":
            return scene.admin
    api = api_of(scene.workspace, name=kind)
    past = timezone.now() - timedelta(days=1)
    changed = {"expired": {"expires_at": past}, "revoked": {"revoked_at": past}, "paused": {"enabled": False}}[kind]
    ApiKey.objects.filter(name=kind).update(**changed)
    return api


def sent(api: Api, method: str, path: str, body: Any = None) -> Any:
    """The response to what a client with the token sends."""
    headers = {} if api.token is None else {"Authorization": f"Bearer {api.token}"}
    content = "" if body is None else json.dumps(body)
    return api.client.generic(method, path, content, "application/json", headers=headers)


def state(workspace: Workspace) -> list[Any]:
    """Everything of the workspace's webhooks that a request could change."""
    rows = [
        list(model.objects.filter(workspace_id=workspace.id).order_by("id").values())
        for model in (Webhook, Delivery, WebhookAct)
    ]
    return [*rows, list(Attempt.objects.order_by("id").values())]


def filled(text: str, ids: dict[str, str]) -> str:
    for name in ("webhook", "delivery"):
        text = text.replace("{" + name + "}", ids[name])
    return text


def in_cell(scene: Scene, kind: str, act: Act, secret: str, ask: Callable[[], Any]) -> Reply:
    """What `ask` is answered; it is taken back, has changed nothing unless the access may, and told nothing hidden."""
    before = state(scene.workspace)
    with transaction.atomic(), logged() as log:
        reply = Reply.of(ask())
        after = state(scene.workspace)
        transaction.set_rollback(True)
    may = kind in ("same role", "admin") or (kind == "below the role" and act.is_own)
    if not may or not (act.writes or act.is_own):
        assert after == before, (kind, act)
    assert not told(reply, secrets(kind, act, secret), b""), (act, reply)
    assert log.lines and not log.holding([DESCRIPTION, MOTTO, FUEL, TOKEN, secret]), act
    return reply


@pytest.mark.parametrize("kind", KINDS)
def test_rest(scene: Scene, target: Callable[[str], dict[str, str]], kind: str) -> None:
    ids, api = target(kind), caller(scene, kind)
    for act in REST:
        path = filled(act.path, ids)
        answer = in_cell(
            scene, kind, act, ids["secret"], lambda act=act, path=path: sent(api, act.method, path, act.body)
        )
        body = answer.json if b'"messages"' in answer.body else {}
        got = (
            answer.status,
            body.get("error" if kind in TOKEN_REFUSALS else "code"),
            body["messages"][0] if body else None,
            body.get("permission"),
        )
        assert got == expected(kind, act), act
        if kind == "other workspace" and act.is_list:
            assert answer.json == []


GRAPHQL_CODES = {"FORBIDDEN_EXCEPTION": "FORBIDDEN", "PERMISSION_DENIED": "FORBIDDEN", "NOT_FOUND": "NOT_FOUND"}


@pytest.mark.parametrize("kind", KINDS)
def test_graphql(scene: Scene, target: Callable[[str], dict[str, str]], kind: str) -> None:
    ids, api = target(kind), caller(scene, kind)
    for act in GRAPHQL:
        document = filled(act.path, ids)
        body = {"query": f"{act.method} Ask {{ {document} }}"}
        answer = in_cell(scene, kind, act, ids["secret"], lambda body=body: sent(api, "POST", "/metadata", body))
        _, code, message, permission = expected(kind, act)
        if kind == "other workspace" and document.startswith("webhook("):
            code = message = None
        if kind == "no key":
            message = "Forbidden resource"  # an anonymous request without operationName goes as far as the guard
        assert answer.status == 200, act
        if code is None:
            assert "errors" not in answer.json, (act, answer.body)
        else:
            [error] = answer.json["errors"]
            assert not any((answer.json.get("data") or {}).values()), act
            extensions = error["extensions"]
            assert (error["message"], extensions["code"]) == (message, GRAPHQL_CODES[code]), act
            assert extensions.get("required", {}).get("permission") == permission, act


@pytest.mark.parametrize("kind", ["nobody", *sorted(MEMBERS)])
def test_pages(scene: Scene, target: Callable[[str], dict[str, str]], kind: str) -> None:
    labels = {"no flag": "Flagless", "below the role": "Hooks", "same role": "Plain", "admin": "Admin"}
    if kind == "nobody":
        browser = Client()
    elif kind == "other workspace":
        rockets = [{"nameSingular": "rocket", "namePlural": "rockets"}]
        browser = signed_in(workspace_with(rockets, name="Other"), email="eve@example.com")
    else:
        browser = signed_in(scene.workspace, role=labels[kind], email="eve@example.com")
    ids = target(kind)
    for act in PAGES:
        ask = browser.get if act.method == "GET" else browser.post
        path = filled(act.path, ids)
        answer = in_cell(scene, kind, act, ids["secret"], lambda act=act, ask=ask, path=path: ask(path, act.body or {}))
        location = answer.headers.partition("Location: ")[2].partition("\n")[0]
        if kind == "nobody":
            assert answer.status == 302 and location.startswith("/settings/login"), act
        elif kind == "no flag" or (kind == "below the role" and act.writes):
            assert answer.status == 403, act
        elif kind == "other workspace" and not act.is_own and not act.is_list:
            assert answer.status == 404, act
        else:
            assert answer.status == act.allowed, act
            assert not location.startswith("/settings/login"), act


def test_the_marks_are_seen_by_those_who_may_see_them(scene: Scene, target: Callable[[str], dict[str, str]]) -> None:
    """Else the matrix would look for what is nowhere."""
    ids = target("admin")
    marks = [DESCRIPTION, MOTTO, FUEL, TOKEN, ids["secret"]]
    browser = signed_in(scene.workspace, role="Admin", email="eve@example.com")
    over_rest = [
        Reply.of(sent(scene.admin, act.method, filled(act.path, ids)))
        for act in REST
        if act.method == "GET" or act.path.endswith("revealSecret")
    ]
    on_pages = [
        Reply.of(browser.get(filled(act.path, ids))) for act in PAGES if act.method == "GET" and act.allowed == 200
    ]
    seen = [{mark for each in replies for mark in told(each, marks, b"")} for replies in (over_rest, on_pages)]
    assert seen == [set(marks), {*marks} - {ids["secret"]}]


def test_every_route_and_root_field_is_in_the_tables() -> None:
    methods = ("get", "post", "patch", "put", "delete")
    routes = set()
    for prefix, patterns in (("/rest/metadata/", rest.urlpatterns), ("/rest/", rest.alias_urlpatterns)):
        for pattern in patterns:
            name = prefix + str(pattern.pattern).replace("<str:webhook_id>", "{webhook}")
            view = pattern.callback.cls  # type: ignore[attr-defined]
            routes |= {
                (each.upper(), name.replace("<str:delivery_id>", "{delivery}"))
                for each in methods
                if hasattr(view, each)
            }
    assert routes == {(act.method, act.path) for act in REST}

    def camel(name: str) -> str:
        first, *rest_ = name.split("_")
        return first + "".join(each.capitalize() for each in rest_)

    fields = {
        camel(name)
        for part in (graphql.Query, graphql.Mutation)
        for name in vars(part)
        if not name.startswith(("_", "resolve"))
    }
    assert fields == {act.path.partition("(")[0].partition(" ")[0] for act in GRAPHQL}

    def paths(patterns: list[URLPattern | URLResolver], prefix: str) -> set[str]:
        found: set[str] = set()
        for each in patterns:
            name = prefix + str(each.pattern)
            found |= paths(each.url_patterns, name) if isinstance(each, URLResolver) else {name}
        return found

    pages = {
        each.replace("<uuid:webhook_id>", "{webhook}").replace("<uuid:delivery_id>", "{delivery}")
        for each in paths(urls.urlpatterns, "/")
    }
    assert pages == {act.path for act in PAGES}


def test_the_number_of_cells() -> None:
    assert (len(REST), len(GRAPHQL), len(PAGES), len(KINDS), len(MEMBERS)) == (18, 14, 17, 9, 5)
    assert (len(REST) + len(GRAPHQL)) * len(KINDS) + len(PAGES) * (len(MEMBERS) + 1) == 390
