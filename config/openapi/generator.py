"""drf-spectacular's generator over endpoints that are given, and the route of a document itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_root_object
from rest_framework.views import APIView

Json = dict[str, Any]
Document = dict[str, Any]
Endpoint = tuple[str, str, str, object]  # path, its regular expression, method, callback


class DocumentGenerator(SchemaGenerator):
    """Takes its endpoints instead of looking for them; components and webhooks are given as they are."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        super().__init__()
        self.endpoints = list(endpoints)  # type: ignore[arg-type]  # the stubs know DRF's own generator

    def register(self, kind: str, components: Iterable[tuple[str, Json]]) -> None:
        """Add ready-made components of one section (`ResolvedComponent.SCHEMA` …)."""
        for name, schema in components:
            self.registry.register_on_missing(ResolvedComponent(name, kind, schema, type(self)))

    def paths(self) -> Json:
        """The path items of the endpoints, by path."""
        paths: Json = self.parse(None, public=True)
        return paths

    def document(self, name: str, base_url: str, *, tags: Iterable[Json] = ()) -> Document:
        """The whole document, of the API of that name. Nothing in it is lazy, so it needs no normalising copy."""
        root: Document = build_root_object(
            paths=self.paths(), components=self.registry.build({}), webhooks=None, version=None
        )
        path, about = SERVERS[name]
        contact = {"name": "The docs of this server", "url": f"{base_url}/settings/docs"}
        return {
            **root,
            "info": {**root["info"], **INFO, "contact": contact},
            "servers": [{"url": base_url + path, "description": about}],
            "security": [{"bearerAuth": list[str]()}],
            **({"tags": [*tags]} if tags else {}),
        }


SERVERS: Mapping[str, tuple[str, str]] = {  # by the document's name
    "core": ("/rest", "Records"),
    "metadata": ("/rest/metadata", "Data model, keys and webhooks"),
}
GENERAL: Json = {"name": "General", "description": "About the API itself"}
INFO: Mapping[str, object] = {
    "description": "Made from the workspace's data model as the bearer of the token may see it.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


class OpenApiEndpoint(APIView):
    """The route of the document itself."""

    name = ""

    def get(self) -> None:
        """Answered by `config.openapi.views`."""


class OpenApiAutoSchema(AutoSchema):
    """Describes an OpenApiEndpoint; it needs no token, though one adds the workspace."""

    view: OpenApiEndpoint  # type: ignore[override]

    def get_operation_id(self) -> str:
        return f"getOpenApi{self.view.name.capitalize()}"

    def get_summary(self) -> str:
        return "This document"

    def get_description(self) -> str:  # type: ignore[override]
        return "Without a valid token only this path is listed; with one, all that its role may see."

    def get_tags(self) -> list[str]:
        return ["General"]

    def get_auth(self) -> list[Json]:
        return [*super().get_auth(), {}]

    def _get_parameters(self) -> list[Json]:
        text = {"type": "string"}
        version = {
            "name": "version", "in": "query", "description": "`3.0` for tools that do not read OpenAPI 3.1",
            "schema": {**text, "enum": ["3.1", "3.0"], "default": "3.1"},
        }  # fmt: skip
        if self.view.name != "core":
            return [version]
        words = "Only these objects: names separated by commas"
        return [version, {"name": "objects", "in": "query", "description": words, "schema": text}]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Json:  # type: ignore[override]
        return {"200": {"type": "object"}}

    def _is_list_view(self, serializer: object = None) -> bool:
        return False


OpenApiEndpoint.schema = OpenApiAutoSchema()


def open_api_endpoint(name: str) -> Endpoint:
    path = f"/open-api/{name}"
    return path, path, "GET", OpenApiEndpoint.as_view(name=name)


def skeleton(name: str, base_url: str) -> Document:
    """What someone without a valid token is shown: where the document is."""
    return DocumentGenerator([open_api_endpoint(name)]).document(name, base_url)
