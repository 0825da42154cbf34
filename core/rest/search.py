"""`GET /rest/search`: records of several objects by words, best matches first."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from config.errors import MethodNotAllowed, UnknownObject
from config.http.confirming import allow_late
from config.http.ignored import HEADER, header_text
from config.http.observability import stage
from config.http.rendering import JSON_CONTENT_TYPE, dumps
from core.query import ir
from core.query.scope import Scope, may, nearest
from core.records.search import search
from core.rest import parameters as p
from core.rest.parameters import DEFAULT_HITS, Asked, read_parameters
from core.rest.query_string import read_query_string
from core.rest.views import RecordsView
from metadata.cache import load_schema

PARAMETERS = (p.QUERY, p.LIMIT_OF_SEARCH, p.OBJECTS, p.EXCLUDED_OBJECTS, p.FILTER_OF_SEARCH, p.STARTING_AFTER)
_TAKEN = {each.name: each for each in PARAMETERS}


class SearchView(RecordsView):
    """`query`, `limit`, `starting_after`, `objects`, `excluded_objects`, `filter` (fields every object has)."""

    def respond(self, request: HttpRequest) -> HttpResponse:
        principal = self.caller(request)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(f"Method {request.method} is not allowed here", details={"allow": ["GET"]})
        with stage(request, "parse"):
            asked, ignored = read_parameters(_TAKEN, read_query_string(request.META.get("QUERY_STRING", "")))
        with stage(request, "schema"):
            schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
            query = search_of(asked, Scope(schema, principal))
        allow_late()
        with stage(request, "records"):
            hits = search(principal, schema, query)
        body = {
            "data": {"search": [{**hit.as_json(), "cursor": hit.cursor} for hit in hits.hits]},
            "pageInfo": {"hasNextPage": hits.has_next, "endCursor": hits.end_cursor},
        }
        response = HttpResponse(dumps(body), content_type=JSON_CONTENT_TYPE)
        if ignored:
            response[HEADER] = header_text(ignored)
        return response


def search_of(asked: Asked, scope: Scope) -> ir.Search:
    """What is searched for, with the names of objects, singular or plural, found in the data model."""
    return ir.Search(
        asked.words,
        DEFAULT_HITS if asked.limit is None else asked.limit,
        after=asked.after,
        included=_singular(scope, asked.objects, "objects") if asked.objects else None,
        excluded=_singular(scope, asked.excluded_objects, "excluded_objects"),
        filter=asked.filter,
    )


def _singular(scope: Scope, names: Sequence[str], parameter: str) -> tuple[str, ...]:
    found, schema = [], scope.schema
    for name in names:
        subject = schema.by_singular.get(name) or schema.by_plural.get(name)
        if subject is None:
            shown = [each for each in schema.objects if may(scope, "read", each)]
            hint = nearest(name, [word for each in shown for word in (each.singular, each.plural)])
            raise UnknownObject(f"object '{name}' not found", hint=hint, path=parameter)
        found.append(subject.singular)
    return tuple(found)
