"""`POST /metadata` (and GET for queries): HTTP around the schema.

Answers 200 for whatever was executed, its errors included, and 400 for what could not be: no JSON, no
document, a document or variables that do not fit the schema.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from graphene_django.views import GraphQLView, HttpError
from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
)

from config.errors import ApiError, BadRequest, Forbidden, GraphqlValidation, MethodNotAllowed, MissingToken, TooComplex
from config.graphql_errors import api_error, error_json
from config.rendering import dumps, loads, read_body
from metadata.graphql.document import Prepared, prepare
from metadata.graphql.rows import WorkspaceRows
from metadata.graphql.scalars import InvalidScalar
from metadata.graphql.schema import schema

KEPT_INTROSPECTIONS = 16
CORS_HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Apollo-Require-Preflight, X-Locale",
    "Access-Control-Max-Age": "86400",
}


class SynchronousExecution(ExecutionContext):
    """No resolver here is a coroutine, so nobody needs to look whether one is."""

    @staticmethod
    def is_awaitable(value: Any) -> bool:
        return False


class MetadataView(GraphQLView):
    """graphene-django's view with this API's authentication, errors and status codes."""

    execution_context_class = SynchronousExecution

    def __init__(self, **options: Any) -> None:
        super().__init__(schema=schema(), **options)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
        else:
            status, body = self._answer(request)
            response = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
        for name, value in CORS_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _answer(self, request: HttpRequest) -> tuple[int, bytes]:
        try:
            if request.method not in {"GET", "POST"}:
                raise MethodNotAllowed("GraphQL only supports GET and POST requests.")
            text, variables, operation_name, _ = self.get_graphql_params(request, self.parse_body(request))
        except (ApiError, HttpError) as fault:
            return _refusal(fault)
        try:
            request.principal = import_string(settings.AUTHENTICATOR)(request)  # type: ignore[attr-defined]
        except MissingToken:
            return 200, dumps({"errors": [error_json(Forbidden("Forbidden resource"))], "data": None})
        except ApiError as fault:
            return 200, dumps({"errors": [error_json(fault)]})
        try:
            return self._execute(request, text, variables, operation_name)
        except (ApiError, GraphQLError) as fault:
            return _refusal(fault)

    def parse_body(self, request: HttpRequest) -> Mapping[str, Any]:
        """The parameters of a POST; of a GET there are none in the body. Raises ApiError."""
        if request.method == "GET":
            return {}
        content_type = self.get_content_type(request)
        if content_type == "application/graphql":
            return {"query": read_body(request).decode("utf-8", "replace")}
        if content_type == "multipart/form-data":
            return request.POST
        body = loads(read_body(request))
        if isinstance(body, list):
            raise BadRequest("Batching is not supported.")
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object with a query.")
        return body

    def _execute(self, request: HttpRequest, text: Any, variables: Any, operation_name: Any) -> tuple[int, bytes]:
        if not isinstance(text, str) or not text.strip():
            raise BadRequest("Must provide query string.")
        if variables is not None and not isinstance(variables, dict):
            raise BadRequest("Variables must be a JSON object.")
        if operation_name is not None and not isinstance(operation_name, str):
            raise BadRequest("operationName must be a string.")
        prepared = prepare(text)
        if prepared.errors:
            return 400, dumps({"errors": [_error(each) for each in prepared.errors]})
        operation = prepared.operation(operation_name)
        if operation is None:
            raise GraphqlValidation(
                f'Unknown operation named "{operation_name}".'
                if operation_name
                else "Must provide operation name if query contains multiple operations."
            )
        if request.method == "GET" and operation.operation != OperationType.QUERY:
            raise MethodNotAllowed("Can only perform a mutation operation from a POST request.")
        if not _is_introspection(prepared, operation):
            return self._run(request, prepared.document, variables, operation_name)
        key = (text, operation_name, json.dumps(variables, sort_keys=True))
        kept = _introspections.get(key)
        return kept if kept is not None else _introspections.put(
            key, self._run(request, prepared.document, variables, operation_name)
        )

    def _run(
        self, request: HttpRequest, document: DocumentNode, variables: Any, operation_name: str | None
    ) -> tuple[int, bytes]:
        request.rows = WorkspaceRows(request.principal.workspace_id)  # type: ignore[attr-defined]
        request.locale = request.headers.get("X-Locale")  # type: ignore[attr-defined]
        result = execute(
            self.schema.graphql_schema,
            document,
            context_value=request,
            variable_values=variables,
            operation_name=operation_name,
            execution_context_class=self.execution_context_class,
        )
        assert isinstance(result, ExecutionResult)
        if not result.errors:
            return 200, dumps({"data": result.data})
        if all(each.path is None for each in result.errors):  # before any field: the variables do not fit
            return 400, dumps({"errors": [_error(each) for each in result.errors]})
        for fault in result.errors:
            if isinstance(fault.original_error, TooComplex):  # what was answered until then is of no use
                return 200, dumps({"errors": [_error(fault)], "data": None})
        return 200, dumps({"errors": [_error(each) for each in _first_of_each_root(result.errors)], "data": result.data})


metadata_view = csrf_exempt(MetadataView.as_view())


def _refusal(fault: ApiError | GraphQLError | HttpError) -> tuple[int, bytes]:
    """A request that reaches no field."""
    if isinstance(fault, HttpError):
        fault = BadRequest(fault.message)
    status = fault.status if isinstance(fault, MethodNotAllowed) else 400
    return status, dumps({"errors": [_error(fault)]})


def _error(fault: ApiError | GraphQLError) -> dict[str, Any]:
    """One member of `errors`, with the path of the field that it comes from."""
    scalar = _scalar_fault(fault)
    if scalar is not None:
        refused = GraphqlValidation(
            scalar.message, extensions={"http": {"status": 400}, "value": scalar.value}
        )
        return error_json(refused)
    error = error_json(api_error(fault))
    if isinstance(fault, GraphQLError) and fault.path is not None:
        error["path"] = fault.path
    return error


def _first_of_each_root(faults: Sequence[GraphQLError]) -> list[GraphQLError]:
    """One fault per root field: what fails below it mostly fails again and again for one reason."""
    firsts: dict[Any, GraphQLError] = {}
    for fault in faults:
        firsts.setdefault(fault.path[0] if fault.path else None, fault)
    return list(firsts.values())


def _scalar_fault(fault: BaseException | None) -> InvalidScalar | None:
    """The scalar's own complaint inside the sentences that graphql-core wraps around it."""
    while fault is not None and not isinstance(fault, InvalidScalar):
        fault = fault.original_error if isinstance(fault, GraphQLError) else None
    return fault


def _is_introspection(prepared: Prepared, operation: OperationDefinitionNode) -> bool:
    """Whether the operation asks of the schema only, plainly at its root."""
    return operation.operation == OperationType.QUERY and all(
        isinstance(node, FieldNode) and node.name.value in {"__schema", "__type", "__typename"}
        for node in operation.selection_set.selections
    )


class _Introspections:
    """The bytes of introspection answers, which are the same for every caller, least recently used out first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[Any, ...], tuple[int, bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> tuple[int, bytes] | None:
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: tuple[Any, ...], answer: tuple[int, bytes]) -> tuple[int, bytes]:
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > KEPT_INTROSPECTIONS:
                self._answers.popitem(last=False)
        return answer


_introspections = _Introspections()
