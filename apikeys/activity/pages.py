"""Settings → Activity: the requests of a workspace's callers, and what its admins did.

Both lists are read by `reading.py`; nothing here asks for more than it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET

from apikeys.activity import reading
from apikeys.activity.acts import KINDS, sentence_of, words_of
from apikeys.activity.exporting import CONTENT_TYPES, MOST, Format, exported
from apikeys.activity.facts import APIS
from apikeys.activity.models import AuditEntry, RequestEntry
from apikeys.activity.reading import AUDIT_FLAGS, OUTCOMES, REQUEST_FLAGS, SPANS, AuditFilter, RequestFilter
from apikeys.models import ApiKey, Member
from config.http.inputs import uuid_of
from config.http.pages import principal_of, settings_page
from config.http.rights import may
from config.principal import Principal
from metadata.models import ObjectMetadata

HOME = "/settings/activity"
AUDIT = f"{HOME}/audit"
ORDERS = (
    ("", gettext_lazy("Newest first")),
    ("oldest", gettext_lazy("Oldest first")),
)  # value of `sort` → words: those that an index has
SHOWN = 4  # parts of an act in the list
_OUTCOME_BADGES = {4: "badge-warn", 5: "badge-bad"}


@settings_page(flag=(*REQUEST_FLAGS, *AUDIT_FLAGS))
@require_GET
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests, newest first. `before` and `after` are ids of entries; an exact request id leads to its entry."""
    principal = principal_of(request)
    if not may(principal, *REQUEST_FLAGS):
        return redirect(AUDIT)
    narrowing = _request_filter(request)
    if len(narrowing.search) >= 32:
        found = reading.request_find(principal, narrowing.search)
        if found is not None:
            return redirect(f"{HOME}/requests/{found.id}")
    page = reading.request_page(principal, narrowing, **_place(request))
    context = {
        **_shared(request, principal, page),
        "entries": [_request_shown(each) for each in page.rows],
        "filter": narrowing,
        "apis": [(name, label) for name, label in APIS.items() if name != "log"],
        "outcomes": [(name, label) for name, (label, _) in OUTCOMES.items()],
        "objects": _objects(principal, narrowing.object_name),
        "callers": _callers(principal),
        "may_see_keys": may(principal, reading.FLAG),
    }
    return render(request, "apikeys/activity_requests.html", context)


@settings_page(flag=REQUEST_FLAGS)
@require_GET
def request_detail(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    principal = principal_of(request)
    found = reading.request_find(principal, str(entry_id))
    if found is None:
        raise Http404
    context = {
        **_request_shown(found),
        "headers": orjson.loads(found.headers),
        "caller_url": _caller_url(principal, found),
    }
    return render(request, "apikeys/activity_request.html", context)


@settings_page(flag=REQUEST_FLAGS)
@require_GET
def request_export(request: HttpRequest) -> StreamingHttpResponse:
    entries = RequestEntry.objects.filter(workspace_id=principal_of(request).workspace_id)
    return _file(request, reading.all_of(entries, _request_filter(request), MOST), "requests")


@settings_page(flag=AUDIT_FLAGS)
@require_GET
def audit_list(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    narrowing = _audit_filter(request)
    page = reading.audit_page(principal, narrowing, **_place(request))
    context = {
        **_shared(request, principal, page),
        "entries": [
            {"entry": each, "sentence": sentence_of(each.act), "changed": _changed(each)} for each in page.rows
        ],
        "filter": narrowing,
        "kinds": [(name, label) for name, label in KINDS.items()],
        "callers": _callers(principal),
    }
    return render(request, "apikeys/activity_audit.html", context)


@settings_page(flag=AUDIT_FLAGS)
@require_GET
def audit_detail(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    entry = reading.audit_find(principal_of(request), entry_id)
    if entry is None:
        raise Http404
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    context = {
        "entry": entry,
        "sentence": sentence_of(entry.act),
        "changes": [(words_of(name), _value(entry.before, name), _value(entry.after, name)) for name in names],
    }
    return render(request, "apikeys/activity_act.html", context)


@settings_page(flag=AUDIT_FLAGS)
@require_GET
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    entries = AuditEntry.objects.filter(workspace_id=principal_of(request).workspace_id)
    return _file(request, reading.all_of(entries, _audit_filter(request), MOST), "audit")


# What is asked ----------------------------------------------------------------------------------------


def _request_filter(request: HttpRequest) -> RequestFilter:
    asked = request.GET
    return reading.seen_filter(
        principal_of(request),
        span=_choice(asked.get("span", ""), SPANS),
        by=uuid_of(asked.get("by", "")),
        api=_choice(asked.get("api", ""), APIS),
        outcome=_choice(asked.get("outcome", ""), OUTCOMES),
        object_name=asked.get("object", "")[:64],
        search=_search(request),
    )


def _audit_filter(request: HttpRequest) -> AuditFilter:
    asked = request.GET
    return AuditFilter(
        span=_choice(asked.get("span", ""), SPANS),
        by=uuid_of(asked.get("by", "")),
        kind=_choice(asked.get("kind", ""), KINDS),
        search=_search(request),
        subject_id=uuid_of(asked.get("subject", "")),
    )


def _search(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:200]


def _choice(text: str, choices: Mapping[str, object]) -> str:
    """A choice of the form; what is none narrows nothing."""
    return text if text in choices else ""


def _place(request: HttpRequest) -> dict[str, Any]:
    return {
        "older_than": uuid_of(request.GET.get("before", "")),
        "newer_than": uuid_of(request.GET.get("after", "")),
        "oldest_first": request.GET.get("sort") == "oldest",
    }


# What is shown ----------------------------------------------------------------------------------------


def _shared(request: HttpRequest, principal: Principal, page: reading.Page[Any]) -> dict[str, Any]:
    """Context of both lists. `query` is the filters' query string without a page's place, to be gone on with."""
    filters = {name: value for name, value in request.GET.items() if value and name not in ("before", "after")}
    return {
        "page": page,
        "query": urlencode(filters),
        "is_narrowed": bool(filters.keys() - {"sort"}),
        "orders": ORDERS,
        "spans": [(name, label) for name, (label, _) in SPANS.items()],
        "tabs": [
            {"url": url, "label": label, "is_current": request.path == url}
            for url, label, flags in (
                (HOME, gettext("Requests"), REQUEST_FLAGS),
                (AUDIT, gettext("Audit"), AUDIT_FLAGS),
            )
            if may(principal, *flags)
        ],
        "most": MOST,
    }


def _request_shown(entry: RequestEntry) -> dict[str, object]:
    return {
        "entry": entry,
        "api": APIS.get(entry.api, entry.api),
        "badge": _OUTCOME_BADGES.get(entry.outcome, "badge-ok"),
        "result": gettext("Log") if entry.api == "log" else _result(entry),
        "is_log": entry.api == "log",
    }


def _result(entry: RequestEntry) -> str:
    """The status; beside it that a GraphQL answer, whose status is 200, holds an error."""
    return f"{entry.status} · error" if entry.outcome >= 4 > entry.status // 100 else str(entry.status)


def _callers(principal: Principal) -> list[tuple[str, Sequence[tuple[UUID, str]]]]:
    """Keys, and the members whose requests the caller may know of, to choose from."""
    keys = ApiKey.objects.filter(workspace_id=principal.workspace_id).order_by("name").values_list("id", "name")[:500]
    members = Member.objects.filter(workspace_id=principal.workspace_id).select_related("user")
    if not may(principal, *AUDIT_FLAGS):
        members = members.filter(id__in=[principal.user_id] if principal.user_id is not None else [])
    named = [(each.id, each.user.get_full_name() or each.user.email) for each in members[:500]]
    return [(gettext("API keys"), list(keys)), (gettext("Members"), sorted(named, key=lambda each: each[1].lower()))]


def _objects(principal: Principal, chosen: str) -> list[tuple[str, str]]:
    found = ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, is_active=True)
    named = list(found.order_by("label_singular").values_list("name_singular", "label_singular"))
    return named if not chosen or any(name == chosen for name, _ in named) else [*named, (chosen, chosen)]


def _caller_url(principal: Principal, entry: RequestEntry) -> str | None:
    if not entry.is_key or entry.caller_id is None or not may(principal, reading.FLAG):
        return None
    exists = ApiKey.objects.filter(workspace_id=principal.workspace_id, id=entry.caller_id).exists()
    return f"/settings/api-webhooks/keys/{entry.caller_id}" if exists else None


def _changed(entry: AuditEntry) -> str:
    """The parts that an act changed, as far as there is room."""
    names = [words_of(each) for each in (entry.after or entry.before)]
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _value(facts: Mapping[str, object], name: str) -> str | None:
    """A value as text; None where there was none."""
    if name not in facts:
        return None
    value = facts[name]
    if value is None:
        return gettext("nothing")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or gettext("nothing")
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _file(request: HttpRequest, entries: Iterator[Any], name: str) -> StreamingHttpResponse:
    form = cast(Format, _choice(request.GET.get("format", ""), CONTENT_TYPES) or "csv")
    response = StreamingHttpResponse(exported(entries, form), content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response
