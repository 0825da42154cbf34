"""Views, their parts and page layouts over REST: one pair of views for every row of the table of resources.

Any key reads them; writing needs the resource's own flag or DATA_MODEL. Lists are bare arrays for keys of
API version 1 and `{data, pageInfo, totalCount}` else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.urls.resolvers import URLPattern
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import BadParameter, BadRequest, InvalidInput
from config.http.ignored import PAGING, NamesIgnored
from config.http.inputs import path_id, uuid_of
from config.http.paging import read_page, read_page_request
from config.principal import Principal
from metadata.fieldtypes.datetime import moment_text
from metadata.rest.kinds import AnyField
from metadata.rest.views import KEYED
from metadata.services.layout.kinds import RESOURCES
from metadata.services.layout.masking import hidden_fields, shown_value
from metadata.services.layout.members import Member, Resource
from metadata.services.layout.reading import not_found, require_writer, resource_find, resource_rows
from metadata.services.layout.writing import resource_create, resource_delete, resource_destroy, resource_update

_DESTROY = {"true": True, "1": True, "false": False, "0": False}
_FURTHER: Mapping[str, Mapping[str, str]] = {
    "view": {"isCustom": "is_custom", "createdByUserWorkspaceId": "created_by_user_workspace_id"}
}


def resource_json(resource: Resource, row: Any, hidden: frozenset[UUID]) -> dict[str, object]:
    """A row as lists and items answer it; `hidden` are fields whose values stay out of conditions."""
    return {
        "id": row.id,
        **{member.name: shown_value(member, row, hidden) for member in resource.members},
        **{name: getattr(row, attribute) for name, attribute in _FURTHER.get(resource.one, {}).items()},
        "workspaceId": row.workspace_id,
        "createdAt": moment_text(row.created_at),
        "updatedAt": moment_text(row.updated_at),
        "deletedAt": None if row.deleted_at is None else moment_text(row.deleted_at),
    }


class _ResourceView(APIView):
    resource: ClassVar[Resource]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            require_writer(self.principal, self.resource)

    @property
    def principal(self) -> Principal:
        assert isinstance(self.request.auth, Principal)
        return self.request.auth

    @property
    def workspace_id(self) -> UUID:
        return self.principal.workspace_id

    def body(self, request: Request) -> Mapping[str, object]:
        if not isinstance(request.data, Mapping):
            raise InvalidInput(["body must be an object"])
        return request.data

    def shown(self, row: object, status_code: int = status.HTTP_200_OK) -> Response:
        [item] = self.items([row])
        return Response(item, status_code)

    def items(self, rows: Sequence[object]) -> list[dict[str, object]]:
        hidden = hidden_fields(self.resource, rows, self.principal.permissions)
        return [resource_json(self.resource, row, hidden) for row in rows]


class ResourceListView(NamesIgnored, _ResourceView):
    def taken(self) -> tuple[str, ...]:
        return PAGING if self.resource.parent is None else (*PAGING, self.resource.parent)

    def get(self, request: Request) -> Response:
        rows = resource_rows(self.resource, self.workspace_id, self.parent_id(request))
        is_keyed = self.principal.api_version == KEYED
        if is_keyed and not any(name in request.query_params for name in PAGING):
            return Response(self.items(list(rows)))
        page = read_page(rows, read_page_request(request.query_params))
        items = self.items(page.items)
        return Response(items if is_keyed else page.envelope(items))

    def post(self, request: Request) -> Response:
        row = resource_create(
            self.resource,
            workspace_id=self.workspace_id,
            values=self.body(request),
            created_by=self.principal.user_id,
        )
        return self.shown(row, status.HTTP_201_CREATED)

    def parent_id(self, request: Request) -> UUID | None:
        """The id that the list is narrowed by. Raises BadParameter when it is malformed, or absent and asked for."""
        name = self.resource.parent
        text = None if name is None else request.query_params.get(name)
        if not text:
            if self.resource.is_parent_asked:
                raise BadParameter(f"{name} should not be empty", path=name)
            return None
        found = uuid_of(text)
        if found is None:
            raise BadParameter(f"{name} must be a UUID", path=name)
        return found


class ResourceItemView(_ResourceView):
    def get(self, request: Request, id: str) -> Response:
        row = resource_find(self.resource, self.workspace_id, path_id(id))
        if row is None:
            raise not_found(self.resource)
        return self.shown(row)

    def patch(self, request: Request, id: str) -> Response:
        row = resource_update(
            self.resource,
            workspace_id=self.workspace_id,
            id=path_id(id),
            update=self.body(request),
            permissions=self.principal.permissions,
        )
        return self.shown(row)

    def delete(self, request: Request, id: str) -> Response:
        """Hides the row; `?destroy=true` removes it for good."""
        text = request.query_params.get("destroy", "false")
        if text not in _DESTROY:
            raise BadRequest(f"destroy '{text}' is invalid. Should be true or false", path="destroy")
        remove = resource_destroy if _DESTROY[text] else resource_delete
        remove(self.resource, workspace_id=self.workspace_id, id=path_id(id))
        return Response({"success": True})


# For the API's own document: what is checked is checked by the services.

_KINDS: Mapping[str, type[AnyField]] = {
    "text": serializers.CharField,
    "flag": serializers.BooleanField,
    "number": serializers.FloatField,
    "count": serializers.IntegerField,
    "json": serializers.JSONField,
    "uuid": serializers.UUIDField,
    "object": serializers.UUIDField,
    "field": serializers.UUIDField,
    "related": serializers.UUIDField,
    "resource": serializers.UUIDField,
}


_REMOVED = inline_serializer("Removed", {"success": serializers.BooleanField()})


def _described(member: Member, *, is_required: bool) -> AnyField:
    options: dict[str, Any] = {"required": is_required, "allow_null": member.is_nullable}
    if member.choices is not None:
        return serializers.ChoiceField(member.choices.choices, **options)
    return _KINDS[member.kind](**options)


def _serializer(name: str, members: Mapping[str, AnyField]) -> type[serializers.Serializer[Any]]:
    return type(name, (serializers.Serializer,), dict(members))


@cache
def _answer_serializer(resource: Resource) -> type[serializers.Serializer[Any]]:
    members: dict[str, AnyField] = {"id": serializers.UUIDField()}
    members |= {each.name: _described(each, is_required=True) for each in resource.members}
    for name in _FURTHER.get(resource.one, {}):
        is_flag = name.startswith("is")
        members[name] = serializers.BooleanField() if is_flag else serializers.UUIDField(allow_null=True)
    members["workspaceId"] = serializers.UUIDField()
    members |= {name: serializers.DateTimeField() for name in ("createdAt", "updatedAt")}
    members["deletedAt"] = serializers.DateTimeField(allow_null=True)
    return _serializer(f"{resource.pascal}Serializer", members)


def _documented(view: type[_ResourceView], resource: Resource) -> type[_ResourceView]:
    """The view with what it takes and answers, for the OpenAPI document."""
    answer = _answer_serializer(resource)
    create = {each.name: _described(each, is_required=each.is_required) for each in resource.members}
    update = {each.name: _described(each, is_required=False) for each in resource.members if not each.is_fixed}
    created = _serializer(f"{resource.pascal}ForCreate", {"id": serializers.UUIDField(required=False), **create})
    updated = _serializer(f"{resource.pascal}ForUpdate", update)
    methods: dict[str, object] = {}
    if issubclass(view, ResourceListView):
        narrowing = (
            []
            if resource.parent is None
            else [
                OpenApiParameter(
                    resource.parent, UUID, required=resource.is_parent_asked, description="Only of this one"
                )
            ]
        )
        methods["get"] = extend_schema(parameters=narrowing, responses=answer(many=True))
        methods["post"] = extend_schema(request=created, responses={201: answer})
    else:
        destroy = OpenApiParameter("destroy", bool, description="Remove for good rather than hide")
        methods["get"] = extend_schema(responses=answer)
        methods["patch"] = extend_schema(request=updated, responses=answer)
        methods["delete"] = extend_schema(parameters=[destroy], responses={200: _REMOVED})
    return extend_schema_view(**methods)(view)


def _view(parent: type[_ResourceView], resource: Resource) -> Any:
    view = type(f"{resource.pascal}{parent.__name__}", (parent,), {"resource": resource})
    return _documented(view, resource).as_view()


urlpatterns: list[URLPattern] = [
    pattern
    for resource in RESOURCES.values()
    for pattern in (
        path(resource.many, _view(ResourceListView, resource)),
        path(f"{resource.many}/<str:id>", _view(ResourceItemView, resource)),
    )
]
