"""The document of Core REST: every object of a workspace that someone may read.

What one object adds to it is made once and kept, as compressed JSON, for as long as the object, those it is
related to and the rights stay as they are: a change of the data model costs what it changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Hashable, Iterator
from functools import cache
from threading import Lock
from typing import Any, NamedTuple, get_args
from weakref import WeakKeyDictionary

from django.conf import settings
from django.utils.module_loading import import_string
from drf_spectacular.plumbing import ResolvedComponent

from config.events import ACTIONS
from config.http.rendering import dumps
from config.openapi.document import Variant
from config.openapi.generator import GENERAL, DocumentGenerator, open_api_endpoint
from config.openapi.refusals import refusals
from config.openapi.schemas import UUID, array_of, object_of
from config.principal import Permissions, Principal, Verb
from core.openapi.generator import record_endpoints, search_endpoint
from core.openapi.names import left_out, told_of
from core.openapi.schemas import View, components
from core.rest.body_schemas import answer_component
from core.rest.operations import RECORD_OPERATIONS
from metadata.cache import load_schema
from metadata.schema import ObjectSchema, WorkspaceSchema

Json = dict[str, Any]

REFUSALS = ("400", "401", "403", "404", "409", "412", "413", "422", "429")
EVENTS: Json = {"name": "Webhooks", "description": "What is sent to webhooks"}
_WITH_FIELDS = ("updated", "deleted", "restored")


class Part(NamedTuple):
    """What one object adds to each section of the document, as JSON."""

    paths: bytes
    schemas: bytes
    webhooks: bytes
    tags: bytes


def core_document(principal: Principal, variant: Variant) -> bytes:
    """The document's JSON for `config.openapi.document`."""
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    return record_document(principal, schema, variant.base_url, variant.objects, nests=variant.nests)


def record_document(
    principal: Principal,
    schema: WorkspaceSchema,
    base_url: str,
    only: Collection[str] | None = None,
    *,
    nests: bool = True,
) -> bytes:
    """The document's JSON as this principal may see it; `only` narrows it to objects by either of their names.

    Without `nests` it is that of a console, which shows what can be called: it has no webhooks either.
    """
    permissions = principal.permissions
    without = left_out(schema)
    shown = sorted(
        (
            each
            for each in schema.objects
            if each.id not in without
            and permissions.allows("read", each)
            and (only is None or each.singular in only or each.plural in only)
        ),
        key=lambda each: each.plural,
    )
    view = View(schema, permissions, tuple(shown), nests)
    parts = [_kept_part(view, subject, principal.workspace.max_batch_size) for subject in shown]
    generator = DocumentGenerator([search_endpoint(), open_api_endpoint("core")])
    limits = parameters()
    generator.register(ResolvedComponent.PARAMETER, limits.items())
    generator.register(ResolvedComponent.RESPONSE, refusals(REFUSALS).items())
    root = generator.document("core", base_url, tags=[GENERAL, EVENTS] if nests else [GENERAL])
    told = [words for subject, words in told_of(schema) if permissions.allows("read", subject)]
    if told:
        root["info"]["description"] += "\n\n" + "\n\n".join(told)
    return _object(
        {
            **{name: dumps(value) for name, value in root.items()},
            "paths": _joined(*(part.paths for part in parts), dumps(root["paths"])),
            "components": _object(
                {
                    "schemas": _joined(b"{}", *(part.schemas for part in parts)),
                    **{name: dumps(value) for name, value in root["components"].items()},
                }
            ),
            **({"webhooks": _joined(b"{}", *(part.webhooks for part in parts))} if nests else {}),
            "tags": _joined(dumps(root["tags"]), *(part.tags for part in parts)),
        }
    )


def parameters() -> dict[str, Json]:
    """The parameter components by name."""
    found = (each for operation in RECORD_OPERATIONS for each in operation.documented)
    return {each.component: each.as_json() for each in found}


def _object(members: dict[str, bytes]) -> bytes:
    """The JSON object of members that are JSON already."""
    return b"{" + b",".join(dumps(name) + b":" + text for name, text in members.items()) + b"}"


def _joined(*texts: bytes) -> bytes:
    """One JSON object (or array) of the members of several."""
    return texts[0][:1] + b",".join(text[1:-1] for text in texts if len(text) > 2) + texts[0][-1:]


# What one object adds --------------------------------------------------------------------------------

KEPT_VIEWS = 4  # of one object: the rights it is looked at with

_parts: WeakKeyDictionary[ObjectSchema, dict[Hashable, bytes]] = WeakKeyDictionary()
_lock = Lock()


def _kept_part(view: View, subject: ObjectSchema, largest_batch: int) -> Part:
    key = (largest_batch, _seen_with(view, subject))
    with _lock:
        kept = _parts.get(subject, {}).get(key)
    if kept is None:
        part = _part(view, subject, largest_batch)
        with _lock:
            views = _parts.setdefault(subject, {})
            views[key] = zlib.compress(b"\n".join(part))
            while len(views) > KEPT_VIEWS:
                del views[next(iter(views))]
        return part
    return Part(*zlib.decompress(kept).split(b"\n"))


def _seen_with(view: View, subject: ObjectSchema) -> Hashable:
    """All of the view that the description of this object depends on."""
    permissions: Permissions = view.permissions
    verbs = tuple(permissions.allows(verb, subject) for verb in get_args(Verb))
    routes = tuple(each.is_for(permissions, subject) for each in RECORD_OPERATIONS)  # some need a flag too
    hidden = tuple(each.id for each in subject.fields if not view.reads(subject, each))
    locked = tuple(each.id for each in subject.fields if permissions.locks(each))
    return (
        verbs,
        routes,
        hidden,
        locked,
        view.nests,
        tuple(view.described_target(field) for field in subject.fields if field.relation),
    )


def _part(view: View, subject: ObjectSchema, largest_batch: int) -> Part:
    generator = DocumentGenerator(record_endpoints(view.permissions, subject, largest_batch))
    return Part(
        dumps(generator.paths()),
        dumps(dict(components(view, subject))),
        dumps(dict(_webhooks(subject))),
        dumps([_tag(subject)]),
    )


def _tag(subject: ObjectSchema) -> Json:
    return {
        "name": subject.plural,
        "description": subject.description or f"Records of {subject.label_plural}",
        "x-object-id": str(subject.id),
        "x-label": subject.label_plural,
    }


def _webhooks(subject: ObjectSchema) -> Iterator[tuple[str, Json]]:
    for action, words in ACTIONS.items():
        yield f"{subject.singular_pascal} {action.capitalize()}", {"post": _webhook(subject, action, words)}


@cache
def _signed() -> list[Json]:
    """The headers that prove where a delivery comes from."""
    return [
        {"name": each.name, "in": "header", "description": each.description, "schema": {"type": "string"}}
        for each in import_string(settings.WEBHOOK_HEADERS)
    ]


def _webhook(subject: ObjectSchema, action: str, words: str) -> Json:
    event = f"{subject.singular}.{action}"
    members: Json = {
        "targetUrl": {"type": "string", "format": "uri"},
        "eventName": {"type": "string", "enum": [event]},
        "objectMetadata": object_of({"id": UUID, "nameSingular": {"type": "string", "enum": [subject.singular]}}),
        "workspaceId": UUID,
        "webhookId": UUID,
        "eventDate": {"type": "string", "format": "date-time"},
        "userId": UUID,
        "workspaceMemberId": UUID,
        "record": answer_component(subject.singular_pascal),
    }
    if action in _WITH_FIELDS:
        members["updatedFields"] = array_of({"type": "string"}, description="Names of the members that changed")
    schema = object_of(members, optional=("userId", "workspaceMemberId"))
    return {
        "operationId": f"on{subject.singular_pascal}{action.capitalize()}",
        "tags": [EVENTS["name"]],  # with the object's own, generators would write one file over another
        "summary": f"{subject.label_singular} {action}",
        "description": f"Sent to webhooks that ask for `{event}`; `record` is {words}.",
        "security": [],
        "parameters": _signed(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Received. Anything else is tried again later."}},
    }
