"""Every page of the settings at things that are there: what the budgets of statements and the benchmark of pages walk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, get_resolver

# What is asked for beside the plain address, by the name of the route: the states of a page that cost differently.
QUERIES: Mapping[str, tuple[str, ...]] = {
    "object-list": ("q=thing", "sort=name", "page=3"),
    "field-new": ("type=RELATION", "type=SELECT"),
    "member-list": ("q=ada", "sort=seen", "page=2"),
    "role-detail": ("q=thing", "page=3"),
    "role-try": ("role={role_id}&object={object_id}&verb=read",),
    "request-list": ("span=24h", "by={key_id}", "outcome=failed", "q=nowhere", "sort=oldest", "before={middle}"),
    "audit-list": ("q=nowhere", "sort=oldest", "kind=role"),
    "api-key-list": ("q=key", "sort=used", "revoked=1", "page=3"),
    "api-key-new": ("from={key_id}",),
    "webhook-list": ("q=example", "sort=state", "page=2"),
    "webhook-detail": ("status=failed", "q=nowhere", "sort=oldest", "q={record_id}"),
    "delivery-list": (
        "status=failed", "q=nowhere", "q={record_id}", "sort=oldest", "object={singular}&action=updated",
        "webhook={webhook_id}&span=24h", "older={delivery_id}",
    ),
    "rest-console": ("objects={singular}",),
    "graphql-console": ("object={singular}",),
}  # fmt: skip
# Answered with no page: files, and what only forms ask for.
NO_PAGES = frozenset((
    "docs-object-export", "model-file", "workspace-logo", "workspace-export", "docs-openapi", "request-export",
    "audit-export", "sign-out", "settings", "join", "reset", "sign-in", "forgot", "api-key-token", "webhook-secret",
))  # fmt: skip


_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def settings_pages(things: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name of the route, path) of every page of the settings. `things` are the values of routes' parameters, `"role-detail
    role_id"` that of one route alone.

    A page that is added is among them; a parameter that is new is a KeyError.
    """
    for name, route in settings_routes():
        if name in NO_PAGES:
            continue
        path = _PARAMETER.sub(lambda match, name=name: str(things.get(f"{name} {match[1]}") or things[match[1]]), route)
        yield name, path
        for query in QUERIES.get(name, ()):
            yield f"{name}?{query.format(**things)}", f"{path}?{query.format(**things)}"


def settings_routes() -> Iterator[tuple[str, str]]:
    """(name, path) of everything below /settings, with `<uuid:key_id>` for what is to be filled in; of what a regular
    expression names (`core` or `metadata`) the first."""
    for name, route in _routes(get_resolver().url_patterns, ""):
        plain = re.sub(r"\(\?P<\w+>(\w+)\|\w+\)", r"\1", route).strip("^$").replace("\\", "")
        if plain.startswith("settings"):
            yield name, f"/{plain}"


def _routes(patterns: Any, before: str) -> Iterator[tuple[str, str]]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield each.name or route, route
        else:
            yield from _routes(each.url_patterns, route)
