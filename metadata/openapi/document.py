"""The document of the metadata REST API: drf-spectacular over its real URL patterns.

Views may say what they take and answer with drf-spectacular's decorators; objects and fields are described
by `metadata.openapi`, and what neither says by `metadata.openapi.bodies`. Which envelope a caller is
answered in is their key's `apiVersion`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import EndpointEnumerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, normalize_result_object

from config.http.rendering import dumps
from config.http.rights import may
from config.openapi.document import Variant
from config.openapi.generator import GENERAL, Document, DocumentGenerator, Endpoint, open_api_endpoint
from config.openapi.refusals import refusals
from config.openapi.schemas import PAGE_INFO, array_of, component, object_of
from config.principal import KEYS_FLAG, Principal
from config.texts import capitalised
from metadata.openapi.bodies import DESCRIBED, Described
from metadata.openapi.bodies import bodies as described_bodies
from metadata.openapi.entities import ENTITIES, UUID, Entity
from metadata.openapi.words import KINDS, description_of
from metadata.services.layout.kinds import RESOURCES

Json = dict[str, Any]

PREFIX = "/rest/metadata"
OWN_KEY = "/apiKeys/me"  # every key may ask for itself
KEYED = "1"  # the apiVersion whose answers stand under the operation's name
REFUSALS = ("400", "401", "403", "404", "409", "413", "429")
_ONES: Mapping[str, str] = {  # by the first segment of the path, in the order of the document
    "objects": "Object",
    "fields": "Field",
    "files": "File",
    **{each.many: each.pascal for each in RESOURCES.values()},
    "webhooks": "Webhook",
    "webhookDeliveries": "WebhookDelivery",
    "apiKeys": "ApiKey",
    "workspace": "Workspace",
    "schema": "DataModel",
}
_ORDER = tuple(_ONES)
_Flags = tuple[str, ...]
_ANYONE: _Flags = ()
_MODEL: _Flags = ("DATA_MODEL",)
_KEYS: _Flags = (KEYS_FLAG,)
_FLAGS: Mapping[str, tuple[_Flags, _Flags]] = {  # of which a role needs one, to read and to write
    **dict.fromkeys(("objects", "fields", "schema"), (_MODEL, _MODEL)),
    **dict.fromkeys(("webhooks", "webhookDeliveries", "apiKeys"), (_KEYS, _KEYS)),
    "workspace": (_ANYONE, ("WORKSPACE", "SECURITY")),
    "files": (_ANYONE, _ANYONE),  # as the role says of the field
    **{each.many: (_ANYONE, (each.flag, *_MODEL)) for each in RESOURCES.values()},
}
_VERBS = {"get": "findOne", "post": "createOne", "patch": "updateOne", "delete": "deleteOne"}
_ALIASES = frozenset(("put",))  # the same as patch, so listed once
_PARAMETERS = frozenset(("limit", "starting_after", "ending_before"))
_CALLS = {"GET": "find", "POST": "", "PATCH": "update", "DELETE": "delete"}
_ANYTHING_OR_NULL: list[Json] = [{}, {"type": "null"}]
_VARIABLE = re.compile(r"{\w+}")
_TOKEN_ID = {
    "name": "tokenId",
    "in": "path",
    "required": True,
    "description": "The token's id, as the list of the key's tokens has it",
    "schema": {"type": "string", "format": "uuid"},
}


def metadata_document(principal: Principal, variant: Variant) -> bytes:
    """The document's JSON as this principal may see it."""
    endpoints = _endpoints(principal)
    generator = MetadataGenerator([*endpoints, open_api_endpoint("metadata")], principal.api_version)
    generator.register(ResolvedComponent.PARAMETER, _shared_parameters().items())
    generator.register(ResolvedComponent.RESPONSE, _refusals())
    names = dict.fromkeys(_entity(path) for path, *_ in endpoints)
    tags = [GENERAL, *({"name": each, "description": KINDS[each]} for each in names)]
    return dumps(_readable(generator.document("metadata", variant.base_url, tags=tags)))


def _shared_parameters() -> dict[str, Json]:
    """The parameter components by name. Cursors are ids here."""
    size = {"type": "integer", "minimum": 0, "maximum": settings.MAX_PAGE_SIZE_REST}
    said = {
        "limit": ("limit", f"Records per page, at most {settings.MAX_PAGE_SIZE_REST}",
                  {**size, "default": settings.DEFAULT_PAGE_SIZE}),
        "startingAfter": ("starting_after", "The page after the item with this id", UUID),
        "endingBefore": ("ending_before", "The page before the item with this id", UUID),
    }  # fmt: skip
    found: dict[str, Json] = {
        component: {"name": name, "in": "query", "description": words, "required": False, "schema": schema}
        for component, (name, words, schema) in said.items()
    }
    path = {"name": "id", "in": "path", "required": True, "description": "The record's id", "schema": UUID}
    return found | {"idPath": path}


def _readable(document: Document) -> Document:
    """The document without what serializers bring along: lazy texts, marks, and docstrings for developers."""
    whole: Document = normalize_result_object(document)
    for schema in whole["components"].get("schemas", {}).values():
        schema.pop("description", None)
        for member in schema.get("properties", {}).values():
            if member.pop("x-spec-enum-id", None):
                member.pop("description", None)
            if member.get("oneOf") == _ANYTHING_OR_NULL:  # null is a case of anything
                del member["oneOf"]
    return whole


def _refusals() -> Iterator[tuple[str, Json]]:
    for status, response in refusals(REFUSALS).items():
        if status == "400":
            schema = response["content"]["application/json"]["schema"]
            schema["properties"] |= {
                "message": {"description": "The same as one text, or the list of texts"},
                "errors": {"type": "object", "description": "Every broken rule, by kind of entity"},
                "summary": {"type": "object", "description": "How many rules were broken"},
                "userFriendlyMessage": {"type": "string"},
            }
            schema["required"] = ["statusCode", "error"]
        yield status, response


# Which routes ------------------------------------------------------------------------------------------


def _endpoints(principal: Principal) -> list[Endpoint]:
    found = [
        endpoint
        for endpoint in _all_endpoints()
        if endpoint[2].lower() not in _ALIASES and (endpoint[0] == OWN_KEY or _may_use(principal, endpoint))
    ]
    methods = list(_CALLS)
    return sorted(found, key=lambda each: (_rank(each[0]), each[0].count("/"), each[0], methods.index(each[2])))


def _may_use(principal: Principal, endpoint: Endpoint) -> bool:
    path, _, method, _ = endpoint
    reading, writing = _FLAGS[_entity(path)]
    needed = reading if method == "GET" else writing
    return not needed or may(principal, *needed)


@cache
def _all_endpoints() -> list[Endpoint]:
    """Every route of the API, without its prefix; the first variable of a path is called `id`."""
    return [
        (_VARIABLE.sub("{id}", path.removeprefix(PREFIX), count=1).replace("{token_id}", "{tokenId}"), *rest)
        for path, *rest in EndpointEnumerator().get_api_endpoints()
        if path.startswith(PREFIX + "/")
    ]


def _entity(path: str) -> str:
    return path.split("/")[1]


def _rank(path: str) -> int:
    return _ORDER.index(_entity(path))


# How they are described --------------------------------------------------------------------------------


class MetadataGenerator(DocumentGenerator):
    """Gives every view's schema class, decorated or not, the names and envelopes of this API."""

    def __init__(self, endpoints: Iterable[Endpoint], api_version: str) -> None:
        super().__init__(endpoints)
        self.keys_version = api_version  # `api_version` is the base class's, for versioned views

    def create_view(self, callback: Any, method: str, request: object = None) -> object:
        view = super().create_view(callback, method, request)
        if callback.cls.__module__ != DocumentGenerator.__module__:
            described = type("MetadataSchema", (MetadataAutoSchema, view.schema.__class__), {})()
            described.keys_version = self.keys_version
            self._set_schema_to_view(view, described)
        return view


class MetadataAutoSchema(AutoSchema):
    """Names as clients know them: `createOneWebhook`; schemas `Webhook`, `WebhookForUpdate`, `WebhookForResponse`."""

    keys_version = KEYED

    @property
    def parts(self) -> list[str]:
        """The path's segments: `["webhooks", "{id}", "test"]`."""
        return self.path.strip("/").split("/")

    @property
    def described(self) -> Described | None:
        return DESCRIBED.get((self.method, self.path))

    @property
    def entity(self) -> Entity | None:
        return None if self.described else ENTITIES.get(self.parts[0])

    @property
    def one(self) -> str:
        return _ONES[self.parts[0]]

    @property
    def is_list(self) -> bool:
        return self.method == "GET" and len(self.parts) == 1 and self.described is None

    def get_operation_id(self) -> str:
        if self.described is not None:
            return self.described.id
        plural = capitalised(self.parts[0])
        if self.is_list:
            return f"findMany{plural}"
        rest = [part for part in self.parts[1:] if not part.startswith("{")]
        if not rest:
            return f"{_VERBS[self.method.lower()]}{self.one}"
        tail = "".join(capitalised(part) for part in rest)
        name = f"{_CALLS[self.method]}{self.one}{tail}"
        return name[:1].lower() + name[1:]

    def get_tags(self) -> list[str]:
        return [self.parts[0]]

    def get_auth(self) -> list[Json]:
        super().get_auth()
        return []

    def get_summary(self) -> str:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.get_operation_id()).split()
        return " ".join([words[0].capitalize(), *(word.lower() for word in words[1:])])

    def get_description(self) -> str:  # type: ignore[override]
        return description_of(self.method, self.path)

    def get_response_serializers(self) -> Any:
        """A DELETE that answers something answers 200, not the 204 that drf-spectacular takes for granted."""
        answer = super().get_response_serializers()
        return {200: answer} if self.method == "DELETE" and not isinstance(answer, dict) else answer

    def _get_serializer_name(self, serializer: object, direction: object, bypass_extensions: bool = False) -> str:
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        name = name.removeprefix("Patched").removesuffix("Serializer")
        if name.removesuffix("ForCreate") in _ONES.values():
            name = name.removesuffix("ForCreate")
        is_answer = serializer.__class__.__name__.endswith("Serializer") and not name.startswith("Inline")
        return f"{name}ForResponse" if direction == "response" and is_answer else name

    def _get_parameters(self) -> list[Json]:
        path = [_parameter("idPath")] if "{id}" in self.parts else []
        path += [_TOKEN_ID] if "{tokenId}" in self.parts else []
        if self.described is not None:
            return [*path, *self.described.parameters]
        own = [
            each
            for each in self._process_override_parameters().values()
            if each is not None and each["in"] == "query" and each["name"] not in _PARAMETERS
        ]
        paged = self.method == "GET" and (self._is_paged_list or self.parts[-1] == "deliveries")
        page = [_parameter(name) for name in ("limit", "startingAfter", "endingBefore")] if paged else []
        return [*path, *page, *own]

    @property
    def _is_paged_list(self) -> bool:
        return self.is_list and (self.entity is not None or self.keys_version != KEYED)

    # Bodies --------------------------------------------------------------------------------------------

    def _get_request_body(self, direction: str = "request") -> object:
        described, entity = self.described, self.entity
        if described is not None:
            return described.body and _body(self._described_body(described.body), described.body_media)
        if entity is None:
            return super()._get_request_body(direction)
        inputs = {
            "POST": ("", entity.create, entity.create_example),
            "PATCH": ("ForUpdate", entity.update, entity.update_example),
        }
        if self.method not in inputs:
            return None
        suffix, serializer, example = inputs[self.method]
        mapped = self._map_serializer(serializer(), "request")
        mapped["properties"] |= {name: more for name, more in entity.more.items() if name in mapped["properties"]}
        self._register(entity.one + suffix, {**mapped, **({"examples": [example]} if example else {})})
        return _body(component(entity.one + suffix))

    def map_parsers(self) -> list[str]:
        return ["application/json"]

    def _get_response_bodies(self, direction: Any = "response") -> Json:
        described, entity = self.described, self.entity
        if described is not None:
            answers = self._described_answer(described)
        elif entity is not None:
            answers = self._entity_answer(entity)
        else:
            answers = super()._get_response_bodies(direction)
            for response in answers.values():
                response["description"] = response.get("description") or "Successful operation"
                for content in response.get("content", {}).values():
                    content["schema"] = self._enveloped(content.get("schema", {}))
        errors = ["400", "401", "403", "404", "429"]
        if self.method in ("POST", "PATCH"):
            errors[4:4] = ["409", "413"]
        return {**answers, **{each: {"$ref": f"#/components/responses/{each}"} for each in errors}}

    def _enveloped(self, schema: Json) -> Json:
        """Lists as this API version answers them. A log of deliveries has no total."""
        if self.method == "GET" and self.parts[-1] == "deliveries":
            return object_of({"data": schema, "pageInfo": PAGE_INFO})
        if self.is_list and self.keys_version != KEYED:
            return _page(schema)
        return schema

    def _described_answer(self, described: Described) -> Json:
        self._register("FieldForResponse", ENTITIES["fields"].answer)
        schema = self._described_body(described.answer)
        if described.key is not None and self.keys_version == KEYED:
            schema = object_of({"data": object_of({described.key: schema})})
        content = _content(schema, described.media)
        return {described.status: {"description": "Successful operation", "content": content}}

    def _described_body(self, name: str) -> Json:
        self._register(name, described_bodies()[name])
        return component(name)

    def _entity_answer(self, entity: Entity) -> Json:
        self._register(f"{entity.one}ForResponse", entity.answer)
        if entity is not ENTITIES["fields"]:
            self._register("FieldForResponse", ENTITIES["fields"].answer)
        shape = component(f"{entity.one}ForResponse")
        status = "201" if self.method == "POST" else "200"
        if self.is_list:
            self._register(f"{entity.one}sForResponse", array_of(shape))
            listed = component(f"{entity.one}sForResponse")
            schema = _page(object_of({entity.plural: listed}) if self.keys_version == KEYED else listed)
        else:
            removed = self.method == "DELETE"
            answer = entity.removed if removed else shape
            key = entity.one.lower() if self.method == "GET" else self.get_operation_id()
            schema = object_of({"data": object_of({key: answer})}) if self.keys_version == KEYED else answer
        return {status: {"description": "Successful operation", "content": {"application/json": {"schema": schema}}}}

    def _register(self, name: str, schema: Json) -> None:
        self.registry.register_on_missing(ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, MetadataAutoSchema))


def _page(data: Json) -> Json:
    total = {"type": "integer", "description": "Items on every page"}
    return object_of({"data": data, "pageInfo": PAGE_INFO, "totalCount": total})


def _parameter(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _body(schema: Json, media: tuple[str, ...] = ("application/json",)) -> Json:
    return {"required": True, "content": _content(schema, media)}


def _content(schema: Json, media: tuple[str, ...]) -> Json:
    return {each: {"schema": schema} for each in media}
