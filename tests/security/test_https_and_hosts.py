"""What SERVER_URL, ALLOWED_HOSTS and TRUSTED_PROXIES decide, and the headers that every answer has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import path

from config.http.host_names import allowed_hosts
from config.http.pages import CONTENT_SECURITY_POLICY, policy_text
from config.server import machine
from config.urls import urlpatterns as site
from tests.factories import api_of, workspace_with
from webhooks.models import Delivery

ROOT = Path(__file__).resolve().parents[2]
HOME = "/settings/api-webhooks"
POLICY = policy_text(CONTENT_SECURITY_POLICY)

# Host --------------------------------------------------------------------------------------------------


@pytest.fixture
def own_hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "crm.example"]


@pytest.mark.parametrize("host", ["crm.example", "CRM.example:8000", "localhost:1", "localhost."])
def test_a_host_of_ours_is_answered(own_hosts: None, db: Any, host: str) -> None:
    assert Client().get("/settings/login", headers={"host": host}).status_code == 200


HOSTS = ["evil.example", "crm.example.evil.example", "127.0.0.1", "crm.example@evil.example", "[::1]", "a b", "é", ""]


@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_host_is_refused_over_rest(own_hosts: None, db: Any, host: str) -> None:
    answer = Client().get("/rest/companies", headers={"host": host})
    assert answer.status_code == 400
    body = answer.json()
    del body["requestId"]
    assert body == {
        "statusCode": 400,
        "error": "BadRequestException",
        "messages": [f'This server does not answer to the host "{host}"'],
        "code": "HOST_NOT_ALLOWED",
        "hint": "If it is yours, name it in the setting ALLOWED_HOSTS or make it part of SERVER_URL.",
        "path": "Host",
    }


@pytest.mark.parametrize("url", ["/graphql", "/metadata"])
def test_a_foreign_host_is_refused_over_graphql(own_hosts: None, db: Any, url: str) -> None:
    answer = Client().post(url, {"query": "{ __typename }"}, "application/json", headers={"host": "evil.example"})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["message"] == 'This server does not answer to the host "evil.example"'
    assert "ALLOWED_HOSTS" in error["extensions"]["hint"]
    assert list(answer.json()) == ["errors"]


@pytest.mark.parametrize("url", [HOME, "/settings/login", "/admin/", "/", "/staticx"])
def test_a_foreign_host_is_refused_as_a_page(own_hosts: None, db: Any, url: str) -> None:
    answer = Client().get(url, headers={"host": "<script>.example"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "the host &quot;&lt;script&gt;.example&quot;" in html
    assert "ALLOWED_HOSTS" in html
    assert answer["Content-Security-Policy"] == POLICY


def test_a_long_host_is_not_repeated_whole(own_hosts: None, db: Any) -> None:
    answer = Client().get("/rest/companies", headers={"host": "x" * 5000})
    assert answer.json()["messages"] == [f'This server does not answer to the host "{"x" * 100}…"']


@pytest.mark.parametrize("url", ["/healthz", "/readyz", "/static/settings/settings.css"])
def test_health_and_the_style_of_the_refusal_are_answered_to_any_host(own_hosts: None, db: Any, url: str) -> None:
    assert Client().get(url, headers={"host": "10.1.2.3:8000"}).status_code == 200


def test_a_write_for_a_foreign_host_changes_nothing(own_hosts: None, db: Any) -> None:
    workspace = workspace_with(empty=False)
    api = api_of(workspace)
    before = api.get("/rest/companies", Host="localhost").body["totalCount"]
    assert api.post("/rest/companies", {"name": "Acme"}, Host="evil.example").status == 400
    assert api.get("/rest/companies", Host="localhost").body["totalCount"] == before


def test_the_machine_s_own_names_are_allowed_when_nothing_is_given() -> None:
    named = allowed_hosts("", "https://crm.example:8443/x", "0.0.0.0", ["box", "box.local", "10.0.0.7", "fe80::1"])
    assert named == [
        *("localhost", ".localhost", "127.0.0.1", "[::1]"),
        *("box", "box.local", "10.0.0.7", "[fe80::1]", "crm.example"),
    ]
    assert allowed_hosts("", "", "192.0.2.9", []) == ["localhost", ".localhost", "127.0.0.1", "[::1]", "192.0.2.9"]


def test_given_hosts_replace_them_but_never_the_host_of_server_url() -> None:
    assert allowed_hosts(" a.example , b.example,", "http://c.example", "0.0.0.0", ["box"]) == [
        *("a.example", "b.example", "c.example"),
    ]
    assert allowed_hosts("*", "", "0.0.0.0", ["box"]) == ["*"]


def test_the_machine_knows_itself() -> None:
    import socket

    assert socket.gethostname().lower() in machine.names()
    assert not {"127.0.0.1", "::1", "0.0.0.0", "0.0.0.1"} & set(machine.addresses())


# HTTPS -------------------------------------------------------------------------------------------------


def settings_with(**environment: str) -> dict[str, Any]:
    """What the settings are in another process with this environment."""
    program = (
        "import json, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n"
        "from config import settings as s\n"
        "print(json.dumps({name: getattr(s, name) for name in dir(s) if name.isupper() and isinstance("
        "getattr(s, name), (str, int, list, tuple, bool))}, default=str))"
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("SERVER_URL", "ALLOWED_HOSTS")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_https_server_url_turns_everything_on() -> None:
    found = settings_with(SERVER_URL="https://crm.example/")
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://crm.example"]
    assert "crm.example" in found["ALLOWED_HOSTS"] and "localhost" in found["ALLOWED_HOSTS"]
    assert "*" not in found["ALLOWED_HOSTS"]
    assert settings_with(SERVER_URL="https://crm.example", HSTS_S="60")["SECURE_HSTS_SECONDS"] == 60


@pytest.mark.parametrize("url", ["", "http://crm.example"])
def test_without_https_cookies_go_over_http_and_nothing_is_promised(url: str) -> None:
    found = settings_with(SERVER_URL=url)
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is False
    assert found["SECURE_HSTS_SECONDS"] == 0
    assert "SESSION_COOKIE_NAME" not in found


def test_check_deploy_is_clean_when_server_url_is_https(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    kept = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    environment = {**kept, "SERVER_URL": "https://crm.example", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    said = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert (done.returncode, said) == (0, "System check identified no issues (3 silenced).")


def test_what_is_silenced_is_the_issue_s_list_and_each_has_its_reason() -> None:
    text = (ROOT / "config" / "settings.py").read_text()
    [block] = re.findall(r"^SILENCED_SYSTEM_CHECKS = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    lines = [re.fullmatch(r'    "([a-z]+\.W\d+)",  # \S.{20,}', line) for line in block.splitlines()]
    assert [line[1] for line in lines if line] == [
        "staticfiles.W004",
        "security.W005",
        "security.W008",
        "security.W021",
    ]
    assert None not in lines


@pytest.fixture
def https(settings: Any) -> None:
    settings.SERVER_URL = "https://crm.example"
    settings.ALLOWED_HOSTS = ["localhost", "testserver", "crm.example"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.CSRF_TRUSTED_ORIGINS = ["https://crm.example"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("peer", "proto", "secure"),
    [
        pytest.param("10.1.2.3", "https", True, id="trusted proxy, https"),
        pytest.param("10.1.2.3", "http", False, id="trusted proxy, http"),
        pytest.param("10.1.2.3", None, False, id="trusted proxy says nothing"),
        pytest.param("203.0.113.7", "https", False, id="anybody else"),
        pytest.param("127.0.0.1", "https", False, id="the machine itself, not named"),
    ],
)
def test_only_a_trusted_proxy_says_that_it_was_https(
    https: None, db: Any, peer: str, proto: str | None, secure: bool
) -> None:
    sent = {"x-forwarded-proto": proto} if proto else {}
    answer = Client().get("/settings/login", headers={"host": "crm.example", **sent}, REMOTE_ADDR=peer)
    hsts = "max-age=31536000" if secure else None
    assert (answer.status_code, answer.get("Strict-Transport-Security")) == (200, hsts)


def test_a_form_from_server_url_is_taken_behind_a_proxy_and_from_elsewhere_not(https: None, db: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/settings/login", headers={"host": "crm.example"}, REMOTE_ADDR="10.1.2.3")
    cookie = page.cookies["csrftoken"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert token
    form = {"csrfmiddlewaretoken": token[1], "email": "nobody@example.com", "password": "x"}
    for origin, status in (("https://crm.example", 422), ("https://evil.example", 403), ("null", 403)):
        answer = client.post(
            "/settings/login", form, headers={"host": "crm.example", "origin": origin}, REMOTE_ADDR="10.1.2.3"
        )
        assert answer.status_code == status, origin


def test_the_session_cookie_is_for_https_only_and_hidden_from_scripts(https: None, db: Any) -> None:
    from apikeys.services.members import member_create

    member_create(workspace=workspace_with(), email="ada@example.com", password="correct horse")
    answer = Client().post("/settings/login", {"email": "ada@example.com", "password": "correct horse"})
    cookie = answer.cookies["sessionid"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")  # what the prefix __Host- asks for


# Addresses ---------------------------------------------------------------------------------------------


def test_addresses_in_answers_come_from_server_url_whatever_the_request_says(https: None, db: Any) -> None:
    workspace = workspace_with(empty=False)
    api = api_of(workspace)
    hook = api.post("/rest/webhooks", {"targetUrl": "https://example.com/hook", "operations": ["person.created"]})
    assert hook.status == 201
    file_id = api.uploaded("person.avatarFile", "ada.png")
    person = {"name": {"firstName": "Ada"}, "avatarFile": [{"fileId": file_id, "label": "Ada"}]}
    made = api.post("/rest/people", person, Host="localhost:8000").body["data"]["createPerson"]
    assert made["avatarFile"][0]["url"].startswith("https://crm.example/file/files-field/")
    [delivery] = Delivery.objects.filter(event_name="person.created")
    [file] = json.loads(bytes(delivery.body))["record"]["avatarFile"]
    assert file["url"].startswith("https://crm.example/file/files-field/")
    document = api.get("/rest/open-api/core", Host="localhost:8000").body
    assert document["servers"][0]["url"].startswith("https://crm.example")


# Headers -----------------------------------------------------------------------------------------------

ANSWERS = {
    "a list": ("GET", "/rest/companies", 403),
    "an unknown route": ("GET", "/rest/metadata/nothing/here", 404),
    "a preflight": ("OPTIONS", "/rest/companies", 204),
    "GraphQL": ("POST", "/graphql", 400),
    "an OpenAPI document": ("GET", "/rest/open-api/core", 200),
    "health": ("GET", "/healthz", 200),
    "readiness": ("GET", "/readyz", 200),
    "sign-in": ("GET", "/settings/login", 200),
    "a page": ("GET", HOME, 302),
    "no page": ("GET", "/nothing", 404),
    "the admin's sign-in": ("GET", "/admin/login/", 200),
    "the admin": ("GET", "/admin/", 302),
    "a static file": ("GET", "/static/settings/settings.css", 200),
    "no static file": ("GET", "/static/nothing.css", 404),
    "a file": ("GET", "/file/files-field/x?token=x", 403),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_says_what_a_browser_must_not_do(db: Any, name: str) -> None:
    method, url, status = ANSWERS[name]
    answer = Client().generic(method, url)
    assert answer.status_code == status
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"] and "geolocation=()" in answer["Permissions-Policy"]
    if answer.get("Content-Type", "").startswith("text/html") and answer.content:
        assert answer["Content-Security-Policy"] == POLICY


# Error pages -------------------------------------------------------------------------------------------


def fails(request: Any, how: str) -> Any:
    from django.core.exceptions import BadRequest, PermissionDenied
    from django.db import OperationalError

    raise {"400": BadRequest, "403": PermissionDenied, "500": ZeroDivisionError, "503": OperationalError}[how]("secret")


urlpatterns = [*site, path("pages/<str:how>", fails), path("rest/open-api/fails/<str:how>", fails)]
handler400 = "config.http.error_pages.bad_request"
handler403 = "config.http.error_pages.forbidden"
handler404 = "config.http.error_pages.not_found"
handler500 = "config.http.error_pages.server_error"

HEADINGS = {
    400: "This request cannot be answered",
    403: "You have no access to this page",
    404: "There is nothing here",
    500: "Something went wrong on our side",
    503: "The database cannot be reached",
}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("status", HEADINGS)
def test_an_error_is_a_page_of_the_site_and_asks_nothing_of_the_database(status: int) -> None:
    """Without the `db` fixture: a statement would fail the test."""
    answer = Client(raise_request_exception=False).get(
        f"/pages/{status}" if status != 404 else "/nowhere", headers={"Accept": "text/html"}
    )
    html = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{HEADINGS[status]}</h1>" in html
    assert answer["X-Request-Id"] in html
    assert "secret" not in html
    assert answer["Content-Security-Policy"] == POLICY
    assert "settings/settings." in html
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", html)
    assert answer.get("Retry-After") == ("2" if status == 503 else None)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("how", "status"), [("400", 400), ("403", 403), ("500", 500)])
def test_on_the_paths_of_the_apis_it_is_json(db: Any, how: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(f"/rest/open-api/fails/{how}")
    assert answer.status_code == status
    assert answer.json()["statusCode"] == status
    assert "secret" not in answer.content.decode()
