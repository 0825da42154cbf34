"""Answers documents for one workspace: the JSON texts of its root fields, joined without being read.

Everything kept here belongs to one version of one data model and is dropped with it.
"""

from __future__ import annotations

import gzip
import json
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from uuid import UUID
from zlib import compress, decompress

from graphql import GraphQLResolveInfo, GraphQLSchema, get_named_type

from config.errors import ApiError, MixedFields, UnknownObject
from config.http import deadline
from config.http.confirming import confirm
from config.http.graphql_door import KEPT_DOCUMENTS, LONGEST_KEPT
from config.http.graphql_errors import api_error, error_json
from config.http.rendering import dumps
from config.principal import Principal
from core.graphql.compile import Document, RootField, Selector
from core.graphql.introspection import check_introspected, introspect
from core.graphql.literals import MISSING, Variables, literal
from core.graphql.operations import Operation, require_operation
from core.graphql.parse import Source, parse_document
from core.graphql.schema import build_schema
from core.graphql.search import STATIC_FIELDS, static_schema
from core.graphql.variables import check_variables
from core.query import ir
from core.query.scope import Scope, may, nearest
from metadata.cache import load_schema
from metadata.schema import ObjectSchema, WorkspaceSchema

KEPT_WORKSPACES = 64
KEPT_INTROSPECTIONS = 8  # per workspace, as documents are


class RecordApi:
    """The record API of one version of a workspace's data model."""

    def __init__(self, schema: WorkspaceSchema) -> None:
        self.schema = schema
        self.graphene = build_schema(schema, resolve_record)
        self._kept = lru_cache(maxsize=KEPT_DOCUMENTS)(self._compile)
        self._introspections = lru_cache(maxsize=KEPT_INTROSPECTIONS)(self._introspect)  # compressed
        self._packed = lru_cache(maxsize=KEPT_INTROSPECTIONS)(self._pack)

    def document(self, text: str, operation_name: str | None) -> Document:
        """The compiled operation. Raises GraphqlSyntax, GraphqlValidation, UnknownObject, BadRequest, TooComplex."""
        return self._kept(text, operation_name) if len(text) <= LONGEST_KEPT else self._compile(text, operation_name)

    def check_variables(self, document: Document, given: Mapping[str, object] | None) -> None:
        """Raise GraphqlValidation when they do not fit the types that the document declares them with."""
        if document.declared:
            check_variables(document.declared, given or {}, self.graphene.graphql_schema.get_type)

    def suggest(self, principal: Principal, unknown: UnknownObject) -> UnknownObject:
        """The fault, hinting at the nearest root fields that the caller may read."""
        scope = Scope(self.schema, principal)
        graphql_schema = self.graphene.graphql_schema
        known = [*STATIC_FIELDS]
        for root_type in (graphql_schema.query_type, graphql_schema.mutation_type):
            for name, field in () if root_type is None else root_type.fields.items():
                subject = field.extensions.get("object")
                if subject is not None and may(scope, "read", subject):
                    known.append(name)
        named = unknown.extensions.get("fields", ())
        hints = [(name, nearest(name, _alike_first(name, known))) for name in named]
        found = [hint if len(named) == 1 else f"{name}: {hint}" for name, hint in hints if hint is not None]
        return unknown.saying(hint=" ".join(found)) if found else unknown

    def answer(
        self,
        principal: Principal,
        document: Document,
        given: Mapping[str, object] | None,
        request_id: str | None = None,
    ) -> bytes:
        """The whole response; each root field succeeds or fails alone, in order. Raises GraphqlValidation."""
        variables = document.variables(given)
        members: list[bytes] = []  # one answer about the schema can be tens of megabytes: nothing is copied but once
        errors = []
        is_whole, introspected = True, 0
        for root in document.root_fields(variables):
            try:
                deadline.check()
                if root.operation is not None:
                    if root.operation.root == "mutation" and not root.operation.confirms:
                        confirm()
                    query = self._asked(principal, root, variables)
                    text = root.operation.answer(principal, self.schema, query, root.picks).encode()
                elif root.name == "__typename":
                    text = f'"{document.kind.capitalize()}"'.encode()
                else:
                    seen_by = _SeenBy(Scope(self.schema, principal))
                    text = decompress(self._introspections(document, root.key, dumps(variables), seen_by))
                    introspected += _characters(text)
                    check_introspected(introspected)
            except Exception as fault:  # whatever it is, the other root fields are answered
                errors.append(error_json(api_error(fault, request_id), request_id))
                text = b"null"
                is_whole &= root.is_nullable
            members += (b"," if members else b"", f'"{root.key}":'.encode(), text)
        data = (b"{", *members, b"}") if is_whole else (b"null",)
        return b"".join((b'{"data":', *data, *((b',"errors":', dumps(errors)) if errors else ()), b"}"))

    def _asked(self, principal: Principal, root: RootField, variables: Variables) -> ir.Query:
        """What a root field asks. Whoever may not ask it at all is told that, and nothing of the arguments."""
        try:
            return root.query(variables)
        except ApiError:
            if root.operation is not None and root.subject is not None:
                require_operation(Scope(self.schema, principal), root.operation, root.subject)
            raise

    def packed(self, principal: Principal, document: Document, given: Mapping[str, object] | None) -> bytes | None:
        """The whole response as gzip, kept, for a document that asks for one introspection and nothing else."""
        variables = document.variables(given)
        roots = document.root_fields(variables)
        if len(roots) != 1 or roots[0].name not in ("__schema", "__type"):
            return None
        try:
            return self._packed(document, roots[0].key, dumps(variables), _SeenBy(Scope(self.schema, principal)))
        except ApiError:
            return None  # `answer` says so, in its place among the errors

    def _pack(self, document: Document, key: str, variables: bytes, seen_by: _SeenBy) -> bytes:
        text = decompress(self._introspect(document, key, variables, seen_by))
        check_introspected(_characters(text))
        return gzip.compress(f'{{"data":{{"{key}":'.encode() + text + b"}}", compresslevel=4, mtime=0)

    def _compile(self, text: str, operation_name: str | None) -> Document:
        source = parse_document(text, operation_name)
        return Document(self._schema_of(source), source)

    def _schema_of(self, source: Source) -> GraphQLSchema:
        """The workspace's own, or that of the root fields that belong to no object; not both in one request."""
        names = set(source.record_fields)
        if names.isdisjoint(STATIC_FIELDS):
            return self.graphene.graphql_schema
        if not names <= STATIC_FIELDS:
            raise MixedFields(
                "This query cannot be executed as a single request. Please split it into separate queries."
            )
        graphql_schema: GraphQLSchema = static_schema().graphql_schema
        return graphql_schema

    def _introspect(self, document: Document, key: str, variables: bytes, seen_by: _SeenBy) -> bytes:
        """`__schema` or `__type`, from a schema that is dropped with all it was asked for."""
        schema = build_schema(self.schema, seen_by=seen_by.scope).graphql_schema
        values = json.loads(variables)
        [nodes] = [root.nodes for root in document.root_fields(values) if root.key == key]
        text = introspect(schema, nodes, dict(document.source.fragments), values)
        return compress(text.encode(), level=1)


def _characters(text: bytes) -> int:
    return len(text) if text.isascii() else len(text.decode())


def _alike_first(name: str, known: list[str]) -> list[str]:
    """In a large data model only a thousand names are compared: those that begin alike."""
    return sorted(known, key=lambda each: each[:3].lower() != name[:3].lower())


class _SeenBy:
    """A caller, compared by nothing but what decides the schema that they see."""

    __slots__ = ("parts", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.parts = (scope.principal.permissions.as_key, scope.principal.member_id is not None)

    def __hash__(self) -> int:
        return hash(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SeenBy) and self.parts == other.parts


# Kept by workspace -----------------------------------------------------------------------------------

_apis: OrderedDict[UUID, RecordApi] = OrderedDict()
_lock = Lock()


def record_api(principal: Principal) -> RecordApi:
    """The record API as of the data model's version that the caller was authenticated with."""
    workspace = principal.workspace
    schema = load_schema(workspace.id, workspace.schema_version)
    with _lock:
        found = _apis.get(workspace.id)
        if found is not None and found.schema is schema:
            _apis.move_to_end(workspace.id)
            return found
    fresh = RecordApi(schema)
    with _lock:
        _apis[workspace.id] = fresh
        _apis.move_to_end(workspace.id)
        while len(_apis) > KEPT_WORKSPACES:
            _apis.popitem(last=False)
    return fresh


# graphql-core's own executor -------------------------------------------------------------------------


def resolve_record(info: GraphQLResolveInfo, operation: Operation, subject: ObjectSchema) -> object:
    """A root field when graphql-core executes the schema (`RecordSchema.execute`): the same query, parsed.

    `info.context` is `{"principal": Principal, "schema": WorkspaceSchema}`.
    """
    selector = Selector(info.schema, info.fragments, info.variable_values)
    picks = selector.picks(get_named_type(info.return_type), list(info.field_nodes))  # type: ignore[arg-type]
    values = {}
    for argument in info.field_nodes[0].arguments:
        value = literal(argument.value, info.variable_values)
        if value is not MISSING:
            values[argument.name.value] = value
    query = operation.query(subject, values, picks)
    context = info.context
    return json.loads(operation.answer(context["principal"], context["schema"], query, picks))
