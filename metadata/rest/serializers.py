"""The kinds of values that bodies may hold; what they mean is checked by `metadata.services`.

Messages name the member first (`nameSingular must be a string`), as clients of the API expect them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from config.errors import InvalidInput
from config.http.inputs import uuid_of
from metadata.inputs import empty_messages


class Text(serializers.Field[str, str, str, object]):
    """A string, kept as sent: the services trim it and say what is wrong with it."""

    default_error_messages = {
        "required": "should not be empty",
        "null": "should not be empty",
        "empty": "should not be empty",
        "kind": "must be a string",
    }

    def __init__(self, *, allow_empty: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.allow_empty = allow_empty

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("kind")
        if data == "" and not self.allow_empty:
            self.fail("empty")
        return str(data)

    def to_representation(self, value: str) -> str:
        return value


class Flag(serializers.Field[bool, bool, bool, object]):
    """A JSON boolean; texts that look like one are refused."""

    default_error_messages = {"kind": "must be a boolean value"}

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("kind")
        return bool(data)

    def to_representation(self, value: bool) -> bool:
        return value


class Identifier(serializers.Field[UUID, UUID, str, object]):
    """A UUID in any letter case."""

    default_error_messages = {
        "required": "should not be empty",
        "null": "should not be empty",
        "kind": "must be a UUID",
    }

    def to_internal_value(self, data: object) -> UUID:
        return uuid_of(data) or self.fail("kind")

    def to_representation(self, value: UUID) -> str:
        return str(value)


def _required() -> Text:
    return Text(allow_empty=False)


def _optional() -> Text:
    return Text(required=False, allow_null=True)


def _flag() -> Flag:
    return Flag(required=False, allow_null=True)


def _json() -> serializers.JSONField:
    return serializers.JSONField(required=False, allow_null=True)


class _Input(serializers.Serializer[object]):
    """Members that are not listed are left out: the services would ignore them."""

    def read(self) -> Mapping[str, Any]:
        """The members that were sent. Raises InvalidInput with every fault."""
        if not isinstance(self.initial_data, Mapping):
            raise InvalidInput(["body must be an object"])
        if not self.is_valid():
            given = self.initial_data
            raise InvalidInput(
                [
                    message
                    for name, faults in self.errors.items()
                    for message in (
                        empty_messages(name) if given.get(name) == "" else [f"{name} {fault}" for fault in faults]
                    )
                ]
            )
        return {name: value for name, value in self.validated_data.items() if name in self.initial_data}


class ObjectCreateInput(_Input):
    nameSingular = _required()
    namePlural = _required()
    labelSingular = _required()
    labelPlural = _required()
    description = _optional()
    icon = _optional()
    shortcut = _optional()
    color = _optional()
    isLabelSyncedWithName = _flag()
    skipNameField = _flag()
    isRemote = _flag()


class ObjectUpdateInput(_Input):
    nameSingular = Text(required=False, allow_empty=False)
    namePlural = Text(required=False, allow_empty=False)
    labelSingular = Text(required=False, allow_empty=False)
    labelPlural = Text(required=False, allow_empty=False)
    description = _optional()
    icon = _optional()
    shortcut = _optional()
    color = _optional()
    isActive = _flag()
    isLabelSyncedWithName = _flag()
    isSearchable = _flag()
    openRecordIn = _optional()
    readability = _optional()
    labelIdentifierFieldMetadataId = Identifier(required=False, allow_null=True)
    imageIdentifierFieldMetadataId = Identifier(required=False, allow_null=True)
    duplicateCriteria = _json()
    translations = _json()


class FieldCreateInput(_Input):
    objectMetadataId = Identifier()
    type = _required()
    name = _required()
    label = _required()  # type: ignore[assignment]
    description = _optional()
    icon = _optional()
    isNullable = _flag()
    isUnique = _flag()
    isSystem = _flag()
    isUIReadOnly = _flag()
    isUIEditable = _flag()
    isSearchable = _flag()
    isAuditLogged = _flag()
    isLabelSyncedWithName = _flag()
    isRemoteCreation = _flag()
    defaultValue = _json()
    options = _json()
    settings = _json()
    relationCreationPayload = _json()
    morphRelationsCreationPayload = _json()


class FieldUpdateInput(_Input):
    name = Text(required=False, allow_empty=False)
    label = Text(required=False, allow_empty=False)  # type: ignore[assignment]
    description = _optional()
    icon = _optional()
    isActive = _flag()
    isUnique = _flag()
    isSearchable = _flag()
    isAuditLogged = _flag()
    isLabelSyncedWithName = _flag()
    defaultValue = _json()
    options = _json()
    settings = _json()
    translations = _json()
    morphRelationsUpdatePayload = _json()


class FieldTypeInput(_Input):
    type = _required()
    options = _json()
    settings = _json()
    dryRun = _flag()
