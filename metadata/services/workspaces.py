"""Making a workspace with its standard objects, and changing its settings."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config import audit
from config.errors import InvalidMetadataInput, MetadataConflict, WorkspaceNotFound
from config.http.inputs import uuid_of
from config.principal import Principal, system
from config.texts import is_blank
from metadata import cache
from metadata.models import (
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    ObjectMetadata,
    Workspace,
    schema_name,
)
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.change import changing
from metadata.services.layout import links
from metadata.services.layout.defaults import create_default_views
from metadata.services.locking import lock_workspace
from metadata.services.objects import default_relations
from metadata.services.placing import place
from metadata.services.rows import (
    RelationEnd,
    automatic_indexes,
    identifier,
    next_position,
    relation_pair,
    standard_field,
    standard_object,
    system_fields,
)
from metadata.standard import CATALOGUE, EMPTY_CATALOGUE
from metadata.standard.definition import StandardObject, StandardRelation
from metadata.storage import Storage

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])")  # RFC 1035 label
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)


def workspace_create(*, name: str, id: UUID | None = None, empty: bool = False, shard: str | None = None) -> Workspace:
    """A workspace with its PostgreSQL schema, the standard objects and what the other apps add to it.

    `empty` leaves only the objects that the engine needs. `shard` is the alias of a database, else WORKSPACE_PLACEMENT
    says which. Raises MetadataConflict when the id is taken.
    Calls every function of settings.WORKSPACE_CREATED_HANDLERS, `(workspace, empty)`, in the transaction.
    """
    if is_blank(name):
        raise _invalid("A workspace's name must have a visible character", "name")
    workspace = Workspace(id=id or uuid4(), display_name=name, shard=place(shard))
    workspace.subdomain = free_subdomain(name)
    workspace.database_schema = schema_name(workspace.id)
    try:
        with transaction.atomic(), transaction.atomic(using=workspace.shard):
            if Workspace.objects.filter(id=workspace.id).exists():
                raise MetadataConflict(f"Workspace {workspace.id} already exists", sub_code="WORKSPACE_ALREADY_EXISTS")
            workspace.save(force_insert=True)
            _create_standard_objects(workspace, EMPTY_CATALOGUE if empty else CATALOGUE)
            for path in settings.WORKSPACE_CREATED_HANDLERS:
                import_string(path)(workspace, empty)
            facts = {"displayName": name, "objects": "the engine's own" if empty else "standard"}
            audit.note(workspace.id, "workspace.created", subject_id=workspace.id, name=name, after=facts)
    except BaseException:
        cache.forget(workspace.id)
        raise
    return workspace


def free_subdomain(name: str) -> str:
    """A subdomain that nobody has, like the name where that can be."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "workspace"
    if len(plain) >= 3 and not Workspace.objects.filter(subdomain=plain).exists():
        return plain
    return f"{plain}-{secrets.token_hex(4)}"


def _create_standard_objects(workspace: Workspace, catalogue: Sequence[StandardObject]) -> None:
    objects, fields = standard_rows(workspace.id, catalogue)
    storage = Storage(workspace)
    storage.create_schema()
    _write_standard(storage, objects.values(), [each for own in fields.values() for each in own])


def standard_rows(
    workspace_id: UUID,
    catalogue: Sequence[StandardObject],
    existing: Mapping[str, tuple[ObjectMetadata, list[FieldMetadata]]] | None = None,
) -> tuple[dict[str, ObjectMetadata], dict[str, list[FieldMetadata]]]:
    """Standard objects as rows in memory, and their new fields, by singular name.

    Relations lead to the `existing` standard objects too (given with their fields), and from them.
    """
    known = dict(existing or {})
    objects = {each.singular: standard_object(workspace_id, each) for each in catalogue}
    every = {name: obj for name, (obj, _) in known.items()} | objects
    fields: dict[str, list[FieldMetadata]] = {name: list(own) for name, (_, own) in known.items()}
    for definition in catalogue:
        obj = objects[definition.singular]
        own = system_fields(obj)
        own += [standard_field(obj, each, len(own) + place) for place, each in enumerate(definition.fields)]
        fields[definition.singular] = own
    for definition in CATALOGUE:
        if definition.singular in every:
            _add_relations(definition, every, fields, objects)
    for definition in catalogue:
        obj = objects[definition.singular]
        ids = {each.name: each.id for each in fields[definition.singular]}
        obj.label_identifier_field_id = ids[definition.label_identifier]
        obj.image_identifier_field_id = ids.get(definition.image_identifier or "")
    old = {each.id for _, own in known.values() for each in own}
    return objects, {name: [each for each in own if each.id not in old] for name, own in fields.items()}


def _write_standard(
    storage: Storage, objects: Iterable[ObjectMetadata], fields: Sequence[FieldMetadata], further: bool = False
) -> None:
    """Write new objects with the new fields, which may be of `further` objects too; make the tables and views."""
    objects = list(objects)
    by_object: dict[UUID, list[FieldMetadata]] = defaultdict(list)
    for field in fields:
        by_object[field.object_id].append(field)
    new = {each.id for each in objects}
    indexes = [each for own in by_object.values() for each in automatic_indexes(own[0].object, own)]
    ObjectMetadata.objects.bulk_create(objects)
    if further:
        touched = {each.object_id: each.object for each in fields if each.object_id not in new}
        ObjectMetadata.objects.bulk_update(touched.values(), ["used_storage_keys"])
    FieldMetadata.objects.bulk_create(fields)
    IndexMetadata.objects.bulk_create([index for index, _ in indexes])
    IndexFieldMetadata.objects.bulk_create([column for _, columns in indexes for column in columns])
    for obj in objects:
        storage.create_table(obj.id)
    for field in fields:
        create_automatic_indexes(storage, field)
    storage.flush()
    create_default_views(objects, by_object)
    if further:
        links.fields_created([each for each in fields if each.object_id not in new])


def standard_objects_add(*, workspace_id: UUID, names: Sequence[str]) -> None:
    """Give a workspace standard objects that it lacks, with their relations to what it has.

    Raises InvalidMetadataInput for a name that is none of a standard object, MetadataConflict for a taken one.
    """
    definitions = {each.singular: each for each in CATALOGUE}
    unknown = [name for name in names if name not in definitions]
    if unknown:
        raise InvalidMetadataInput(
            f"There is no standard object called {', '.join(unknown)}", sub_code="INVALID_OBJECT_INPUT"
        )
    with changing(workspace_id) as change:
        added = [each for each in CATALOGUE if each.singular in names]
        taken = {name for each in change.objects.values() for name in (each.name_singular, each.name_plural)}
        for each in added:
            if taken & {each.singular, each.plural}:
                raise MetadataConflict(f"Object {each.singular} already exists", sub_code="OBJECT_ALREADY_EXISTS")
        existing = {
            obj.name_singular: (obj, _with_object(obj, change.fields_of(obj.id)))
            for obj in change.objects.values()
            if not obj.is_custom
        }
        objects, fields = standard_rows(workspace_id, added, existing)
        for custom in [each for each in change.objects.values() if each.is_custom]:
            for field in default_relations(custom, change.fields_of(custom.id), objects, fields):
                fields.setdefault(field.object.name_singular, []).append(field)
        written = [each for own in fields.values() for each in own]
        _write_standard(change.storage, objects.values(), written, further=True)


def _with_object(obj: ObjectMetadata, fields: list[FieldMetadata]) -> list[FieldMetadata]:
    for field in fields:
        field.object = obj
    return fields


def _add_relations(
    definition: StandardObject,
    objects: Mapping[str, ObjectMetadata],
    fields: Mapping[str, list[FieldMetadata]],
    new: Container[str],
) -> None:
    """The relations of one object, those only that have a new object at one of their ends."""
    source = objects[definition.singular]
    known = (each.morph_id for each in fields[definition.singular] if not each.is_custom)
    morph_id = next((each for each in known if each is not None), None) or uuid4()
    for relation in definition.relations:
        target = objects.get(relation.target)
        if target is None or not (definition.singular in new or relation.target in new):
            continue
        to_one, to_many = relation_pair(
            source,
            _near_end(relation, source, next_position(fields[definition.singular])),
            target,
            _far_end(relation, target, next_position(fields[relation.target])),
            on_delete=relation.on_delete,
            morph_id=morph_id if relation.is_morph else None,
        )
        fields[definition.singular].append(to_one)
        fields[relation.target].append(to_many)


def _near_end(relation: StandardRelation, source: ObjectMetadata, position: float) -> RelationEnd:
    return RelationEnd(
        name=relation.name,
        label=relation.label,
        icon=relation.icon,
        description=relation.description or f"{source.label_singular} {relation.label.lower()}",
        position=position,
        type_name="MORPH_RELATION" if relation.is_morph else "RELATION",
        flags={
            "is_system": relation.is_system,
            "is_nullable": relation.is_nullable,
            "universal_identifier": identifier(source.name_singular, relation.name),
        },
    )


def _far_end(relation: StandardRelation, target: ObjectMetadata, position: float) -> RelationEnd:
    return RelationEnd(
        name=relation.inverse,
        label=relation.inverse_label,
        icon=relation.inverse_icon,
        description=relation.inverse_description
        or f"{relation.inverse_label} linked to the {target.label_singular.lower()}",
        position=position,
        flags={
            "is_system": relation.is_inverse_system,
            "universal_identifier": identifier(target.name_singular, relation.inverse),
        },
    )


# Settings --------------------------------------------------------------------------------------------

SETTINGS: Mapping[str, str] = {
    "displayName": "display_name",
    "logo": "logo",
    "subdomain": "subdomain",
    "customDomain": "custom_domain",
    "inviteHash": "invite_hash",
    "isPublicInviteLinkEnabled": "is_public_invite_link_enabled",
    "allowImpersonation": "allow_impersonation",
    "isGoogleAuthEnabled": "is_google_auth_enabled",
    "isMicrosoftAuthEnabled": "is_microsoft_auth_enabled",
    "isPasswordAuthEnabled": "is_password_auth_enabled",
    "isGoogleAuthBypassEnabled": "is_google_auth_bypass_enabled",
    "isMicrosoftAuthBypassEnabled": "is_microsoft_auth_bypass_enabled",
    "isPasswordAuthBypassEnabled": "is_password_auth_bypass_enabled",
    "isTwoFactorAuthenticationEnforced": "is_two_factor_authentication_enforced",
    "isInternalMessagesImportEnabled": "is_internal_messages_import_enabled",
    "defaultRoleId": "default_role_id",
    "trashRetentionDays": "trash_retention_days",
    "eventLogRetentionDays": "event_log_retention_days",
    "editableProfileFields": "editable_profile_fields",
    "workspaceDiscoverability": "workspace_discoverability",
    "maxBatchSize": "max_batch_size",
    "maxBulkRecords": "max_bulk_records",
    "maxRequestsPerMinute": "max_requests_per_minute",
    "defaultApiVersion": "default_api_version",
    "maxApiKeyLifetimeDays": "max_api_key_lifetime_days",
    "isWebhookHttpsRequired": "is_webhook_https_required",
    "requestLogRetentionDays": "request_log_retention_days",
}
# Of functions that this server does not have: both APIs take them, and nothing comes of it.
UNAPPLIED_SETTINGS = (
    "fastModel", "smartModel", "aiChatModelTier", "aiAdditionalInstructions", "enabledAiModelIds",
    "useRecommendedModels",
)  # fmt: skip
SECURITY_MEMBERS = frozenset(
    name for name in SETTINGS if "Auth" in name and name.startswith("is")
)  # changing these needs the SECURITY flag; the rest needs WORKSPACE

_RANGES: Mapping[str, tuple[int, int]] = {
    "trashRetentionDays": (0, 2**31 - 1),
    "eventLogRetentionDays": (30, 1095),
    "maxBatchSize": (1, 1000),
    "maxBulkRecords": (1, 1_000_000),
    "maxRequestsPerMinute": (0, 1_000_000_000),
    "maxApiKeyLifetimeDays": (1, 36_525),
    "requestLogRetentionDays": (1, max(1, settings.REQUEST_LOG_DAYS)),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "workspaceDiscoverability": ("PUBLIC", "MEMBERS_AND_INVITEES", "HIDDEN"),
    "defaultApiVersion": ("1", "2"),
}
_CLEARABLE = frozenset(
    ("displayName", "logo", "customDomain", "inviteHash", "defaultRoleId", "maxRequestsPerMinute",
     "maxApiKeyLifetimeDays", "requestLogRetentionDays")
)  # fmt: skip
MAX_FEATURE_FLAGS = 100
_FLAG_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


def workspace_update(*, workspace_id: UUID, update: Mapping[str, Any], principal: Principal | None = None) -> Workspace:
    """Change settings by their API names; names of no setting are ignored, null leaves what cannot be null.

    The default role must lie within the rights of the `principal`; without one the system itself asks. Raises
    WorkspaceNotFound, InvalidMetadataInput, MetadataConflict, PermissionDenied. The data model's version stays.
    """
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        before, hash_before = _facts(workspace), workspace.invite_hash
        changed = []
        for name, value in update.items():
            if name in SETTINGS and (value is not None or name in _CLEARABLE):
                cleaned = _clean_setting(workspace, name, value)
                if name == "defaultRoleId" and cleaned is not None:
                    import_string(settings.DEFAULT_ROLE_CHECK)(principal or system(workspace.ref()), cleaned)
                setattr(workspace, SETTINGS[name], cleaned)
                changed.append(SETTINGS[name])
        workspace.updated_at = timezone.now()
        workspace.save(update_fields=[*changed, "updated_at"])
        _note(workspace, before, has_new_hash=workspace.invite_hash != hash_before)
    return workspace


def feature_flag_set(*, workspace_id: UUID, key: str, value: bool) -> None:
    """Switch a feature flag; flags are the clients' own, nothing here depends on one.

    Raises WorkspaceNotFound, InvalidMetadataInput.
    """
    if not _FLAG_KEY.fullmatch(key):
        raise _invalid("publicFeatureFlag must be UPPER_SNAKE_CASE of at most 63 characters", "publicFeatureFlag")
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        if key not in workspace.feature_flags and len(workspace.feature_flags) >= MAX_FEATURE_FLAGS:
            raise _invalid(f"A workspace has at most {MAX_FEATURE_FLAGS} feature flags", "publicFeatureFlag")
        before = _facts(workspace)
        workspace.feature_flags[key] = value
        workspace.updated_at = timezone.now()
        workspace.save(update_fields=["feature_flags", "updated_at"])
        _note(workspace, before)


def workspace_delete(*, workspace_id: UUID) -> Workspace:
    """Mark the workspace deleted: nobody can reach it any more; its records stay until `workspaces_purge`."""
    with transaction.atomic():
        workspace = lock_workspace(workspace_id)
        workspace.deleted_at = workspace.updated_at = timezone.now()
        workspace.save(update_fields=["deleted_at", "updated_at"])
        name = workspace.display_name or ""
        audit.note(workspace.id, "workspace.deleted", subject_id=workspace.id, name=name, before=_facts(workspace))
    cache.forget(workspace_id)
    return workspace


def workspace_restore(*, workspace_id: UUID) -> Workspace:
    """Bring a deleted workspace back, with its keys, members and records, as long as it was not purged.

    Raises WorkspaceNotFound for one that is not there or was not deleted.
    """
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update().filter(id=workspace_id).exclude(deleted_at=None).first()
        if workspace is None:
            raise WorkspaceNotFound("Workspace not found")
        workspace.deleted_at, workspace.updated_at = None, timezone.now()
        workspace.save(update_fields=["deleted_at", "updated_at"])
        name = workspace.display_name or ""
        audit.note(workspace.id, "workspace.restored", subject_id=workspace.id, name=name, after=_facts(workspace))
    cache.forget(workspace_id)
    return workspace


def _facts(workspace: Workspace) -> dict[str, Any]:
    """The settings for the audit."""
    facts = {name: getattr(workspace, column) for name, column in SETTINGS.items() if name != "inviteHash"}
    return {**facts, "featureFlags": dict(workspace.feature_flags)}


def _note(workspace: Workspace, before: Mapping[str, Any], *, has_new_hash: bool = False) -> None:
    """Of the hash that lets people in it is told that there is another, and no more."""
    name, after = workspace.display_name or "", _facts(workspace)
    if has_new_hash:
        after["inviteHash"] = "another"
    audit.note(workspace.id, "workspace.updated", subject_id=workspace.id, name=name, before=before, after=after)


def _clean_setting(workspace: Workspace, name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _invalid(f"{name} must be an integer from {low} to {high}", name)
    elif name in _CHOICES:
        if value not in _CHOICES[name]:
            raise _invalid(f"{name} must be one of: {', '.join(_CHOICES[name])}", name)
    elif name == "defaultRoleId":
        value = _uuid(name, value)
    elif name == "editableProfileFields":
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise _invalid(f"{name} must be a list of strings", name)
    elif name.startswith(("is", "allow")):
        if not isinstance(value, bool):
            raise _invalid(f"{name} must be a boolean value", name)
    elif not isinstance(value, str):
        raise _invalid(f"{name} must be a string", name)
    elif name == "displayName" and value and is_blank(value):
        raise _invalid(f"{name} must have a visible character", name)
    elif name == "subdomain":
        value = _clean_subdomain(workspace, value)
    elif name == "customDomain":
        value = _clean_custom_domain(workspace, value)
    return value


def _clean_subdomain(workspace: Workspace, value: str) -> str:
    if not _SUBDOMAIN.fullmatch(value):
        raise _invalid("subdomain must be 3 to 63 lower-case letters, digits or hyphens", "subdomain")
    if Workspace.objects.filter(subdomain=value).exclude(id=workspace.id).exists():
        raise MetadataConflict("Subdomain already taken", sub_code="SUBDOMAIN_ALREADY_TAKEN", path="subdomain")
    return value


def _clean_custom_domain(workspace: Workspace, value: str) -> str:
    if not _HOST_NAME.fullmatch(value):
        raise _invalid("customDomain must be a host name", "customDomain")
    if Workspace.objects.filter(custom_domain=value.lower()).exclude(id=workspace.id).exists():
        raise MetadataConflict("Domain already taken", sub_code="DOMAIN_ALREADY_TAKEN", path="customDomain")
    return value.lower()


def _uuid(name: str, value: Any) -> UUID:
    found = uuid_of(value)
    if found is None:
        raise _invalid(f"{name} must be a UUID", name)
    return found


def _invalid(message: str, path: str) -> InvalidMetadataInput:
    return InvalidMetadataInput(message, sub_code="INVALID_WORKSPACE_INPUT", path=path)
