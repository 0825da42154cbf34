"""A step of a plan, and the rows that steps are about, looked up by name when they run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from config.errors import InvalidMetadataInput
from config.principal import Permissions
from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.snapshot.entries import Entry


@dataclass(frozen=True, slots=True)
class Step:
    """One change that the file asks for. `run` does it; names are looked up when it runs."""

    action: str  # create, rename, update, delete
    path: str  # `object rocket`, `field rocket.speed`
    run: Callable[[], None]
    details: Mapping[str, object] = field(default_factory=dict)
    is_destructive: bool = False

    def __str__(self) -> str:
        details = ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in self.details.items())
        return f"{self.action} {self.path}" + (f" ({details})" if details else "")

    def as_json(self) -> dict[str, object]:
        return {
            "action": self.action,
            "path": self.path,
            "details": dict(self.details),
            "isDestructive": self.is_destructive,
        }


class NamedRows:
    """The rows of a workspace by their names, as they are now.

    `permissions` are those of who asks for the steps, as far as values of records decide them or stand in refusals.
    """

    def __init__(self, workspace_id: UUID, permissions: Permissions) -> None:
        self.id = workspace_id
        self.permissions = permissions

    def object(self, name: str) -> ObjectMetadata:
        found = ObjectMetadata.objects.filter(workspace_id=self.id, name_singular=name).first()
        if found is None:
            raise invalid(f'There is no object "{name}"', name)
        return found

    def field(self, object_name: str, name: str) -> FieldMetadata:
        found = FieldMetadata.objects.filter(workspace_id=self.id, object__name_singular=object_name, name=name).first()
        if found is None:
            raise invalid(f'Object {object_name} has no field "{name}"', f"{object_name}.{name}")
        return found

    def update_object(self, name: str, update: Mapping[str, Any]) -> None:
        services.object_update(workspace_id=self.id, object_id=self.object(name).id, update=update)

    def update_field(self, object_name: str, name: str, update: Mapping[str, Any]) -> None:
        row = self.field(object_name, name)
        if "settings" in update and row.relation_type is not None:
            joined = {"joinColumnName": row.join_name} if row.join_name else {}
            update = {**update, "settings": {**(update["settings"] or {}), **joined}}
        services.field_update(workspace_id=self.id, field_id=row.id, update=update, permissions=self.permissions)


def invalid(message: str, path: str) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code="INVALID_SCHEMA", path=path)


def bare(options: Iterable[Mapping[str, object]]) -> list[Entry]:
    return [{name: each.get(name) for name in ("value", "label", "color")} for each in options]


def positioned(options: Sequence[Mapping[str, object]], ids: Mapping[str, str]) -> list[Entry]:
    """Options as the services take them: in their order, with the id of the value that each one had."""
    made = []
    for place, each in enumerate(options):
        option = {**bare([each])[0], "position": place}
        known = ids.get(str(each.get("previousValue", each["value"])))
        made.append({**option, "id": known} if known else option)
    return made
