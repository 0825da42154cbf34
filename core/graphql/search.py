"""`search`, the root field that belongs to no object: its schema as Graphene types, its query, its answer.

It stands in a schema of its own: a workspace's schema, which introspection shows, has records only,
and none of these types' names is taken from an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import graphene

from config.http.rendering import dumps
from config.principal import Principal
from core.graphql import arguments as args
from core.graphql.arguments import Values, filter_argument
from core.graphql.inputs import filter_named
from core.graphql.operations import Operation, Picks
from core.query import ir
from core.records.search import Hits, search
from metadata.graphql.scalars import UUID
from metadata.schema import WorkspaceSchema


class ObjectRecordFilterInput(graphene.InputObjectType):
    """The fields that every object has."""

    and_ = graphene.InputField(lambda: graphene.List(graphene.NonNull(ObjectRecordFilterInput)), name="and")
    or_ = graphene.InputField(lambda: graphene.List(graphene.NonNull(ObjectRecordFilterInput)), name="or")
    not_ = graphene.InputField(lambda: ObjectRecordFilterInput, name="not")
    id = graphene.InputField(filter_named("UUIDFilter"))
    createdAt = graphene.InputField(filter_named("DateTimeFilter"), name="createdAt")
    updatedAt = graphene.InputField(filter_named("DateTimeFilter"), name="updatedAt")
    deletedAt = graphene.InputField(filter_named("DateTimeFilter"), name="deletedAt")


class SearchRecord(graphene.ObjectType):
    """A record found, and how well it matches."""

    recordId = graphene.Field(UUID, required=True, name="recordId")
    objectNameSingular = graphene.String(required=True, name="objectNameSingular")
    objectLabelSingular = graphene.String(required=True, name="objectLabelSingular")
    label = graphene.String(required=True)
    imageUrl = graphene.String(name="imageUrl")
    tsRankCD = graphene.Float(required=True, name="tsRankCD")
    tsRank = graphene.Float(required=True, name="tsRank")


class SearchResultEdge(graphene.ObjectType):
    node = graphene.NonNull(SearchRecord)
    cursor = graphene.String(required=True)


class SearchResultPageInfo(graphene.ObjectType):
    endCursor = graphene.String(name="endCursor")
    hasNextPage = graphene.Boolean(required=True, name="hasNextPage")


class SearchResultConnection(graphene.ObjectType):
    edges = graphene.NonNull(graphene.List(graphene.NonNull(SearchResultEdge)))
    pageInfo = graphene.Field(SearchResultPageInfo, required=True, name="pageInfo")


def _query(_name: str, values: Values, _picks: Picks) -> ir.Query:
    return ir.Search(
        values["searchInput"],
        values["limit"],
        after=values.get("after"),
        included=values.get("includedObjectNameSingulars"),
        excluded=values.get("excludedObjectNameSingulars", ()),
        filter=filter_argument(values),
    )


def _answer(principal: Principal, schema: WorkspaceSchema, query: ir.Query, picks: Picks) -> str:
    assert isinstance(query, ir.Search)
    return dumps(picked(_connection(search(principal, schema, query)), picks)).decode()


SEARCH = Operation(
    "query", "search", "SearchResultConnection!", "Records of several objects by words, best matches first.",
    (args.SEARCH_INPUT, args.SEARCH_LIMIT, args.SEARCH_AFTER, args.INCLUDED_OBJECTS, args.EXCLUDED_OBJECTS,
     args.SEARCH_FILTER),
    _query, _answer,
)  # fmt: skip
STATIC_FIELDS = frozenset({SEARCH.name})


def _connection(hits: Hits) -> dict[str, object]:
    return {
        "edges": [{"node": hit.as_json(), "cursor": hit.cursor} for hit in hits.hits],
        "pageInfo": {"endCursor": hits.end_cursor, "hasNextPage": hits.has_next},
    }


def picked(value: object, picks: Sequence[ir.Pick]) -> object:
    """A nested value as picked: the members asked for, under their response keys."""
    if isinstance(value, list):
        return [picked(item, picks) for item in value]
    if isinstance(value, Mapping):
        return {
            pick.key: pick.type_name if pick.type_name is not None else picked(value[pick.name], pick.picks)
            for pick in picks
        }
    return value


class Query(graphene.ObjectType):
    """Root fields that belong to no object."""

    search = graphene.Field(
        SearchResultConnection,
        required=True,
        description=SEARCH.description,
        searchInput=graphene.Argument(graphene.String, required=True, name="searchInput"),
        limit=graphene.Argument(graphene.Int, required=True),
        after=graphene.Argument(graphene.String),
        includedObjectNameSingulars=graphene.Argument(
            graphene.List(graphene.NonNull(graphene.String)), name="includedObjectNameSingulars"
        ),
        excludedObjectNameSingulars=graphene.Argument(
            graphene.List(graphene.NonNull(graphene.String)), name="excludedObjectNameSingulars"
        ),
        filter=graphene.Argument(ObjectRecordFilterInput),
    )


@cache
def static_schema() -> graphene.Schema:
    """The schema of the root fields that belong to no object; the same for every workspace."""
    schema = graphene.Schema(query=Query, auto_camelcase=False)
    schema.graphql_schema.query_type.fields["search"].extensions = {"operation": SEARCH, "object": None}
    return schema
