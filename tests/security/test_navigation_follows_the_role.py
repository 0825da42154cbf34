"""A member whose role has one right alone is shown the links that it opens; those open, and no other page does."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from apikeys.models import Member, Role
from config.principal import FLAGS, SETTINGS_FLAGS
from tests.security.scene import ALL, Scene

DATA_MODEL = "/settings/data-model"
KEYS = "/settings/api-webhooks"
WEBHOOKS = f"{KEYS}/webhooks"
DOCS = "/settings/docs"
ACTIVITY = "/settings/activity"
MEMBERS = "/settings/members"
ROLES = "/settings/roles"
GENERAL = "/settings/general"
EVERY_SECTION = (DATA_MODEL, KEYS, WEBHOOKS, DOCS, ACTIVITY, MEMBERS, ROLES, GENERAL)  # in the order of the side bar
PROFILE = "/settings/profile"

# What the side bar shows to who has this right and no other; nothing for the rights that are not here.
SHOWN: Mapping[str, Sequence[str]] = {
    "DATA_MODEL": (DATA_MODEL,),
    "API_KEYS_AND_WEBHOOKS": (KEYS, WEBHOOKS, DOCS, ACTIVITY),
    "WORKSPACE": (ACTIVITY, GENERAL),
    "SECURITY": (ACTIVITY,),
    "WORKSPACE_MEMBERS": (MEMBERS,),
    "ROLES": (MEMBERS, ROLES),
}
# Pages below a section, beside those that the crawl finds by its links. By the section whose right they need.
BELOW: Mapping[str, Sequence[str]] = {
    DATA_MODEL: (f"{DATA_MODEL}/new",),
    KEYS: (),
    WEBHOOKS: (f"{WEBHOOKS}/new",),
    DOCS: (f"{DOCS}/openapi/core.json", f"{KEYS}/playground/graphql/core"),
    ACTIVITY: (),
    MEMBERS: (),
    ROLES: (f"{ROLES}/new",),
    GENERAL: (f"{GENERAL}/delete",),
}
NEEDS_TWO = f"{KEYS}/keys/new"  # API_KEYS_AND_WEBHOOKS and ROLES: a key acts as a role
_NAV = re.compile(r'<nav class="sections".*?</nav>', re.DOTALL)
_HREF = re.compile(r'<a [^>]*href="(/settings[^"#]*)')


ROLES = {**{flag: {"flags": [flag]} for flag in sorted(FLAGS)}, "Records only": {"rights": ALL}}


def signed_in(client: Client, scene: Scene, label: str) -> None:
    """A member without a password, whose making takes longer than all that is asked here."""
    role = Role.objects.get(workspace_id=scene.workspace.id, label=label)
    user = User.objects.create_user("ada@example.org", "ada@example.org")
    Member.objects.create(user=user, workspace_id=scene.workspace.id, role=role)
    client.force_login(user)


def links(text: str) -> list[str]:
    return [unescape(each) for each in _HREF.findall(text)]


def side_bar(text: str) -> list[str]:
    [nav] = _NAV.findall(text)
    return links(nav)


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.getvalue().decode()


@pytest.mark.django_db
@pytest.mark.parametrize("flag", [*sorted(FLAGS), "Records only"])
def test_one_right_shows_its_sections_and_opens_no_other(scene: Scene, client: Client, flag: str) -> None:
    signed_in(client, scene, flag)
    shown = SHOWN.get(flag, ())
    assert side_bar(page(client, PROFILE)) == list(shown)
    assert client.get("/settings")["Location"] == (shown[0] if shown else PROFILE)
    assert client.get(NEEDS_TWO).status_code == 403
    for section in EVERY_SECTION:
        for path in (section, *BELOW[section]):
            response = client.get(path)
            if flag == "SECURITY" and path == ACTIVITY:  # which opens its second tab alone
                response = client.get(response["Location"])
            assert response.status_code == (200 if section in shown else 403), path
            if response["Content-Type"].startswith("text/html"):
                assert side_bar(response.getvalue().decode()) == list(shown), path


@pytest.mark.django_db
@pytest.mark.parametrize("flag", sorted(SHOWN))
def test_every_link_that_is_shown_anywhere_opens(scene: Scene, client: Client, flag: str) -> None:
    """One page of each kind, from the side bar on."""
    signed_in(client, scene, flag)
    queue, kinds = deque([PROFILE, *SHOWN[flag]]), set[str]()
    while queue:
        path = queue.popleft()
        kind = resolve(path.partition("?")[0]).route
        if kind in kinds:
            continue
        kinds.add(kind)
        response = client.get(path)
        assert response.status_code in (200, 302), (path, response.status_code)
        queue.extend(links(response.getvalue().decode()) if response.status_code == 200 else [response["Location"]])
    assert len(kinds) > len(SHOWN[flag])


def test_every_right_over_settings_is_walked() -> None:
    assert SHOWN.keys() <= SETTINGS_FLAGS
    assert {path for each in SHOWN.values() for path in each} == set(EVERY_SECTION)
