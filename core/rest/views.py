"""Core REST: one view for every route under /rest that is about records.

A request is read in the order its faults are answered in: JSON syntax of the body, token, path,
parameters, object name; then records are asked, which check names, values and rights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from config.errors import ApiError, BodyTooLarge, MissingToken, UnknownObject
from config.exceptions import rest_body
from config.http.ignored import HEADER, header_text
from config.observability import stage
from config.principal import Principal, Verb
from config.rendering import JSON_CONTENT_TYPE, dumps, read_body, read_json
from core.query import ir
from core.query.names import Scope, may, nearest, require
from core.query.writes import check_batch
from core.records.create import create
from core.records.delete import delete
from core.records.destroy import destroy
from core.records.duplicates import duplicate_pages
from core.records.find import find_page, find_version
from core.records.group_by import group_by
from core.records.history import history
from core.records.merge import merge
from core.records.partial import Outcome, create_each
from core.records.restore import restore
from core.records.update import update
from core.replay import HEADER as IDEMPOTENCY_KEY
from core.replay import respond_once
from core.rest import envelope
from core.rest.bodies import read_duplicates, read_merge, read_record, read_records
from core.rest.conditional import entity_tag, expected_versions, is_unchanged, tag_of_written
from core.rest.groups import parse_group_by
from core.rest.parameters import Asked, Limits, Route, check_id, ignored_parameters, parse_parameters, parse_route
from core.rest.query_string import read_query_string
from metadata.cache import load_schema
from metadata.schema import ObjectSchema, WorkspaceSchema

METHODS_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
WRITES = METHODS_WITH_BODY | {"DELETE"}
CREATED = frozenset(("create_one", "create_many"))  # answered 201
DEFAULT_GROUPS = 50

_ID_ONLY = ir.Everything(only=("id",))


class RecordsView(APIView):
    """Django REST framework's request, authentication, throttling and exception handling.

    Content negotiation and rendering are left out: every answer is JSON, mostly made by PostgreSQL.
    """

    schema = None  # the API's document is made out of the data model

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return self.respond(request)
        except Exception as fault:
            return self.handle_exception(fault)

    def respond(self, request: HttpRequest) -> HttpResponseBase:
        method = request.method or "GET"
        body = read_json_body(request) if method in METHODS_WITH_BODY else None
        principal = self.caller(request)
        with stage(request, "parse"):
            route = parse_route(method, request.path_info)
            try:
                check_id(route)
                parameters = read_query_string(request.META.get("QUERY_STRING", ""))
                ignored = ignored_parameters(route, parameters)
                if route.operation == "group_by":
                    asked, groups = Asked(), parse_group_by(route.object_name, parameters, group_limits())
                else:
                    asked, groups = parse_parameters(route, parameters, page_limits()), None
                if_none_match = request.META.get("HTTP_IF_NONE_MATCH")
                expected = None
                if method in WRITES:
                    expected = expected_versions(request.META.get("HTTP_IF_MATCH"), route.operation, route.id)
            except ApiError:
                refuse_who_may_not(principal, route)
                raise

        def work() -> HttpResponse:
            with stage(request, "schema"):
                schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
                subject = find_object(Scope(schema, principal), route.object_name)
            with stage(request, "records"):
                call = Call(principal, schema, subject, route, asked, body, groups, expected, if_none_match)
                answered = OPERATIONS[route.operation](call)
            if isinstance(answered, HttpResponse):
                return answered
            text, tag = (answered, None) if isinstance(answered, str) else answered
            status = 201 if route.operation in CREATED else 200
            response = HttpResponse(text.encode(), status=status, content_type=JSON_CONTENT_TYPE)
            if tag is not None:
                response["ETag"] = tag
            return response

        if method in WRITES and IDEMPOTENCY_KEY in request.META:
            response = respond_once(request, principal, request.body, work, self.handle_exception)
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


RIGHTS: Mapping[str, tuple[Verb, ...]] = {  # of which a caller needs one to ask the operation at all
    "find_many": ("read",),
    "find_one": ("read",),
    "history": ("read",),
    "group_by": ("read",),
    "duplicates": ("read",),
    "create_one": ("update",),
    "create_many": ("update",),
    "update_one": ("update",),
    "update_many": ("update",),
    "merge": ("update",),
    "restore_one": ("soft_delete",),
    "restore_many": ("soft_delete",),
    "delete_one": ("soft_delete", "destroy"),
    "delete_many": ("soft_delete", "destroy"),
}


def refuse_who_may_not(principal: Principal, route: Route) -> None:
    """Tell a caller whom the role allows nothing of this that, rather than what is wrong with the address."""
    scope = Scope(load_schema(principal.workspace_id, principal.workspace.schema_version), principal)
    subject = scope.schema.by_plural.get(route.object_name)
    needed = RIGHTS[route.operation]
    is_own_perhaps = route.operation == "update_one" and subject is not None and subject.guard is not None
    if subject is not None and not is_own_perhaps and not any(may(scope, verb, subject) for verb in needed):
        require(scope, needed[0], subject)


def read_json_body(request: HttpRequest) -> Any:
    """The body as JSON, whatever its content type says; no body reads as an empty object."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.MAX_BODY_BYTES:  # before a byte of it is read
        raise BodyTooLarge(f"Body is larger than {settings.MAX_BODY_BYTES} bytes")
    body = read_body(request)
    return read_json(body) if body.strip() else {}


def page_limits() -> Limits:
    return Limits(settings.DEFAULT_PAGE_SIZE, settings.MAX_PAGE_SIZE_REST)


def group_limits() -> Limits:
    return Limits(DEFAULT_GROUPS, settings.MAX_PAGE_SIZE_REST)


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


# Operations: what was asked → the text of the answer, or the response where it has headers of its own ----


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood; `groups` is what groupBy asks, `expected` what If-Match does."""

    principal: Principal
    schema: WorkspaceSchema
    subject: ObjectSchema
    route: Route
    asked: Asked
    body: Any
    groups: ir.GroupBy | None = None
    expected: tuple[str, ...] | None = None
    if_none_match: str | None = None

    @property
    def target(self) -> ir.Target:
        """One record when the path has an id, else all that match the filter."""
        if self.route.id is not None:
            return ir.Target(id=self.route.id, expected=self.expected)
        return ir.Target(filter=self.asked.filter)

    def written(self, verb: str, records: list[str]) -> str | Written:
        """The envelope of a write: the record of the path's id, or every record it was about."""
        if self.route.id is not None:
            return self.written_one(verb, records[0])
        return envelope.of_records(verb + self.subject.plural_pascal, records)

    def written_one(self, verb: str, record: str) -> Written:
        return Written(envelope.of_record(verb + self.subject.singular_pascal, record), tag_of_written(record))


class Written(NamedTuple):
    """The answer about one record that was written, and its entity tag, which the next If-Match can name."""

    text: str
    tag: str | None


def answer_find_many(call: Call) -> str:
    asked = call.asked
    query = ir.Find(call.subject.singular, asked.selection, asked.filter, asked.order, asked.page, asked.with_total)
    return envelope.of_page(call.subject.plural, find_page(call.principal, call.schema, query))


def answer_find_one(call: Call) -> HttpResponse:
    assert call.route.id is not None
    query = ir.FindOne(call.subject.singular, call.asked.selection, ir.Match("id", {"eq": call.route.id}))
    text, version = find_version(call.principal, call.schema, query)
    tag = entity_tag(call.route.id, version, text)
    if is_unchanged(call.if_none_match, tag):
        response: HttpResponse = HttpResponseNotModified()
    else:
        text = envelope.of_record(call.subject.singular, text)
        response = HttpResponse(text.encode(), content_type=JSON_CONTENT_TYPE)
    response["ETag"] = tag
    return response


def answer_history(call: Call) -> str:
    query = ir.History(call.subject.singular, call.route.id, call.asked.page)
    return envelope.of_page("history", history(call.principal, call.schema, query))


def answer_create_one(call: Call) -> Written:
    records = (read_record(call.body, call.subject.plural),)
    query = ir.Create(call.subject.singular, records, call.asked.selection, call.asked.upsert)
    [record] = create(call.principal, call.schema, query)
    return call.written_one("create", record)


def answer_create_many(call: Call) -> str | HttpResponse:
    records = read_records(call.body, call.subject.plural)
    if call.asked.goes_on:
        return answer_create_each(call, records)
    query = ir.Create(call.subject.singular, records, call.asked.selection, call.asked.upsert)
    return envelope.of_records("create" + call.subject.plural_pascal, create(call.principal, call.schema, query))


def answer_create_each(call: Call, records: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """`on_error=continue`: what could be written, and a result for every record; 200 when none could."""
    scope = Scope(call.schema, call.principal)
    require(scope, "update", call.subject)
    check_batch(scope, len(records))
    outcomes = create_each(scope, call.subject, records, call.asked.selection, as_upsert=call.asked.upsert)
    written = [each.text for each in outcomes if each.fault is None]
    results = dumps([result_of(index, each) for index, each in enumerate(outcomes)]).decode()
    text = envelope.of_records("create" + call.subject.plural_pascal, written)
    content = f'{text[:-1]},"results":{results}}}'.encode()
    return HttpResponse(content, status=201 if written else 200, content_type=JSON_CONTENT_TYPE)


def result_of(index: int, outcome: Outcome) -> dict[str, Any]:
    if outcome.fault is None:
        return {"index": index, "status": 200 if outcome.is_update else 201, "id": outcome.id}
    refusal = rest_body(outcome.fault)
    return {"index": index, "status": refusal.pop("statusCode"), **refusal}


def answer_update(call: Call) -> str | Written:
    changes = read_record(call.body, call.subject.plural)
    query = ir.Update(call.subject.singular, call.target, changes, call.asked.selection)
    return call.written("update", update(call.principal, call.schema, query))


def answer_delete(call: Call) -> str | Written:
    """A soft delete shows the record as it now is; of a destroyed one only the id is left."""
    if call.asked.soft_delete:
        deleted = ir.Delete(call.subject.singular, call.target, ir.Everything())
        return call.written("delete", delete(call.principal, call.schema, deleted))
    destroyed = ir.Destroy(call.subject.singular, call.target, _ID_ONLY)
    return call.written("delete", destroy(call.principal, call.schema, destroyed))


def answer_restore(call: Call) -> str | Written:
    query = ir.Restore(call.subject.singular, call.target, call.asked.selection)
    return call.written("restore", restore(call.principal, call.schema, query))


def answer_duplicates(call: Call) -> str:
    query = read_duplicates(call.body, call.subject.singular, call.asked.selection)
    pages = duplicate_pages(call.principal, call.schema, query)
    return envelope.of_duplicates(f"{call.subject.singular}Duplicates", pages)


def answer_merge(call: Call) -> str:
    query = read_merge(call.body, call.subject.singular, call.asked.selection)
    return envelope.of_record("merge" + call.subject.singular_pascal, merge(call.principal, call.schema, query))


def answer_group_by(call: Call) -> str:
    assert call.groups is not None
    query = replace(call.groups, object_name=call.subject.singular)
    return envelope.of_groups(group_by(call.principal, call.schema, query))


OPERATIONS: Mapping[str, Callable[[Call], str | Written | HttpResponse]] = {
    "find_many": answer_find_many,
    "find_one": answer_find_one,
    "history": answer_history,
    "create_one": answer_create_one,
    "create_many": answer_create_many,
    "update_one": answer_update,
    "update_many": answer_update,
    "delete_one": answer_delete,
    "delete_many": answer_delete,
    "restore_one": answer_restore,
    "restore_many": answer_restore,
    "duplicates": answer_duplicates,
    "merge": answer_merge,
    "group_by": answer_group_by,
}
