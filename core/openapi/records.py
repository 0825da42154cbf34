"""The document of Core REST: every object of a workspace that someone may read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.plumbing import ResolvedComponent

from config.principal import Principal
from core.openapi.bodies import UUID, answer_component, array_of, object_of
from core.openapi.generator import (
    Document,
    DocumentGenerator,
    Endpoint,
    endpoint_class,
    open_api_endpoint,
    search_endpoint,
)
from core.openapi.operations import RECORD_OPERATIONS, named
from core.openapi.schemas import View, components
from core.openapi.shared import parameters, refusals
from core.query.groups import DEFAULT_GROUPS
from metadata.schema import ObjectSchema, WorkspaceSchema

Json = dict[str, Any]

REFUSALS = ("400", "401", "403", "404", "409", "412", "413", "422", "429")
ACTIONS = {  # of webhook events: the name of each, and what `record` then is
    "Created": "the new record",
    "Updated": "the record after the update",
    "Deleted": "the record that was soft-deleted",
    "Restored": "the record that was restored",
    "Destroyed": "the record before it was removed for good",
}
_WITH_FIELDS = ("Updated", "Deleted", "Restored")


def record_document(
    principal: Principal,
    schema: WorkspaceSchema,
    base_url: str,
    only: Collection[str] | None = None,
    *,
    nests: bool = True,
) -> Document:
    """The document as this principal may see it; `only` narrows it to objects by either of their names."""
    permissions = principal.permissions
    shown = tuple(
        sorted(
            (
                each
                for each in schema.objects
                if permissions.allows("read", each.id, is_system=each.is_system)
                and (only is None or each.singular in only or each.plural in only)
            ),
            key=lambda each: each.plural,
        )
    )
    view = View(schema, permissions, shown, nests)
    generator = DocumentGenerator([*_endpoints(principal, shown), search_endpoint(), open_api_endpoint("core")])
    for subject in shown:
        generator.register(ResolvedComponent.SCHEMA, components(view, subject))
    limits = parameters(settings.DEFAULT_PAGE_SIZE, settings.MAX_PAGE_SIZE_REST, DEFAULT_GROUPS)
    generator.register(ResolvedComponent.PARAMETER, limits.items())
    generator.register(ResolvedComponent.RESPONSE, refusals(REFUSALS).items())
    return generator.document(
        servers=[{"url": f"{base_url}/rest/", "description": "Records"}],
        tags=[{"name": "General", "description": "About the API itself"}, *(_tag(each) for each in shown)],
        webhooks=dict(pair for subject in shown for pair in _webhooks(subject)),
    )


def _endpoints(principal: Principal, shown: tuple[ObjectSchema, ...]) -> Iterator[Endpoint]:
    for subject in shown:
        endpoint = endpoint_class(subject)
        for operation in RECORD_OPERATIONS:
            if operation.is_for(principal.permissions, subject):
                path = named(operation.path, subject)
                callback = endpoint.as_view(operation=operation, largest_batch=principal.workspace.max_batch_size)
                yield path, path, operation.method, callback


def _tag(subject: ObjectSchema) -> Json:
    return {
        "name": subject.plural,
        "description": subject.description or f"Records of {subject.label_plural}",
        "x-object-id": str(subject.id),
        "x-label": subject.label_plural,
    }


def _webhooks(subject: ObjectSchema) -> Iterator[tuple[str, Json]]:
    for action, words in ACTIONS.items():
        yield f"{subject.singular_pascal} {action}", {"post": _webhook(subject, action, words)}


_SIGNED: list[Json] = [
    {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
    for name, description in (
        ("X-Twenty-Webhook-Signature", "Hex HMAC-SHA256 of `<timestamp>:<body>`, keyed with the webhook's secret"),
        ("X-Twenty-Webhook-Timestamp", "Milliseconds since 1970, as signed"),
        ("X-Twenty-Webhook-Nonce", "Random, new with every attempt"),
        ("webhook-id", "The same on every attempt of a delivery"),
        ("webhook-timestamp", "Seconds since 1970, as signed"),
        ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `<id>.<timestamp>.<body>`"),
    )
]


def _webhook(subject: ObjectSchema, action: str, words: str) -> Json:
    event = f"{subject.singular}.{action.lower()}"
    members: Json = {
        "targetUrl": {"type": "string", "format": "uri"},
        "eventName": {"type": "string", "enum": [event]},
        "objectMetadata": object_of({"id": UUID, "nameSingular": {"type": "string", "enum": [subject.singular]}}),
        "workspaceId": UUID,
        "webhookId": UUID,
        "eventDate": {"type": "string", "format": "date-time"},
        "userId": UUID,
        "workspaceMemberId": UUID,
        "record": answer_component(subject),
    }
    if action in _WITH_FIELDS:
        members["updatedFields"] = array_of({"type": "string"}, description="Names of the members that changed")
    schema = object_of(members, optional=("userId", "workspaceMemberId"))
    return {
        "tags": [subject.plural],
        "summary": f"{subject.label_singular} {action.lower()}",
        "description": f"Sent to webhooks that ask for `{event}`; `record` is {words}.",
        "security": [],
        "parameters": _SIGNED,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Received. Anything else is tried again later."}},
    }
