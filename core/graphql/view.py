"""`/graphql`: the record API over HTTP, as a view of graphene-django's.

Follows the GraphQL-over-HTTP draft: with `application/graphql-response+json` a request that was not
executed has its error's status, with `application/json` it is 200. A body that cannot be read is an
HTTP error either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from graphene_django.views import GraphQLView

from config.errors import (
    ApiError,
    BadRequest,
    BodyTooLarge,
    GraphqlValidation,
    MethodNotAllowed,
    MissingToken,
    NotAuthenticatedForRecords,
    UnknownObject,
)
from config.graphql_errors import api_error, error_json
from config.observability import stage
from config.principal import Principal
from config.rendering import dumps, loads, read_body
from core.graphql.answer import record_api
from core.graphql.compile import parse_document

RESPONSE_TYPE = "application/graphql-response+json"
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    """What a request asks: a document, which of its operations, and its variables."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any] | None


class RecordGraphQLView(GraphQLView):
    """One request: read it, find out who asks, compile, answer. Needs no schema: each workspace has its own."""

    def __init__(self, **_options: Any) -> None:
        """graphene-django's set-up is for one schema that never changes."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            asked = read_request(request)
        except Exception as fault:
            error = _shown(fault, request)
            return self.refuse(request, error, error.status)
        try:
            return self.respond(request, self.answer(request, asked))
        except Exception as fault:
            error = _shown(fault, request)
            is_strict = accepts_response_type(request.headers.get("Accept", ""))
            has_status = is_strict or isinstance(error, MethodNotAllowed)
            return self.refuse(request, error, error.status if has_status else 200)

    def answer(self, request: HttpRequest, asked: GraphqlRequest) -> bytes:
        """The response's body. Raises the ApiError of a request that is not executed."""
        try:
            with stage(request, "auth"):
                principal = _authenticate(request)
        except MissingToken:
            return answer_anonymous(asked)
        api = record_api(principal)
        try:
            with stage(request, "compile"):
                document = api.document(asked.query, asked.operation_name)
            if request.method == "GET" and document.kind != "query":
                raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")
            with stage(request, "records"):
                return api.answer(principal, document, asked.variables, _request_id(request))
        except (GraphqlValidation, UnknownObject):
            _check_schema_version(request, api.schema.version)
            raise

    def respond(self, request: HttpRequest, body: bytes, status: int = 200) -> HttpResponse:
        media_type = RESPONSE_TYPE if accepts_response_type(request.headers.get("Accept", "")) else "application/json"
        return HttpResponse(body, status=status, content_type=f"{media_type}; charset=utf-8")

    def refuse(self, request: HttpRequest, error: ApiError, status: int) -> HttpResponse:
        response = self.respond(request, dumps({"errors": [error_json(error, _request_id(request))]}), status)
        if isinstance(error, MethodNotAllowed):
            response["Allow"] = "GET, POST" if request.method not in ("GET", "POST") else "POST"
        return response


# Reading ---------------------------------------------------------------------------------------------


def read_request(request: HttpRequest) -> GraphqlRequest:
    """The document and its variables, from a query string or a body of any usual kind.

    Raises MethodNotAllowed, BodyTooLarge, MalformedBody, BadRequest.
    """
    if request.method == "POST":
        given = _read_post(request)
    elif request.method == "GET":
        given = request.GET
    else:
        raise MethodNotAllowed("GraphQL only supports GET and POST requests.")
    if isinstance(given, list):
        raise BadRequest("Batching is not supported.")
    if not isinstance(given, Mapping):
        raise BadRequest("The body must be a JSON object with a query.")
    query = given.get("query")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("Must provide query string.")
    variables = given.get("variables")
    if isinstance(variables, str):
        variables = loads(variables.encode()) if variables.strip() else None
    if variables is not None and not isinstance(variables, Mapping):
        raise BadRequest("Variables must be a JSON object.")
    operation_name = given.get("operationName") or None
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest("operationName must be a string.")
    return GraphqlRequest(query, operation_name, variables)


def _read_post(request: HttpRequest) -> Any:
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_BODY_BYTES:
        raise BodyTooLarge(f"Body is larger than {settings.MAX_BODY_BYTES} bytes")
    if request.content_type in FORM_TYPES:
        operations = request.POST.get("operations")  # multipart requests carry the JSON here, files beside it
        return loads(operations.encode()) if operations is not None else request.POST
    body = read_body(request)
    if request.content_type == "application/graphql":
        return {"query": body.decode("utf-8", "replace")}
    if body.strip():
        return loads(body)
    return request.GET


@lru_cache(maxsize=256)
def accepts_response_type(accept: str) -> bool:
    """Whether an Accept header prefers GraphQL's own media type to JSON (RFC 9110 §12.5.1).

    >>> accepts_response_type("application/graphql-response+json, application/json;q=0.9")
    True
    >>> accepts_response_type("application/json"), accepts_response_type("*/*")
    (False, False)
    """
    weights = {"application/json": 0.0, RESPONSE_TYPE: 0.0}
    for part in accept.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_type in weights:
            weights[media_type] = _weight(parameters)
    return weights[RESPONSE_TYPE] > 0 and weights[RESPONSE_TYPE] >= weights["application/json"]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


# Who asks --------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _authenticator(path: str) -> Callable[[HttpRequest], Principal]:
    return cast(Callable[[HttpRequest], Principal], import_string(path))


def _authenticate(request: HttpRequest) -> Principal:
    return _authenticator(settings.AUTHENTICATOR)(request)


def answer_anonymous(asked: GraphqlRequest) -> bytes:
    """What a caller without a token may ask: nothing but `__typename`."""
    source = parse_document(asked.query, asked.operation_name)
    if source.record_fields:
        fields = ", ".join(dict.fromkeys(source.record_fields))
        raise NotAuthenticatedForRecords(f"Unauthenticated: no workspace resolved for fields {fields}")
    for node in source.root_nodes:
        if node.name.value != "__typename":
            raise GraphqlValidation(
                "GraphQL introspection has been disabled, but the requested query contained the field"
                f' "{node.name.value}".'
            )
    root_name = source.operation.operation.value.capitalize()
    return dumps({"data": {(node.alias or node.name).value: root_name for node in source.root_nodes}})


# Refusing --------------------------------------------------------------------------------------------


def _check_schema_version(request: HttpRequest, version: int) -> None:
    """A client that says which data model it was made for is told when that has changed."""
    known = request.headers.get("X-Schema-Version")
    if known is not None and known.strip() != str(version):
        raise GraphqlValidation(
            "Schema version mismatch.",
            user_message="Your workspace has been updated with a new data model. Please refresh the page.",
        )


def _request_id(request: HttpRequest) -> str | None:
    return getattr(request, "request_id", None)


def _shown(fault: Exception, request: HttpRequest) -> ApiError:
    return api_error(fault, _request_id(request))
