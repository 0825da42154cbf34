"""The first day of a workspace admin, in a real browser against the server that `make run` starts.

Sign in, create a key and a webhook, call the API with the copied token, see the signed delivery
arrive, then run a REST call and a GraphQL query from the workspace's own playgrounds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server import Server

ROOT = Path(__file__).resolve().parents[2]


def test_a_key_and_a_webhook_made_on_the_page_work(page: Page, server: Server, receiver, tmp_path: Path):
    address, received = receiver
    page.get_by_role("link", name="Create API key").first.click()
    page.get_by_label("Name").fill("Nightly sync")
    page.locator("label.choice", has_text="Admin").click()
    page.get_by_role("button", name="Create key").click()
    page.get_by_role("button", name="Copy token").click()
    token = page.evaluate("navigator.clipboard.readText()")
    assert token.count(".") == 2
    page.goto(server.url + "/settings/api-webhooks")
    expect(page.get_by_role("link", name="Nightly sync", exact=True)).to_be_visible()
    assert token not in page.content()

    page.goto(server.url + "/settings/api-webhooks/webhooks/new")
    page.get_by_label("URL").fill(address)
    page.get_by_label("Object of row 1").select_option("company")
    page.get_by_label("Action of row 1").select_option("created")
    page.get_by_role("button", name="Create webhook").click()
    secret = page.locator("#secret").inner_text()
    assert secret.startswith("whsec_")

    answer = server.ask("POST", "/rest/companies", {"name": "Zoë & Söhne"}, token=token)
    assert answer.status == 201

    headers, body = received.get(timeout=30)
    event = json.loads(body)
    assert (event["eventName"], event["record"]["name"]) == ("company.created", "Zoë & Söhne")
    assert event["record"]["id"] == answer.body["data"]["createCompany"]["id"]
    signed = headers["x-twenty-webhook-timestamp"].encode() + b":" + body
    assert headers["x-twenty-webhook-signature"] == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without"])
def test_an_object_made_on_the_page_has_its_fields_in_the_apis(
    page: Page, browser: Browser, server: Server, has_javascript: bool
) -> None:
    name = "lathe" if has_javascript else "engine"
    cookies = page.context.cookies()
    context = browser.new_context(java_script_enabled=has_javascript, viewport={"width": 360, "height": 800})
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(server.url + "/settings/data-model")
    plain.get_by_role("link", name="Create object").click()
    plain.get_by_label("Name of one", exact=True).fill(name.capitalize())
    plain.get_by_label("Name of many", exact=True).fill(f"{name.capitalize()}s")
    plain.get_by_role("button", name="Create object").click()
    plain.get_by_role("link", name="Add field").click()
    plain.get_by_role("link", name="Select", exact=True).click()
    plain.get_by_label("Label", exact=True).fill("State")
    plain.get_by_label("Label of option 1").fill("Runs well")
    plain.get_by_role("button", name="Create field").click()
    expect(plain.get_by_role("link", name="State")).to_be_visible()
    assert plain.evaluate("document.documentElement.scrollWidth") == 360
    made = server.ask("POST", f"/rest/{name}s", {"name": "M1", "state": "RUNS_WELL"})
    assert (made.status, made.body["data"][f"create{name.capitalize()}"]["state"]) == (201, "RUNS_WELL")
    context.close()


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_call_and_an_act_stand_in_the_activity(
    page: Page, browser: Browser, server: Server, has_javascript: bool
) -> None:
    name = "With" if has_javascript else "Without"
    made = server.ask("POST", "/rest/companies", {"name": f"{name} a script"})
    assert made.status == 201
    cookies = page.context.cookies()
    context = browser.new_context(java_script_enabled=has_javascript, viewport={"width": 360, "height": 800})
    context.add_cookies(cookies)
    plain = context.new_page()
    plain.goto(server.url + "/settings/api-webhooks")
    plain.get_by_role("link", name="Activity").click()
    plain.get_by_label("API", exact=True).select_option("REST")
    plain.get_by_label("Object").select_option("company")
    plain.get_by_role("button", name="Show").click()
    while not plain.get_by_role("link", name="POST /rest/companies").count():  # entries are written each half second
        plain.reload()
    plain.get_by_role("link", name="POST /rest/companies").first.click()
    expect(plain.get_by_role("heading", name="POST /rest/companies")).to_be_visible()
    assert made.body["data"]["createCompany"]["name"] not in plain.content()
    assert plain.evaluate("document.documentElement.scrollWidth") == 360
    plain.goto(server.url + "/settings/activity")
    plain.get_by_role("link", name="Audit").click()
    expect(plain.get_by_role("link", name="signed in").first).to_be_visible()
    assert plain.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


def test_a_rest_call_runs_from_the_playground(page: Page, server: Server):
    page.goto(server.url + "/settings/api-webhooks/playground/rest/core?objects=company")
    page.locator("#operations-tag-companies").click()
    operation = page.locator("#operations-companies-findManyCompanies")
    operation.locator("button.opblock-summary-control").click()
    with page.expect_response(lambda answer: "/rest/companies" in answer.url) as called:
        operation.get_by_role("button", name="Execute").click()
    assert called.value.status == 200
    assert "Airbnb" in {company["name"] for company in called.value.json()["data"]["companies"]}
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


def test_a_graphql_query_runs_from_the_playground(page: Page, server: Server):
    page.goto(server.url + "/settings/api-webhooks/playground/graphql/core?object=company")
    with page.expect_response(
        lambda answer: answer.url.endswith("/graphql") and "IntrospectionQuery" not in (answer.request.post_data or "")
    ) as called:
        page.get_by_role("button", name="Execute query").click()
    answer = called.value.json()
    assert called.value.status == 200
    assert "errors" not in answer
    assert "Airbnb" in json.dumps(answer["data"])
    expect(page.locator(".result-window")).to_contain_text('"companies": {')


def test_the_admin_works_under_the_policy(page: Page, server: Server) -> None:
    """Django's own pages: scripts run, nothing is refused (the fixture allows no error on the console)."""
    environment = {**os.environ, "DATA_DIR": str(server.data_dir)}
    environment.pop("DATABASE_URL", None)
    changed = "User.objects.filter(pk=1).update(is_staff=True, is_superuser=True)"
    code = f"from django.contrib.auth.models import User; {changed}"
    subprocess.run([sys.executable, "manage.py", "shell", "-c", code], cwd=ROOT, env=environment, check=True)
    for url in ("/admin/", "/admin/auth/user/", "/admin/apikeys/apikey/", "/admin/webhooks/delivery/"):
        page.goto(server.url + url)
        expect(page.locator("#site-name")).to_be_visible()
    page.goto(server.url + "/admin/auth/user/1/change/")
    page.locator(".datetimeshortcuts a").nth(1).click()  # the calendar, which a script makes
    expect(page.locator(".calendarbox").first).to_be_visible()
    page.goto(server.url + "/admin/password_change/")
    expect(page.get_by_label("Old password:")).to_be_visible()
