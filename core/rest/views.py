"""Core REST: one view for every route under /rest that is about records.

Faults are answered in the order in which a request is read: JSON syntax of the body, token, path, parameters,
object name; then records are asked, which check names, values and rights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from config.errors import ApiError, BodyTooLarge, MissingToken, UnknownObject
from config.http.confirming import allow_late, confirm, confirmed
from config.http.ignored import HEADER, header_text
from config.http.observability import note_operation, stage
from config.http.rendering import JSON_CONTENT_TYPE, read_body, read_json
from config.principal import Principal
from core.query.scope import Scope, may, nearest, require
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.replay import respond_once
from core.rest.answers import Call, Written
from core.rest.bodies import FILE
from core.rest.conditional import expected_versions
from core.rest.parameters import IF_MATCH, read_parameters
from core.rest.query_string import read_query_string
from core.rest.routes import Route, check_id, parse_route
from metadata.cache import load_schema
from metadata.schema import ObjectSchema

METHODS_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
WRITES = METHODS_WITH_BODY | {"DELETE"}


class RecordsView(APIView):
    """Django REST framework's request, authentication, throttling and exception handling.

    Content negotiation and rendering are left out: every answer is JSON, mostly made by PostgreSQL.
    """

    schema = None  # the API's document is made out of the data model

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return confirmed(request, lambda: self.respond(request))
        except Exception as fault:
            return self.handle_exception(fault)

    def respond(self, request: HttpRequest) -> HttpResponseBase:
        """The walk of a request. `Server-Timing` names its steps:

        1. `body`: it is JSON (a file is read later, while its records are written);
        2. `authenticate`: who asks, within the limits;
        3. `parse`: the route, the parameters and the conditions, by the row of `core.rest.operations`;
        4. `schema`: the data model, and the object in it;
        5. `records`: the row's answer, for which `core.records` plans, compiles and runs statements;
        6. the answer's status and headers.
        """
        method = request.method or "GET"
        with stage(request, "body"):
            route = find_route(method, request.path_info)
            is_file = isinstance(route, Route) and route.operation.body is FILE
            content = read_json_body(request) if method in METHODS_WITH_BODY and not is_file else None
        principal = self.caller(request)
        if isinstance(route, ApiError):
            raise route
        operation = route.operation
        is_once = method in WRITES and IDEMPOTENCY_KEY in request.META and not is_file
        if is_once or not (method == "GET" or operation.confirms):
            confirm()
        if operation.only_reads and not is_once:
            allow_late()
        with stage(request, "parse"):
            try:
                check_id(route)
                query = read_query_string(request.META.get("QUERY_STRING", ""))
                asked, ignored = read_parameters(operation.taken, query)
                for check in operation.checks:
                    check(asked, route.object_name)
                expected = None
                if method in WRITES:
                    id_to_match = route.id if IF_MATCH in operation.headers else None
                    expected = expected_versions(request.META.get("HTTP_IF_MATCH"), id_to_match)
            except ApiError:
                schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
                named = schema.by_plural.get(route.object_name)
                note_operation(request, object_name=None if named is None else named.singular)
                refuse_who_may_not(principal, route)
                raise

        def work() -> HttpResponseBase:
            with stage(request, "schema"):
                schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
                subject = find_object(Scope(schema, principal), route.object_name)
                note_operation(request, object_name=subject.singular)
            with stage(request, "records"):
                body = content
                if operation.body is not None and operation.body.read is not None:
                    body = operation.body.read(content, subject.plural)
                call = Call(request, principal, schema, subject, route.id, asked, body, expected)
                answered = operation.answer(call)
            return answered if isinstance(answered, HttpResponseBase) else made_of(answered, operation.status)

        if is_once:
            write = cast(Callable[[], HttpResponse], work)  # only exports are streams
            response: HttpResponseBase = respond_once(request, principal, request.body, write, self.handle_exception)
        else:
            response = work()
        if ignored:
            response[HEADER] = header_text(ignored)
        return response

    def caller(self, request: HttpRequest) -> Principal:
        """Who asks; raises MissingToken and what the token or the limits refuse."""
        with stage(request, "authenticate"):
            self.request = self.initialize_request(request)
            principal = self.request.auth
            if not isinstance(principal, Principal):
                raise MissingToken("Missing authentication token")
            self.check_throttles(self.request)
        return principal


def find_route(method: str, path: str) -> Route | ApiError:
    """The route, or the error of a path that is none: it is told once it is known who asks."""
    try:
        return parse_route(method, path)
    except ApiError as fault:
        return fault


def refuse_who_may_not(principal: Principal, route: Route) -> None:
    """Tell a caller whom the role allows nothing of this that, rather than what is wrong with the address."""
    scope = Scope(load_schema(principal.workspace_id, principal.workspace.schema_version), principal)
    subject = scope.schema.by_plural.get(route.object_name)
    operation = route.operation
    is_own_perhaps = operation.is_own_perhaps and subject is not None and subject.guard is not None
    if subject is not None and not is_own_perhaps and not any(may(scope, verb, subject) for verb in operation.needs):
        require(scope, operation.needs[0], subject)


def made_of(answered: str | Written, status: int) -> HttpResponse:
    """The response of an answer's JSON text, and of the entity tag it may have."""
    text, tag = (answered, None) if isinstance(answered, str) else answered
    response = HttpResponse(text.encode(), status=status, content_type=JSON_CONTENT_TYPE)
    if tag is not None:
        response["ETag"] = tag
    return response


def read_json_body(request: HttpRequest) -> object:
    """The body as JSON, whatever its content type says; no body reads as an empty object."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.MAX_BODY_BYTES:  # before a byte of it is read
        raise BodyTooLarge(f"Body is larger than {settings.MAX_BODY_BYTES} bytes")
    body = read_body(request)
    return read_json(body) if body.strip() else {}


def find_object(scope: Scope, plural: str) -> ObjectSchema:
    """The object of a path segment, which is always its plural name."""
    schema = scope.schema
    found = schema.by_plural.get(plural)
    if found is not None:
        return found
    singular = schema.by_singular.get(plural)
    if singular is not None:
        raise UnknownObject(f"object '{plural}' not found. Did you mean '{singular.plural}'?")
    raise UnknownObject(f"object '{plural}' not found. eg: companies", hint=nearest(plural, _plurals(scope)))


def _plurals(scope: Scope) -> list[str]:
    return [each.plural for each in scope.schema.objects if may(scope, "read", each)]
