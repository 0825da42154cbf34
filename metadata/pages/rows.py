"""What the pages of the data model share: who may open them, rows by their names, refusals tied to form fields."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from config.errors import ApiError, MetadataValidationFailed, NotFound
from config.http.pages import principal_of
from config.http.sentences import sentence
from metadata.models import FieldMetadata, ObjectMetadata

DATA_MODEL = "/settings/data-model"
FLAG = "DATA_MODEL"
PAGE_SIZE = 50
NOT_ITS_NAME = gettext_lazy("This is not its API name. Nothing was deleted.")


def workspace_id_of(request: HttpRequest) -> UUID:
    return principal_of(request).workspace_id


def object_named(request: HttpRequest, singular: str) -> ObjectMetadata:
    """The object of the member's workspace with that name. Raises NotFound."""
    found = ObjectMetadata.objects.filter(workspace_id=workspace_id_of(request), name_singular=singular).first()
    if found is None:
        raise NotFound(f"There is no object called {singular[:80]}")
    return found


def field_named(obj: ObjectMetadata, name: str) -> FieldMetadata:
    """The object's field with that name. Raises NotFound."""
    found = obj.fields.filter(name=name).select_related("relation_target_object", "relation_target_field").first()
    if found is None:
        raise NotFound(f"{obj.shown('label_plural')} have no field called {name[:80]}")
    found.object = obj
    return found


def address(obj: ObjectMetadata, *parts: str) -> str:
    """The address of an object's page, or of one below it."""
    return "/".join((DATA_MODEL, "objects", obj.name_singular, *parts))


def refusals_of(error: ApiError) -> list[str]:
    """The problems of a refusal in words."""
    return [said for said, _ in _problems_of(error)]


def _problems_of(error: ApiError) -> list[tuple[str, object]]:
    """(sentence, value) of each problem that a refusal reports, or of itself as the only one."""
    if isinstance(error, MetadataValidationFailed):
        found = [each for failure in error.failures for each in failure.problems]
        return [(each.user_message or each.message, each.value) for each in found]
    return [(sentence(error), None)]


def add_problems(form: forms.Form, error: ApiError, members: Mapping[str, object]) -> None:
    """Put each problem to the form field whose value it speaks of (`members`: form field → value), else to the form."""
    for said, about in _problems_of(error):
        text = said if said.endswith((".", "!", "?")) else f"{said}."
        field = next((name for name, value in members.items() if value and value == about), None)
        form.add_error(field, text)
