"""The inputs of the metadata schema: paging, filters, and what mutations take.

Filters are named in Python as the rows they are compared with. What mutations take has its API names in
Python too, because the services take it under those: `payload` hands it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from graphene import Argument, Boolean, Float, InputObjectType, Int, List, NonNull, String

from metadata.graphql.connections import DEFAULT_PAGE_SIZE
from metadata.graphql.enums import FieldMetadataType, IndexType, MetadataReadability, ObjectOpenRecordIn
from metadata.graphql.scalars import JSON, UUID, ConnectionCursor


def payload(value: object) -> Any:
    """An input as plain dicts, lists and values, with only the members that were sent."""
    if isinstance(value, Mapping):
        return {key: payload(each) for key, each in value.items()}
    if isinstance(value, list):
        return [payload(each) for each in value]
    return value.value if isinstance(value, Enum) else value


# Lists -----------------------------------------------------------------------------------------------


class CursorPaging(InputObjectType):
    before = ConnectionCursor()
    after = ConnectionCursor()
    first = Int()
    last = Int()


class BooleanFieldComparison(InputObjectType):
    is_ = Boolean(name="is")
    is_not = Boolean()


class UUIDFilterComparison(InputObjectType):
    is_ = Boolean(name="is")
    is_not = Boolean()
    eq = UUID()
    neq = UUID()
    gt = UUID()
    gte = UUID()
    lt = UUID()
    lte = UUID()
    like = UUID()
    not_like = UUID()
    i_like = UUID()
    not_i_like = UUID()
    in_ = List(NonNull(UUID), name="in")
    not_in = List(NonNull(UUID))


class ObjectFilter(InputObjectType):
    and_ = List(lambda: NonNull(ObjectFilter), name="and")
    or_ = List(lambda: NonNull(ObjectFilter), name="or")
    id = UUIDFilterComparison()
    universal_identifier = UUIDFilterComparison()
    is_custom = BooleanFieldComparison()
    is_remote = BooleanFieldComparison()
    is_active = BooleanFieldComparison()
    is_system = BooleanFieldComparison()
    is_ui_read_only = BooleanFieldComparison(name="isUIReadOnly")
    is_ui_editable = BooleanFieldComparison(name="isUIEditable")
    is_ui_creatable = BooleanFieldComparison(name="isUICreatable")
    is_searchable = BooleanFieldComparison()


class FieldFilter(InputObjectType):
    and_ = List(lambda: NonNull(FieldFilter), name="and")
    or_ = List(lambda: NonNull(FieldFilter), name="or")
    id = UUIDFilterComparison()
    object_metadata_id = UUIDFilterComparison()
    is_custom = BooleanFieldComparison()
    is_active = BooleanFieldComparison()
    is_system = BooleanFieldComparison()
    is_ui_read_only = BooleanFieldComparison(name="isUIReadOnly")
    is_ui_editable = BooleanFieldComparison(name="isUIEditable")


class IndexFilter(InputObjectType):
    and_ = List(lambda: NonNull(IndexFilter), name="and")
    or_ = List(lambda: NonNull(IndexFilter), name="or")
    id = UUIDFilterComparison()
    is_custom = BooleanFieldComparison()


class IndexFieldFilter(InputObjectType):
    and_ = List(lambda: NonNull(IndexFieldFilter), name="and")
    or_ = List(lambda: NonNull(IndexFieldFilter), name="or")
    id = UUIDFilterComparison()
    field_metadata_id = UUIDFilterComparison()


def list_arguments(criteria: type[InputObjectType]) -> dict[str, Argument]:
    """`paging` and `filter`: both may be left out, neither may be null."""
    return {
        "paging": Argument(CursorPaging, required=True, default_value={"first": DEFAULT_PAGE_SIZE}),
        "filter": Argument(criteria, required=True, default_value={}),
    }


# Objects ---------------------------------------------------------------------------------------------


class CreateObjectInput(InputObjectType):
    nameSingular = String(required=True)
    namePlural = String(required=True)
    labelSingular = String(required=True)
    labelPlural = String(required=True)
    description = String()
    icon = String()
    shortcut = String()
    color = String()
    isLabelSyncedWithName = Boolean()
    skipNameField = Boolean()
    isRemote = Boolean()
    primaryKeyColumnType = String()
    primaryKeyFieldMetadataSettings = JSON()


class CreateOneObjectInput(InputObjectType):
    object = CreateObjectInput(required=True)


class MetadataTranslationOverrideInput(InputObjectType):
    locale = String(required=True)
    property = String(required=True)
    value = String()


class UpdateObjectPayload(InputObjectType):
    labelSingular = String()
    labelPlural = String()
    nameSingular = String()
    namePlural = String()
    description = String()
    icon = String()
    shortcut = String()
    color = String()
    isActive = Boolean()
    isLabelSyncedWithName = Boolean()
    isSearchable = Boolean()
    labelIdentifierFieldMetadataId = UUID()
    imageIdentifierFieldMetadataId = UUID()
    openRecordIn = ObjectOpenRecordIn()
    duplicateCriteria = List(NonNull(List(NonNull(String))))
    readability = MetadataReadability()
    translations = List(NonNull(MetadataTranslationOverrideInput))


class UpdateOneObjectInput(InputObjectType):
    id = UUID(required=True)
    update = UpdateObjectPayload(required=True)


class DeleteOneObjectInput(InputObjectType):
    id = UUID(required=True)


# Fields ----------------------------------------------------------------------------------------------


class CreateFieldInput(InputObjectType):
    objectMetadataId = UUID(required=True)
    type = FieldMetadataType(required=True)
    name = String(required=True)
    label = String(required=True)
    description = String()
    icon = String()
    isCustom = Boolean()
    isActive = Boolean()
    isSystem = Boolean()
    isUIReadOnly = Boolean()
    isUIEditable = Boolean()
    isNullable = Boolean()
    isUnique = Boolean()
    isSearchable = Boolean()
    isAuditLogged = Boolean()
    defaultValue = JSON()
    options = JSON()
    settings = JSON()
    isLabelSyncedWithName = Boolean()
    isRemoteCreation = Boolean()
    relationCreationPayload = JSON()
    morphRelationsCreationPayload = List(NonNull(JSON))


class CreateOneFieldMetadataInput(InputObjectType):
    field = CreateFieldInput(required=True)


class UpdateFieldInput(InputObjectType):
    universalIdentifier = String()
    name = String()
    label = String()
    description = String()
    icon = String()
    isActive = Boolean()
    isSystem = Boolean()
    isUIReadOnly = Boolean()
    isUIEditable = Boolean()
    isNullable = Boolean()
    isUnique = Boolean()
    isSearchable = Boolean()
    isAuditLogged = Boolean()
    defaultValue = JSON()
    options = JSON()
    settings = JSON()
    objectMetadataId = UUID()
    isLabelSyncedWithName = Boolean()
    morphRelationsUpdatePayload = List(NonNull(JSON))
    translations = List(NonNull(MetadataTranslationOverrideInput))


class UpdateOneFieldMetadataInput(InputObjectType):
    id = UUID(required=True)
    update = UpdateFieldInput(required=True)


class DeleteOneFieldInput(InputObjectType):
    id = UUID(required=True)


# Indexes ---------------------------------------------------------------------------------------------


class CreateIndexFieldInput(InputObjectType):
    fieldMetadataId = UUID(required=True)
    subFieldName = String()


class CreateIndexInput(InputObjectType):
    objectMetadataId = UUID(required=True)
    fields = List(NonNull(CreateIndexFieldInput), required=True)
    indexType = IndexType(required=True)


class CreateOneIndexInput(InputObjectType):
    index = CreateIndexInput(required=True)


class DeleteOneIndexInput(InputObjectType):
    id = UUID(required=True)


# The workspace ---------------------------------------------------------------------------------------


class UpdateLabPublicFeatureFlagInput(InputObjectType):
    publicFeatureFlag = String(required=True)
    value = Boolean(required=True)


class UpdateWorkspaceInput(InputObjectType):
    displayName = String()
    logo = String()
    subdomain = String()
    customDomain = String()
    inviteHash = String()
    isPublicInviteLinkEnabled = Boolean()
    allowImpersonation = Boolean()
    isGoogleAuthEnabled = Boolean()
    isMicrosoftAuthEnabled = Boolean()
    isPasswordAuthEnabled = Boolean()
    isGoogleAuthBypassEnabled = Boolean()
    isMicrosoftAuthBypassEnabled = Boolean()
    isPasswordAuthBypassEnabled = Boolean()
    isTwoFactorAuthenticationEnforced = Boolean()
    defaultRoleId = UUID()
    trashRetentionDays = Float()
    eventLogRetentionDays = Float()
    editableProfileFields = List(NonNull(String))
    isInternalMessagesImportEnabled = Boolean()
    workspaceDiscoverability = String()
    fastModel = String()
    smartModel = String()
    aiChatModelTier = String()
    aiAdditionalInstructions = String()
    enabledAiModelIds = List(NonNull(String))
    useRecommendedModels = Boolean()
    maxBatchSize = Int()
    maxRequestsPerMinute = Int()
    maxBulkRecords = Int()
    defaultApiVersion = String()
    maxApiKeyLifetimeDays = Int()
    isWebhookHttpsRequired = Boolean()
    requestLogRetentionDays = Int()
