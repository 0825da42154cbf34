"""The data model of every workspace as rows: Workspace, ObjectMetadata, FieldMetadata, IndexMetadata.

Only `metadata.services` writes them; it raises `Workspace.schema_version` in the same transaction.
No foreign key leads from here into a workspace's own PostgreSQL schema, so that a workspace can live
on another server (`Workspace.shard`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from config.principal import Guard, WorkspaceRef
from metadata.standard import guard_of, secrets_of
from metadata.standard.definition import identifier

LOGO_PREFIX = "/file/workspace-logo/"  # of the address of an uploaded logo
STANDARD_APPLICATION_ID = identifier("application:standard")


def schema_name(workspace_id: UUID) -> str:
    """The PostgreSQL schema that holds the workspace's tables."""
    return f"ws_{workspace_id.hex}"


def table_name(object_id: UUID) -> str:
    return f"o_{object_id.hex}"


def _invite_hash() -> str:
    return secrets.token_urlsafe(24)


class ActivationStatus(models.TextChoices):
    ONGOING_CREATION = "ONGOING_CREATION"
    PENDING_CREATION = "PENDING_CREATION"
    CREATED = "CREATED"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUSPENDED = "SUSPENDED"


class ApiVersion(models.TextChoices):
    KEYED = "1"
    DIRECT = "2"


class RelationType(models.TextChoices):
    MANY_TO_ONE = "MANY_TO_ONE"
    ONE_TO_MANY = "ONE_TO_MANY"


class OnDelete(models.TextChoices):
    CASCADE = "CASCADE"
    RESTRICT = "RESTRICT"
    SET_NULL = "SET_NULL"
    NO_ACTION = "NO_ACTION"


class IndexType(models.TextChoices):
    BTREE = "BTREE"
    GIN = "GIN"


class OpenRecordIn(models.TextChoices):
    SIDE_PANEL = "SIDE_PANEL"
    RECORD_PAGE = "RECORD_PAGE"
    USER_CHOICE = "USER_CHOICE"


class Workspace(models.Model):
    """A tenant, its settings, and the versions that its caches are keyed by."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    display_name = models.TextField(null=True)
    subdomain = models.CharField(max_length=63, unique=True)
    custom_domain = models.CharField(max_length=253, null=True, unique=True)
    logo = models.TextField(null=True)
    invite_hash = models.TextField(null=True, default=_invite_hash)
    activation_status = models.CharField(
        max_length=20, choices=ActivationStatus.choices, default=ActivationStatus.ACTIVE
    )
    database_schema = models.CharField(max_length=63)
    shard = models.CharField(max_length=63, default="default")  # alias in settings.DATABASES
    move = models.JSONField(null=True)  # one under way: {"from": alias, "to": alias, "isUndone": bool}

    schema_version = models.PositiveIntegerField(default=1)
    webhooks_version = models.PositiveIntegerField(default=0)

    max_batch_size = models.PositiveIntegerField(default=60)  # records in one call
    max_bulk_records = models.PositiveIntegerField(default=10_000)  # records one filtered write may touch
    max_requests_per_minute = models.PositiveIntegerField(null=True)  # of all callers; null: the server's, 0: no limit
    default_api_version = models.CharField(max_length=1, choices=ApiVersion.choices, default=ApiVersion.KEYED)
    max_api_key_lifetime_days = models.PositiveIntegerField(null=True)  # of keys made or extended from now on
    is_webhook_https_required = models.BooleanField(default=False, db_default=False)

    default_role_id = models.UUIDField(null=True)  # roles live in another app
    custom_application_id = models.UUIDField(default=uuid4)  # owner of the objects that users make

    is_public_invite_link_enabled = models.BooleanField(default=True)
    allow_impersonation = models.BooleanField(default=True)
    is_google_auth_enabled = models.BooleanField(default=True)
    is_microsoft_auth_enabled = models.BooleanField(default=True)
    is_password_auth_enabled = models.BooleanField(default=True)
    is_google_auth_bypass_enabled = models.BooleanField(default=False)
    is_microsoft_auth_bypass_enabled = models.BooleanField(default=False)
    is_password_auth_bypass_enabled = models.BooleanField(default=False)
    is_two_factor_authentication_enforced = models.BooleanField(default=False)
    is_custom_domain_enabled = models.BooleanField(default=False)
    is_internal_messages_import_enabled = models.BooleanField(default=False)
    trash_retention_days = models.PositiveIntegerField(default=14)
    event_log_retention_days = models.PositiveIntegerField(default=365)  # of the audit; AUDIT_LOG_DAYS at most
    request_log_retention_days = models.PositiveIntegerField(null=True)  # null: REQUEST_LOG_DAYS, which is the most
    editable_profile_fields = models.JSONField(default=list)
    workspace_discoverability = models.CharField(max_length=30, default="MEMBERS_AND_INVITEES")
    feature_flags = models.JSONField(default=dict)  # {key: bool}

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.display_name} ({self.id})"

    @property
    def has_own_logo(self) -> bool:
        """Whether its logo was uploaded here; pages show no pictures from elsewhere."""
        return self.logo is not None and self.logo.startswith(LOGO_PREFIX)

    def ref(self) -> WorkspaceRef:
        """What a principal carries of its workspace, as of now."""
        return WorkspaceRef(
            id=self.id,
            schema_version=self.schema_version,
            webhooks_version=self.webhooks_version,
            shard=self.shard,
            max_batch_size=self.max_batch_size,
            max_bulk_records=self.max_bulk_records,
            max_requests_per_minute=self.max_requests_per_minute,
        )


class WorkspaceLogo(models.Model):
    """The picture that was uploaded for a workspace. Its address has the digest in it, so that it can be kept."""

    workspace_id = models.UUIDField(primary_key=True)
    content = models.BinaryField()
    content_type = models.CharField(max_length=30)
    digest = models.CharField(max_length=64)  # SHA-256, hexadecimal
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"logo of {self.workspace_id}"


class Overridable(models.Model):
    """What a standard object or field shows: its own text, or the workspace's override of it."""

    standard_overrides = models.JSONField(null=True)  # {"labelSingular": str, …, "translations": {locale: {…}}}

    class Meta:
        abstract = True

    def shown(self, name: str, locale: str | None = None) -> Any:
        """The value read under an API name (`labelSingular`), with overrides and translations applied."""
        overrides: Mapping[str, Any] = self.standard_overrides or {}
        translated = ((overrides.get("translations") or {}).get(locale) or {}).get(name) if locale else None
        if translated is not None:
            return translated
        if overrides.get(name) is not None:
            return overrides[name]
        return getattr(self, {"labelSingular": "label_singular", "labelPlural": "label_plural"}.get(name, name))


class ObjectMetadata(Overridable):
    """One object of a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="objects_metadata")
    universal_identifier = models.UUIDField(default=uuid4)
    application_id = models.UUIDField()
    name_singular = models.CharField(max_length=63)
    name_plural = models.CharField(max_length=63)
    label_singular = models.TextField()
    label_plural = models.TextField()
    description = models.TextField(null=True)
    icon = models.TextField(null=True)
    color = models.TextField(null=True)
    shortcut = models.TextField(null=True)
    is_custom = models.BooleanField(default=False)
    is_remote = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_system = models.BooleanField(default=False)
    is_ui_editable = models.BooleanField(default=True)
    is_ui_creatable = models.BooleanField(default=True)
    is_ui_read_only = models.BooleanField(default=False)
    is_searchable = models.BooleanField(default=True)
    is_label_synced_with_name = models.BooleanField(default=False)
    open_record_in = models.CharField(max_length=20, choices=OpenRecordIn.choices, default=OpenRecordIn.SIDE_PANEL)
    readability = models.CharField(max_length=20, default="OPEN")
    writability = models.CharField(max_length=20, default="OPEN")
    label_identifier_field_id = models.UUIDField(null=True)
    image_identifier_field_id = models.UUIDField(null=True)
    duplicate_criteria = models.JSONField(null=True)  # [["nameFirstName", "nameLastName"], …]
    used_storage_keys = ArrayField(models.TextField(), default=list)  # those of deleted fields too: never reused
    search_rebuild = models.JSONField(null=True)  # see metadata.services.search_words
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name_singular"], name="object_singular_once"),
            models.UniqueConstraint(fields=["workspace", "name_plural"], name="object_plural_once"),
        ]
        indexes = [
            models.Index(
                fields=["updated_at"], condition=models.Q(search_rebuild__isnull=False), name="search_to_rebuild"
            ),
        ]

    def __str__(self) -> str:
        return self.name_singular

    @property
    def table(self) -> str:
        return table_name(self.id)

    @property
    def guard(self) -> Guard | None:
        """What decides over its records in place of a role's record rights."""
        return guard_of(self.universal_identifier)


class FieldMetadata(Overridable):
    """One field of an object; a relation is two of them, one on each object."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="fields_metadata")
    object = models.ForeignKey(ObjectMetadata, on_delete=models.CASCADE, related_name="fields")
    universal_identifier = models.UUIDField(default=uuid4)
    application_id = models.UUIDField()
    type = models.CharField(max_length=32)
    name = models.CharField(max_length=126)  # 63 for users; the rows of a morph relation append the target's name
    label = models.TextField()
    description = models.TextField(null=True)
    icon = models.TextField(null=True)
    position = models.FloatField(default=0)  # order within the object
    is_custom = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    is_system = models.BooleanField(default=False)
    is_managed = models.BooleanField(default=False)  # kept by the engine: only isActive can be changed
    is_ui_editable = models.BooleanField(default=True)
    is_ui_read_only = models.BooleanField(default=False)
    is_nullable = models.BooleanField(default=True)
    is_unique = models.BooleanField(default=False)
    is_searchable = models.BooleanField(null=True)  # None: as its type
    is_audit_logged = models.BooleanField(default=True)
    is_label_synced_with_name = models.BooleanField(default=False)
    default_value = models.JSONField(null=True)  # quoted form: "'NEW'", "now", {"currencyCode": "'USD'"}
    options = models.JSONField(null=True)  # [{"id", "position", "label", "value", "color"}]
    settings = models.JSONField(null=True)
    storage_key = models.CharField(max_length=140)  # key in `data`; another one only with another type
    column = models.CharField(max_length=30, null=True)  # set for the record's own columns

    relation_type = models.CharField(max_length=12, choices=RelationType.choices, null=True)
    relation_target_object = models.ForeignKey(
        ObjectMetadata, on_delete=models.DO_NOTHING, null=True, related_name="relations_to"
    )
    relation_target_field = models.ForeignKey("self", on_delete=models.DO_NOTHING, null=True, related_name="+")
    join_name = models.CharField(max_length=140, null=True)  # `companyId`, on the MANY_TO_ONE side
    on_delete = models.CharField(max_length=9, choices=OnDelete.choices, null=True)
    morph_id = models.UUIDField(null=True)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object", "name"], name="field_name_once"),
            models.UniqueConstraint(fields=["object", "storage_key"], name="field_storage_key_once"),
            models.UniqueConstraint(
                fields=["object", "join_name"], name="field_join_name_once", condition=models.Q(join_name__isnull=False)
            ),
            models.CheckConstraint(
                name="field_relation_complete",
                condition=models.Q(relation_type__isnull=True, relation_target_field__isnull=True)
                | models.Q(relation_type__isnull=False, relation_target_field__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["workspace", "object"], name="field_by_workspace")]

    @property
    def secret_flag(self) -> str | None:
        """Set: its values are answered to nobody, and who has the flag may write them."""
        return secrets_of(self.object.universal_identifier).get(self.name)

    def __str__(self) -> str:
        return self.name


class IndexState(models.TextChoices):
    """Whether an index is there: one over many records is built by `manage.py maintain`, beside what goes on."""

    BUILDING = "BUILDING"
    READY = "READY"
    FAILED = "FAILED"


MADE_BY_USERS = models.Q(is_custom=True, is_unique=False, index_where_clause=None)


class IndexMetadata(models.Model):
    """An index that the metadata APIs list. `is_custom` is that of its field where it comes with one."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    object = models.ForeignKey(ObjectMetadata, on_delete=models.CASCADE, related_name="indexes")
    universal_identifier = models.UUIDField(default=uuid4)
    name = models.CharField(max_length=63)
    is_custom = models.BooleanField(default=False)
    is_unique = models.BooleanField(default=False)
    index_where_clause = models.TextField(null=True)
    index_type = models.CharField(max_length=5, choices=IndexType.choices, default=IndexType.BTREE)
    state = models.CharField(
        max_length=8, choices=IndexState.choices, default=IndexState.READY, db_default=IndexState.READY
    )
    state_reason = models.TextField(null=True)  # why it FAILED
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["object", "name"], name="index_name_once")]
        indexes = [
            models.Index(fields=["workspace", "object"], name="index_by_workspace"),
            models.Index(fields=["created_at"], condition=models.Q(state="BUILDING"), name="index_to_build"),
        ]

    @property
    def is_made_by_user(self) -> bool:
        """As MADE_BY_USERS: what comes with a field is unique, or of living records only."""
        return self.is_custom and not self.is_unique and self.index_where_clause is None

    def __str__(self) -> str:
        return self.name


class IndexFieldMetadata(models.Model):
    """One field (or one sub-field of a composite) of an index, in its order."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    index = models.ForeignKey(IndexMetadata, on_delete=models.CASCADE, related_name="index_fields")
    field = models.ForeignKey(FieldMetadata, on_delete=models.CASCADE, related_name="+")
    order = models.FloatField(default=0)
    sub_field_name = models.CharField(max_length=63, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.field_id)


# Django finds an app's models through its `models` module; the rows that only clients show have a file of their own.
from metadata.layout_models import (  # noqa: E402
    PageLayout,
    PageLayoutTab,
    PageLayoutWidget,
    View,
    ViewField,
    ViewFilter,
    ViewFilterGroup,
    ViewGroup,
    ViewSort,
)

__all__ = [
    "STANDARD_APPLICATION_ID",
    "ActivationStatus",
    "ApiVersion",
    "FieldMetadata",
    "IndexFieldMetadata",
    "IndexMetadata",
    "IndexType",
    "ObjectMetadata",
    "OnDelete",
    "OpenRecordIn",
    "Overridable",
    "PageLayout",
    "PageLayoutTab",
    "PageLayoutWidget",
    "RelationType",
    "View",
    "ViewField",
    "ViewFilter",
    "ViewFilterGroup",
    "ViewGroup",
    "ViewSort",
    "Workspace",
    "schema_name",
    "table_name",
]
