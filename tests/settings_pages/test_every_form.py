"""Every form of every page, sent with nothing in it: what is wrong stands at its field, the first has the focus, and the
title begins with "Error:". A form that is added is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from metadata.models import Workspace
from tests.budgets.settings_pages import settings_pages, things_of

NOTHING_TO_FILL = ("hidden", "submit", "button")
CHOICES = ("radio", "checkbox")  # none of which is sent where none is chosen


# Nothing of these is wrong when nothing is chosen, or it is said above the page that they stand on: a choice beside a
# button. By the routes that they are sent to.
NEVER_WRONG = {
    "api-key-detail", "api-key-roll", "workspace-logo", "member-detail", "role-object", "webhook-recover",
    "webhook-rotate", "webhook-test",
}  # fmt: skip


@dataclass
class Form:
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page that are sent by POST, with what there is to fill in."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._path, self._open = path, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._open = True
            self.found.append(Form(given.get("action") or self._path))
        if not self._open or "name" not in given:
            return
        form, name = self.found[-1], given["name"]
        if tag == "input" and given.get("type") == "hidden":
            form.hidden[name] = given.get("value", "")
        elif tag == "input" and given.get("type") in CHOICES:
            form.choices.append(name)
        elif (tag == "input" and given.get("type") not in NOTHING_TO_FILL) or tag in ("select", "textarea"):
            form.texts.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def forms_of(client: Client, things: Mapping[str, object]) -> Iterator[tuple[str, Form]]:
    seen = set()
    for name, path in settings_pages(things):
        response = client.get(path)
        if response.status_code != 200:
            continue
        html = response.content.decode()
        for form in Forms(path, html[html.index("<main") :] if "<main" in html else html).found:
            key = (form.action.partition("?")[0], form.action.partition("type=")[2], *form.texts, *form.choices)
            if (form.texts or form.choices) and key not in seen:
                seen.add(key)
                yield name, form


def faults(html: str) -> list[str]:
    """What of the rule the refused page does not keep to."""
    found = [] if "<title>Error: " in html else ["title"]
    controls = re.findall(r"<(?:input|textarea|select)[^>]*aria-invalid=\"true\"[^>]*>", html)
    focused = re.findall(r"<(?:input|textarea|select)[^>]* autofocus[^>]*>", html)
    if not controls and 'role="alert"' not in html:
        found.append("no error is told")
    for each in controls:
        described = re.search(r'aria-describedby="([^"]+)"', each)
        if described is None and re.search('type="(radio|checkbox)"', each):  # of a group, the group is described
            name = re.findall(' name="([^"]+)"', each)[0]
            described = re.search(rf'<fieldset[^>]* aria-describedby="([^"]*id_{name}_error[^"]*)"', html)
        if described is None or not all(f'id="{id}"' in html for id in described[1].split()):
            found.append(f"undescribed {each}")
    if controls and (len(focused) != 1 or focused[0] not in controls[:1]):
        found.append(f"focus {focused} of {controls}")
    return found


@pytest.mark.django_db
def test_every_form_says_what_is_wrong_where_it_is_wrong(
    acme: Workspace, client: Client, settings: LazySettings
) -> None:
    settings.EMAIL_HOST, settings.SERVER_URL = (
        "mail.example",
        "https://fourgate.example",
    )  # else who forgot their password is told whom to ask
    things, operator = things_of(acme, "book", "title", 2)
    User.objects.filter(id=operator.id).update(email="root@example.com")
    client.force_login(operator)
    wrong, told, passed = {}, set(), set()
    signed_out = [(Client(), "sign-in", Form("/settings/login", texts=["email", "password"]))]
    signed_out.append((Client(), "forgot", Form("/settings/forgot", texts=["email"])))
    for browser, name, form in (*signed_out, *((client, *each) for each in list(forms_of(client, things)))):
        route = name.partition("?")[0]
        response = browser.post(form.action, {**form.hidden, **dict.fromkeys(form.texts, "")})
        assert response.status_code in (200, 302, 422), (name, response.status_code)
        html = response.content.decode()
        if response.status_code == 302 or not re.search('aria-invalid="true"|role="alert"|<title>Error', html):
            passed.add(resolve(form.action.partition("?")[0]).url_name)
            continue
        told.add(route)
        if found := faults(html):
            wrong[f"{name} {form.action} {form.texts}"] = found
    assert wrong == {}
    assert passed == NEVER_WRONG
    assert len(told) > 20 and {"sign-in", "forgot"} <= told
