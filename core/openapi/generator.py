"""What drf-spectacular is told of the data model: a view class, an operation per route of each object.

Only what drf-spectacular would find out by looking at URL patterns and serializers is answered from
the data model instead: endpoints, names, parameters and bodies. The rest is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework.views import APIView

from config.openapi.generator import Endpoint
from config.principal import Permissions
from core.naming import named
from core.rest.body_schemas import search_hits
from core.rest.operations import RECORD_OPERATIONS, Operation
from core.rest.parameters import IF_NONE_MATCH, STARTING_AFTER, Parameter
from core.rest.search import PARAMETERS as SEARCH_PARAMETERS
from metadata.schema import ObjectSchema

Json = dict[str, Any]


class RecordEndpoint(APIView):
    """A route of one object, for the document only: drf-spectacular reads views."""

    subject: ObjectSchema | None = None
    operation: Operation | None = None
    largest_batch = 0

    def get(self) -> None:
        """Answered by `core.rest`."""

    post = patch = delete = get


class RecordAutoSchema(AutoSchema):
    """Describes a RecordEndpoint."""

    view: RecordEndpoint  # type: ignore[override]

    @property
    def operation(self) -> Operation:
        assert self.view.operation is not None
        return self.view.operation

    @property
    def subject(self) -> ObjectSchema:
        assert self.view.subject is not None
        return self.view.subject

    def get_operation_id(self) -> str:
        return named(self.operation.id, self.subject)

    def get_summary(self) -> str:
        return named(self.operation.summary, self.subject)

    def get_description(self) -> str:  # type: ignore[override]
        text = named(self.operation.description or "", self.subject)
        if self.operation.is_in_subset_of_criteria and self.subject.duplicate_criteria is None:
            text += "\n\nThis object has no duplicate criteria, so the answer is always 400."
        return text

    def get_tags(self) -> list[str]:
        return [self.subject.plural]

    def get_auth(self) -> list[Json]:
        return []  # the document's own `security` requires it everywhere; `open_api_endpoint` registers the scheme

    def _get_parameters(self) -> list[Json]:
        return [reference(each) for each in self.operation.documented]

    def get_request_serializer(self) -> Json | None:  # type: ignore[override]
        body = self.operation.body
        if body is None:
            return None
        return {body.media_type: body.schema(self.subject, self.view.largest_batch)}

    def _get_request_for_media_type(self, serializer: object, direction: str = "request") -> tuple[object, bool]:
        return serializer, True

    def get_response_serializers(self) -> Json:  # type: ignore[override]
        return {str(self.operation.status): self.operation.shows(self.subject)}

    def _is_list_view(self, serializer: object = None) -> bool:
        return False  # the schemas are whole already

    def _get_response_bodies(self, direction: object = "response") -> Json:
        [(status, schema)] = self.get_response_serializers().items()
        content = {each: {"schema": schema} for each in self.operation.gives}
        success = {"description": "Successful operation", "content": content}
        refusals: dict[str, Json] = {each: {"$ref": f"#/components/responses/{each}"} for each in self.operation.errors}
        if self.operation.is_tagged:
            success["headers"] = {"ETag": {"schema": {"type": "string"}}}
        if IF_NONE_MATCH in self.operation.headers:
            refusals["304"] = {"description": "Not modified", "headers": success["headers"]}
        return dict.fromkeys((*map(str, self.operation.other_statuses), status), success) | refusals


RecordEndpoint.schema = RecordAutoSchema()


def reference(parameter: Parameter) -> Json:
    """To its component."""
    return {"$ref": f"#/components/parameters/{parameter.component}"}


def record_endpoints(permissions: Permissions, subject: ObjectSchema, largest_batch: int) -> Iterator[Endpoint]:
    """The routes of one object that someone with these rights may use.

    All are of one view class: drf-spectacular keeps the classes it has seen for the life of the process.
    """
    for operation in RECORD_OPERATIONS:
        if operation.is_for(permissions, subject):
            path = named(operation.path, subject)
            callback = RecordEndpoint.as_view(subject=subject, operation=operation, largest_batch=largest_batch)
            yield path, path, operation.method, callback


class SearchEndpoint(APIView):
    """The route that searches all objects at once."""

    def get(self) -> None:
        """Answered by `core.rest.search`."""


class SearchAutoSchema(AutoSchema):
    """Describes the SearchEndpoint."""

    def get_operation_id(self) -> str:
        return "search"

    def get_summary(self) -> str:
        return "Search by words"

    def get_description(self) -> str:  # type: ignore[override]
        return "Records of all objects that are searchable, the best matches first. Case and accents do not matter."

    def get_tags(self) -> list[str]:
        return ["General"]

    def get_auth(self) -> list[Json]:
        return []

    def _get_parameters(self) -> list[Json]:
        return [reference(each) if each is STARTING_AFTER else each.as_json() for each in SEARCH_PARAMETERS]

    def _get_response_bodies(self, direction: object = "response") -> Json:
        success: Json = {
            "description": "Successful operation",
            "content": {"application/json": {"schema": search_hits()}},
        }
        refusals = {each: {"$ref": f"#/components/responses/{each}"} for each in ("400", "401", "403", "429")}
        return {"200": success, **refusals}


SearchEndpoint.schema = SearchAutoSchema()


def search_endpoint() -> Endpoint:
    return "/search", "/search", "GET", SearchEndpoint.as_view()
