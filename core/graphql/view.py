"""`/graphql`: the record API over HTTP, as a view of graphene-django's.

Follows the GraphQL-over-HTTP draft: with `application/graphql-response+json` a request that was not
executed has its error's status, with `application/json` it is 200. A body that cannot be read is an
HTTP error either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from graphene_django.views import GraphQLView

from config.errors import (
    ApiError,
    AppVersionMismatch,
    GraphqlValidation,
    MethodNotAllowed,
    MissingToken,
    NotAuthenticatedForRecords,
    UnknownObject,
)
from config.http.confirming import confirm, confirmed
from config.http.graphql_errors import api_error, error_json
from config.http.graphql_request import (
    GraphqlRequest,
    compressed_response,
    graphql_response,
    read_request,
    wants_response_type,
)
from config.http.observability import note_operation, stage
from config.http.rendering import dumps
from config.http.request_kinds import READS_ONLY
from config.principal import Principal
from core.graphql.answer import record_api
from core.graphql.compile import parse_document
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.replay import respond_once

_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?=[-+]|$)", re.ASCII)  # of semver.org


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
            return confirmed(request, lambda: self.answer(request, asked))
        except Exception as fault:
            return self.refuse_unexecuted(request, fault)

    def answer(self, request: HttpRequest, asked: GraphqlRequest) -> HttpResponse:
        """The response. Raises the ApiError of a request that is not executed.

        A mutation with an `Idempotency-Key` is executed once, and its response kept with what its fields wrote,
        the errors of single fields too.
        """
        try:
            with stage(request, "auth"):
                principal = _authenticate(request)
        except MissingToken:
            return graphql_response(request, answer_anonymous(asked))
        api = record_api(principal)
        try:
            with stage(request, "compile"):
                document = api.document(asked.query, asked.operation_name)
                note_operation(request, document.title, document.object_name)
            if request.method != "POST" and document.kind != "query":
                raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")
            if document.kind == "query":
                request.META[READS_ONLY] = True
            elif IDEMPOTENCY_KEY in request.META:
                confirm()
        except (GraphqlValidation, UnknownObject) as fault:
            _check_client(request, api.schema.version)
            if isinstance(fault, UnknownObject):
                raise api.suggest(principal, fault) from fault
            raise
        if wants_response_type(request):
            api.check_variables(document, asked.variables)

        def work() -> HttpResponse:
            try:
                with stage(request, "records"):
                    if "gzip" in request.headers.get("Accept-Encoding", ""):
                        packed = api.packed(principal, document, asked.variables)
                        if packed is not None:
                            return compressed_response(request, packed)
                    body = api.answer(principal, document, asked.variables, _request_id(request))
            except (GraphqlValidation, UnknownObject):
                _check_client(request, api.schema.version)
                raise
            return graphql_response(request, body)

        if document.kind == "mutation" and IDEMPOTENCY_KEY in request.META:
            sent = dumps([asked.query, asked.operation_name, asked.variables])
            return respond_once(request, principal, sent, work, lambda fault: self.refuse_unexecuted(request, fault))
        return work()

    def refuse_unexecuted(self, request: HttpRequest, fault: Exception) -> HttpResponse:
        error = _shown(fault, request)
        has_status = wants_response_type(request) or isinstance(error, MethodNotAllowed)
        return self.refuse(request, error, error.status if has_status else 200)

    def refuse(self, request: HttpRequest, error: ApiError, status: int) -> HttpResponse:
        body = dumps({"errors": [error_json(each, _request_id(request)) for each in (error, *error.others)]})
        return graphql_response(request, body, status)


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


def _check_client(request: HttpRequest, version: int) -> None:
    """A client that says which server or data model it was made for is told when it is older than this one."""
    if _is_older(request.headers.get("X-App-Version", "")):
        raise AppVersionMismatch("App version mismatch.")
    known = request.headers.get("X-Schema-Version")
    if known is not None and known.strip() != str(version):
        raise GraphqlValidation(
            "Schema version mismatch.",
            user_message="Your workspace has been updated with a new data model. Please refresh the page.",
        )


def _is_older(app_version: str) -> bool:
    """Whether `1.2.3` is older than this server; what is no version says nothing."""
    found = _VERSION.match(app_version.strip())
    return found is not None and tuple(map(int, found.groups())) < settings.VERSION


def _request_id(request: HttpRequest) -> str | None:
    return getattr(request, "request_id", None)


def _shown(fault: Exception, request: HttpRequest) -> ApiError:
    return api_error(fault, _request_id(request))
