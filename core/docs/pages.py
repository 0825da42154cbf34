"""Settings → Docs & playground: the workspace's own documentation, and a console for each of the four APIs.

Everything shown is read from the data model as the signed-in member may see it. The consoles act with
a token of a few hours that is fetched by their script and kept in its memory only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from config.events import ACTIONS
from config.http.pages import principal_of, settings_page
from config.http.rights import may
from config.http.server_url import server_url
from config.openapi.document import Name, Syntax
from config.openapi.refusals import refusal_table
from config.openapi.views import answer
from config.principal import KEYS_FLAG as FLAG
from config.principal import Principal
from core.docs.examples import METADATA_EXAMPLES, SEARCH, record_examples, sample_of, selection
from core.naming import named
from core.openapi.names import told_of
from core.openapi.schemas import View
from core.query import ir
from core.query.reading import DEFAULT_CONNECTION_SIZE
from core.rest.operations import RECORD_OPERATIONS
from core.transfer.exporting import CONTENT_TYPES, export_records, file_name
from core.transfer.exporting import FLAG as EXPORT_FLAG
from metadata.cache import load_schema
from metadata.fieldtypes.operators import OPERATORS
from metadata.models import Workspace
from metadata.schema import FieldSchema, ObjectSchema

MODEL_FLAG = "DATA_MODEL"  # who may make objects
PLAYGROUND = "/settings/api-webhooks/playground"
GRAPHQL_PATHS = {"core": "/graphql", "metadata": "/metadata"}
ASSETS = (
    "graphiql.min.js", "graphiql.min.css", "react.production.min.js", "react-dom.production.min.js", "explorer.js",
    "explorer.css",
)  # fmt: skip
# Viewers set styles on elements as they go, and draw with small images and fonts inside their stylesheets.
VIEWER_CSP = {"style-src": "'self' 'unsafe-inline'", "font-src": "'self' data:", "img-src": "'self' data: blob:"}

CONSOLES = (
    {"api": "Core", "kind": "REST", "about": gettext_lazy("Records, one address per object"),
     "url": f"{PLAYGROUND}/rest/core", "path": "/rest/", "document": "core"},
    {"api": "Core", "kind": "GraphQL", "about": gettext_lazy("Records and their relations in one request"),
     "url": f"{PLAYGROUND}/graphql/core", "path": "/graphql", "document": None},
    {"api": "Metadata", "kind": "REST", "about": gettext_lazy("Objects, fields, keys and webhooks"),
     "url": f"{PLAYGROUND}/rest/metadata", "path": "/rest/metadata/", "document": "metadata"},
    {"api": "Metadata", "kind": "GraphQL", "about": gettext_lazy("The same, as a graph"),
     "url": f"{PLAYGROUND}/graphql/metadata", "path": "/metadata", "document": None},
)  # fmt: skip


def _view(request: HttpRequest) -> View:
    """What the signed-in member may read, standard objects of records people work with first."""
    principal = principal_of(request)
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    allows = principal.permissions.allows
    readable = [each for each in schema.objects if allows("read", each)]
    ordered = sorted(readable, key=lambda each: (each.is_system, each.label_plural.casefold()))
    return View(schema, principal.permissions, tuple(ordered))


def _first(view: View) -> ObjectSchema | None:
    """The object examples are about: the oldest that is no system object."""
    return next((each for each in view.schema.objects if each in view.objects and not each.is_system), None)


def _has_key(principal: Principal) -> bool:
    return bool(import_string(settings.API_KEYS)(principal))


# Docs --------------------------------------------------------------------------------------------------


@settings_page(flag=FLAG)
@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    principal, view, base_url = principal_of(request), _view(request), server_url()
    subject = _first(view)
    context = {
        "base_url": base_url,
        "has_key": _has_key(principal),
        "can_create_key": may(principal, "ROLES"),
        "consoles": [{**each, "address": base_url + str(each["path"])} for each in CONSOLES],
        "subject": subject,
        "can_make_object": may(principal, MODEL_FLAG),
        "requests": [] if subject is None else _requests(view, subject, base_url),
        "objects": view.objects,
        "clashes": [words for subject, words in told_of(view.schema) if subject in view.objects],
        "limits": _limits(principal),
        "errors": refusal_table(),
    }
    return render(request, "docs/docs.html", context)


def _requests(view: View, subject: ObjectSchema, base_url: str) -> list[dict[str, str]]:
    query = f"{{ {subject.plural}(first: 3) {{ edges {{ node {{ id }} }} totalCount }} }}"
    body = json.dumps(sample_of(view, subject, 2), ensure_ascii=False).replace("'", "'\\''")
    bearer = '-H "Authorization: Bearer YOUR_TOKEN"'
    requests = [
        {"id": "curl-list", "title": gettext("List %s over REST") % subject.label_plural,
         "text": f'curl "{base_url}/rest/{subject.plural}?limit=3" \\\n  {bearer}'},
        {"id": "curl-create", "title": gettext("Create one over REST"),
         "text": f'curl -X POST "{base_url}/rest/{subject.plural}" \\\n  {bearer} \\\n'
                 f"  -H \"Content-Type: application/json\" \\\n  -d '{body}'"},
        {"id": "curl-graphql", "title": gettext("The same list over GraphQL"),
         "text": f'curl "{base_url}/graphql" \\\n  {bearer} \\\n  -H "Content-Type: application/json" \\\n'
                 f"  -d '{json.dumps({'query': query})}'"},
        {"id": "curl-search", "title": gettext("Search all objects over REST"),
         "text": f'curl "{base_url}/rest/search?query=example.com&limit=10" \\\n  {bearer}'},
        {"id": "curl-graphql-search",
         "title": gettext("The same search over GraphQL, whose introspection does not show it"),
         "text": f'curl "{base_url}/graphql" \\\n  {bearer} \\\n  -H "Content-Type: application/json" \\\n'
                 f"  -d '{json.dumps({'query': SEARCH.query, 'variables': SEARCH.variables})}'"},
    ]  # fmt: skip
    return requests if view.may("update", subject) else [each for each in requests if each["id"] != "curl-create"]


def _limits(principal: Principal) -> list[tuple[str, str]]:
    workspace = principal.workspace
    own = workspace.max_requests_per_minute
    return [
        (gettext("Records per page, REST"), _at_most(settings.DEFAULT_PAGE_SIZE, settings.MAX_PAGE_SIZE_REST)),
        (gettext("Records per page, GraphQL"), _at_most(DEFAULT_CONNECTION_SIZE, settings.MAX_PAGE_SIZE_GRAPHQL)),
        (gettext("Records per batch"), f"{workspace.max_batch_size:,}"),
        (gettext("Records changed by one filter"), f"{workspace.max_bulk_records:,}"),
        (gettext("Requests of a key"), f"{_rate(settings.RATE_LIMIT_SHORT)}, {_rate(settings.RATE_LIMIT_LONG)}"),
        (
            gettext("Requests of the workspace"),
            _rate(settings.RATE_LIMIT_WORKSPACE if own is None else (own, 60)),
        ),
        (gettext("Size of a body"), f"{settings.MAX_BODY_BYTES // 1024**2} MB"),
        (gettext("Time of one statement"), f"{settings.STATEMENT_TIMEOUT_MS // 1000} s"),
        (gettext("Wait for another request's lock"), f"{settings.LOCK_TIMEOUT_MS / 1000:g} s"),
    ]


def _at_most(usual: int, most: int) -> str:
    return gettext("%(usual)d, at most %(most)d") % {"usual": usual, "most": most}


def _rate(window: tuple[int, float]) -> str:
    tokens, window_s = window
    if not tokens:
        return gettext("no limit")
    return gettext("%(count)s in %(time)s s") % {"count": f"{tokens:,}", "time": f"{window_s:g}"}


@settings_page(flag=FLAG)
@require_GET
def object_export(request: HttpRequest, name: str) -> HttpResponseBase:
    """Every record of the object as CSV for a spreadsheet; `safe=false` gives the texts as they are."""
    principal, view = principal_of(request), _view(request)
    subject = next((each for each in view.objects if each.singular == name), None)
    if subject is None:
        raise Http404(f"There is no object {name}")
    is_safe = request.GET.get("safe") != "false"
    pieces = export_records(principal, view.schema, ir.Find(subject.singular, ir.Everything()), "csv", is_safe=is_safe)
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES["csv"])
    file = file_name(subject.plural, "csv", is_safe=is_safe)
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


@settings_page(flag=FLAG)
@require_GET
def object_docs(request: HttpRequest, name: str) -> HttpResponse:
    """Fields, endpoints, operations and events of one object."""
    view = _view(request)
    subject = next((each for each in view.objects if each.singular == name), None)
    if subject is None:
        raise Http404(f"There is no object {name}")
    base_url = server_url()
    may_create = view.may("update", subject)
    context = {
        "subject": subject,
        "can_export": may(principal_of(request), EXPORT_FLAG),
        "clashes": [words for each, words in told_of(view.schema) if each is subject],
        "base_url": base_url,
        "fields": [_field(view, each) for each in view.readable_fields(subject)],
        "operators": [each for each in OPERATORS.values() if each.in_rest],
        "endpoints": [
            {
                "method": each.method,
                "path": "/rest" + named(each.path, subject),
                "summary": named(each.summary, subject),
            }
            for each in RECORD_OPERATIONS
            if each.is_for(view.permissions, subject)
            and not (each.is_in_subset_of_criteria and subject.duplicate_criteria is None)
        ],
        "graphql": [
            {"root": each.root, "name": each.field_name(subject), "about": named(each.description, subject)}
            for each in import_string(settings.GRAPHQL_OPERATIONS)
            if each.applies_to(subject) and all(view.may(verb, subject) for verb in each.verbs)
        ],
        "events": [(f"{subject.singular}.{action}", words) for action, words in ACTIONS.items()],
        "uploads": _uploads(view, subject, base_url),
        "body": json.dumps(sample_of(view, subject) if may_create else {}, indent=2, ensure_ascii=False),
        "query": f"{{\n  {subject.plural}(first: 10) {{\n    edges {{\n      node {{\n"
        f"{selection(view, subject, ' ' * 8)}\n      }}\n    }}\n  }}\n}}",
    }
    return render(request, "docs/object.html", context)


def _uploads(view: View, subject: ObjectSchema, base_url: str) -> str:
    """How to upload a file for the object's first FILES field that the reader may write, and to attach it."""
    permissions = view.permissions
    field = next((each for each in view.readable_fields(subject) if each in subject.files_fields), None)
    may_write = permissions.allows("update", subject)
    if field is None or permissions.locks(field) or not may_write:
        return ""
    bearer = '-H "Authorization: Bearer YOUR_TOKEN"'
    value = json.dumps({field.name: [{"fileId": "THE_ID_ANSWERED", "label": "A file"}]})
    return (
        f'curl "{base_url}/rest/metadata/files" \\\n  {bearer} \\\n'
        f"  -F fieldMetadataId={subject.singular}.{field.name} -F file=@a-file.pdf\n\n"
        f'curl -X PATCH "{base_url}/rest/{subject.plural}/RECORD_ID" \\\n  {bearer} \\\n'
        f"  -H \"Content-Type: application/json\" \\\n  -d '{value}'"
    )


def _field(view: View, field: FieldSchema) -> dict[str, object]:
    target = view.target(field) if field.relation is not None else None
    schema = field.type.json_schema(field)
    examples = schema.get("examples", ())
    writable = field.type.is_writable and not view.permissions.locks(field) and field.column in (None, "id", "position")
    return {
        "field": field,
        "name": field.relation.join_name if field.relation and field.relation.join_name else field.name,
        "type": field.type,
        "target": target,
        "is_to_many": field.relation is not None and not field.relation.is_to_one,
        "is_read_only": not writable or (field.relation is not None and not field.relation.is_to_one),
        "filters": list(_filters(field)),
        "options": field.options,
        "example": json.dumps(examples[0], ensure_ascii=False) if examples and field.relation is None else "",
    }


def _filters(field: FieldSchema) -> Iterator[tuple[str, list[str]]]:
    """(path, its comparators in the REST grammar); composites by their sub-fields."""
    if field.relation is not None and not field.relation.is_to_one:
        return
    name = field.relation.join_name if field.relation and field.relation.join_name else field.name
    if not field.type.subfields:
        yield name, [each for each in field.type.operators if OPERATORS[each].in_rest]
    for part in field.type.subfields.values():
        yield f"{name}.{part.name}", [each for each in part.operators if OPERATORS[each].in_rest]


@settings_page(flag=FLAG)
@require_GET
def document(request: HttpRequest, name: Name, syntax: Syntax) -> HttpResponse:
    """The OpenAPI document for the signed-in member: what the consoles read and the download links give."""
    response = answer(request, principal_of(request), name, syntax, nests="console" not in request.GET)
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{name}.{syntax}"'
    return response


# Consoles ----------------------------------------------------------------------------------------------


@settings_page(flag=FLAG)
@require_POST
def playground_token(request: HttpRequest) -> HttpResponse:
    """A fresh token of the signed-in member, for the script of a console."""
    issued = import_string(settings.PLAYGROUND_TOKEN)(principal_of(request))
    response = JsonResponse({"token": issued.token, "expiresAt": issued.expires_at.isoformat()})
    response["Cache-Control"] = "no-store"
    return response


@settings_page(flag=FLAG, csp=VIEWER_CSP)
@require_GET
def rest_console(request: HttpRequest, name: Name) -> HttpResponse:
    """Of the core document one object at a time, `objects`, since all of a large data model take long to draw; `*` is
    all of them."""
    view = _view(request)
    wanted = request.GET.get("objects", "")
    subject = next((each for each in view.objects if each.singular == wanted), None) or _first(view)
    context = {
        **_console(request, name, "REST"),
        "document_url": f"/settings/docs/openapi/{name}.json",
        "objects": view.objects if name == "core" else (),
        "subject": None if name != "core" or wanted == "*" else subject,
    }
    return render(request, "docs/rest.html", context)


@settings_page(flag=FLAG, csp=VIEWER_CSP)
@require_GET
def graphql_console(request: HttpRequest, name: Name) -> HttpResponse:
    principal, view = principal_of(request), _view(request)
    wanted = request.GET.get("object")
    subject = next((each for each in view.objects if each.singular == wanted), None) or _first(view)
    examples = [each for each in METADATA_EXAMPLES if each.flag is None or may(principal, each.flag)]
    if name == "core":
        examples = [] if subject is None else [*record_examples(view, subject), SEARCH]
    context = {
        **_console(request, name, "GraphQL"),
        "has_assets": all(finders.find(f"graphiql/{each}") for each in ASSETS),
        "objects": view.objects if name == "core" else (),
        "subject": subject,
        "examples": [each.as_json() for each in examples],
        "options": {
            "url": GRAPHQL_PATHS[name],
            "store": f"{principal.workspace_id}:{name}",
            "workspace": _called(request),
            "many": _many(view) if name == "core" else [],
        },
    }
    return render(request, "docs/graphql.html", context)


def _called(request: HttpRequest) -> str:
    workspace: Workspace = request.workspace  # type: ignore[attr-defined]
    return workspace.display_name or workspace.subdomain


def _many(view: View) -> list[str]:
    """The mutations that change every record that matches a filter."""
    many = [each for each in import_string(settings.GRAPHQL_OPERATIONS) if each.changes_many]
    return [each.field_name(subject) for subject in view.objects for each in many]


def _console(request: HttpRequest, name: Name, kind: str) -> dict[str, object]:
    principal = principal_of(request)
    return {
        "name": name,
        "kind": kind,
        "is_empty": _first(_view(request)) is None,
        "can_make_object": may(principal, MODEL_FLAG),
        "consoles": [{**each, "is_current": each["url"] == request.path} for each in CONSOLES],
        "has_key": _has_key(principal),
        "can_create_key": may(principal, "ROLES"),
    }
