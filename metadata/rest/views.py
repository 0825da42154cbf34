"""`/rest/metadata/objects` and `/rest/metadata/fields`, in the envelope that the key's `apiVersion` says.

Version 1 wraps every answer under the operation's name; version 2 answers the resource itself. Lists of
both carry `pageInfo` and `totalCount`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import FieldMetadataNotFound, InvalidMetadataInput, ObjectMetadataNotFound
from config.http.ignored import NamesIgnored
from config.http.inputs import path_id
from config.http.paging import Page, read_page, read_page_request
from config.http.rights import require
from config.principal import Principal
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.rest.serializers import (
    FieldCreateInput,
    FieldTypeInput,
    FieldUpdateInput,
    ObjectCreateInput,
    ObjectUpdateInput,
)
from metadata.rest.shapes import field_json, object_json, objects_json, relation_names

FLAG = "DATA_MODEL"
KEYED = "1"


class EnvelopedView(APIView):
    """Answers an item in the envelope of the caller's `apiVersion`."""

    @property
    def principal(self) -> Principal:
        assert isinstance(self.request.auth, Principal)
        return self.request.auth

    def item(self, operation: str, item: dict[str, object], status_code: int = status.HTTP_200_OK) -> Response:
        return Response({"data": {operation: item}} if self.principal.api_version == KEYED else item, status_code)


class _MetadataView(EnvelopedView):
    """Asks every caller for the DATA_MODEL flag, readers too."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        require(self.principal, FLAG)

    @property
    def workspace_id(self) -> UUID:
        return self.principal.workspace_id

    @property
    def locale(self) -> str | None:
        return self.request.headers.get("x-locale")

    def page(self, name: str, page: Page[Any], items: list[dict[str, object]]) -> Response:
        return Response(page.envelope({name: items} if self.principal.api_version == KEYED else items))


class _ObjectAnswers(_MetadataView):
    def with_fields(self, obj: ObjectMetadata) -> dict[str, object]:
        (item,) = objects_json(self.workspace_id, [obj], self.locale)
        return item


class ObjectsView(NamesIgnored, _ObjectAnswers):
    def get(self, request: Request) -> Response:
        objects = ObjectMetadata.objects.filter(workspace_id=self.workspace_id)
        page = read_page(objects, read_page_request(request.query_params))
        return self.page("objects", page, objects_json(self.workspace_id, page.items, self.locale))

    def post(self, request: Request) -> Response:
        values = ObjectCreateInput(data=request.data).read()
        obj = services.object_create(workspace_id=self.workspace_id, values=values)
        return self.item("createOneObject", self.with_fields(obj), status.HTTP_201_CREATED)


class ObjectView(_ObjectAnswers):
    def get(self, request: Request, id: str) -> Response:
        obj = ObjectMetadata.objects.filter(workspace_id=self.workspace_id, id=path_id(id)).first()
        if obj is None:
            raise ObjectMetadataNotFound()
        return self.item("object", self.with_fields(obj))

    def patch(self, request: Request, id: str) -> Response:
        object_id = path_id(id)
        update = ObjectUpdateInput(data=request.data).read()
        obj = services.object_update(workspace_id=self.workspace_id, object_id=object_id, update=update)
        return self.item("updateOneObject", self.with_fields(obj))

    put = patch

    def delete(self, request: Request, id: str) -> Response:
        obj = services.object_delete(workspace_id=self.workspace_id, object_id=path_id(id))
        return self.item("deleteOneObject", object_json(obj, self.locale))


class _FieldAnswers(_MetadataView):
    def shown(self, field: FieldMetadata) -> dict[str, object]:
        return field_json(field, relation_names(self.workspace_id, [field]), self.locale)


class FieldsView(NamesIgnored, _FieldAnswers):
    def get(self, request: Request) -> Response:
        fields = FieldMetadata.objects.filter(workspace_id=self.workspace_id)
        page = read_page(fields, read_page_request(request.query_params))
        names = relation_names(self.workspace_id, page.items)
        return self.page("fields", page, [field_json(each, names, self.locale) for each in page.items])

    def post(self, request: Request) -> Response:
        values = FieldCreateInput(data=request.data).read()
        field = services.field_create(workspace_id=self.workspace_id, values=values)
        return self.item("createOneField", self.shown(field), status.HTTP_201_CREATED)


class FieldView(_FieldAnswers):
    def get(self, request: Request, id: str) -> Response:
        field = FieldMetadata.objects.filter(workspace_id=self.workspace_id, id=path_id(id)).first()
        if field is None:
            raise FieldMetadataNotFound()
        return self.item("field", self.shown(field))

    def patch(self, request: Request, id: str) -> Response:
        field_id = path_id(id)
        update = FieldUpdateInput(data=request.data).read()
        try:
            field = services.field_update(
                workspace_id=self.workspace_id,
                field_id=field_id,
                update=update,
                permissions=self.principal.permissions,
            )
        except FieldMetadataNotFound as error:  # here, and only here, an unknown field is a bad request
            raise InvalidMetadataInput(error.message, sub_code="FIELD_METADATA_NOT_FOUND") from None
        return self.item("updateOneField", self.shown(field))

    put = patch

    def delete(self, request: Request, id: str) -> Response:
        field_id = path_id(id)
        before = FieldMetadata.objects.filter(workspace_id=self.workspace_id, id=field_id).first()
        shown = None if before is None else self.shown(before)
        field = services.field_delete(workspace_id=self.workspace_id, field_id=field_id)
        return self.item("deleteOneField", shown or self.shown(field))


class FieldTypeView(_MetadataView):
    """Changes a field's type, with every stored value, or with `dryRun` says which values are in the way."""

    def post(self, request: Request, id: str) -> Response:
        field_id = path_id(id)
        values = FieldTypeInput(data=request.data).read()
        change = services.field_change_type(
            workspace_id=self.workspace_id,
            field_id=field_id,
            type=values["type"],
            options=values.get("options"),
            settings=values.get("settings"),
            dry_run=bool(values.get("dryRun")),
            permissions=self.principal.permissions,
        )
        field = FieldMetadata.objects.get(workspace_id=self.workspace_id, id=field_id)
        return self.item(
            "changeFieldType",
            {
                "field": field_json(field, relation_names(self.workspace_id, [field]), self.locale),
                "dryRun": change.is_dry_run,
                "convertedCount": change.converted,
                "unconvertedCount": change.unconverted_count,
                "unconverted": [each.as_json() for each in change.unconverted],
            },
        )
