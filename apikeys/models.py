"""Who may do what: roles with their restrictions, members, API keys and the tokens issued for them.

Every row belongs to one workspace by `workspace_id`, a plain column: nothing here relies on a foreign
key to the workspace, and every query names it. A token's text is never stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class Role(models.Model):
    """What a member or a key may do. `version` rises with every change of it or of its restrictions."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    workspace_id = models.UUIDField()
    label = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)
    icon = models.CharField(max_length=255, null=True, blank=True)

    can_update_all_settings = models.BooleanField(default=False)
    can_access_all_tools = models.BooleanField(default=False)
    can_read_all_object_records = models.BooleanField(default=False)
    can_update_all_object_records = models.BooleanField(default=False)
    can_soft_delete_all_object_records = models.BooleanField(default=False)
    can_destroy_all_object_records = models.BooleanField(default=False)

    can_be_assigned_to_users = models.BooleanField(default=True)
    can_be_assigned_to_agents = models.BooleanField(default=True)
    can_be_assigned_to_api_keys = models.BooleanField(default=True)

    permission_flags = models.JSONField(default=list, help_text="Names from apikeys.roles.FLAGS, sorted")
    is_restricted = models.BooleanField(default=False, help_text="Has object or field permissions of its own")
    is_editable = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "label"], name="apikeys_role_label"),
            models.CheckConstraint(
                condition=models.Q(can_be_assigned_to_users=True)
                | models.Q(can_be_assigned_to_agents=True)
                | models.Q(can_be_assigned_to_api_keys=True),
                name="apikeys_role_assignable",
            ),
            models.CheckConstraint(
                condition=models.Q(can_read_all_object_records=True)
                | models.Q(
                    can_update_all_object_records=False,
                    can_soft_delete_all_object_records=False,
                    can_destroy_all_object_records=False,
                ),
                name="apikeys_role_writes_need_read",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ObjectPermission(models.Model):
    """What a role says of one object; null inherits the role-wide answer."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="object_permissions")
    object_metadata_id = models.UUIDField()
    can_read = models.BooleanField(null=True)
    can_update = models.BooleanField(null=True)
    can_soft_delete = models.BooleanField(null=True)
    can_destroy = models.BooleanField(null=True)

    class Meta:
        ordering = ["object_metadata_id"]
        constraints = [
            models.UniqueConstraint(fields=["role", "object_metadata_id"], name="apikeys_object_permission_once")
        ]


class FieldPermission(models.Model):
    """What a role takes away of one field: false restricts, null leaves it as the object has it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="field_permissions")
    object_metadata_id = models.UUIDField()
    field_metadata_id = models.UUIDField()
    can_read = models.BooleanField(null=True)
    can_update = models.BooleanField(null=True)

    class Meta:
        ordering = ["field_metadata_id"]
        constraints = [
            models.UniqueConstraint(fields=["role", "field_metadata_id"], name="apikeys_field_permission_once"),
            models.CheckConstraint(
                condition=(models.Q(can_read=False) | models.Q(can_read=None))
                & (models.Q(can_update=False) | models.Q(can_update=None)),
                name="apikeys_field_permission_restricts",
            ),
        ]


class Member(models.Model):
    """A person of a workspace: Django's user, the role here, and their workspaceMember record."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    workspace_id = models.UUIDField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="members")
    member_record_id = models.UUIDField(null=True, blank=True)
    token_generation = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Rises when the person signs out, which ends their console tokens"
    )
    first_steps_hidden = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "workspace_id"], name="apikeys_member_once")]
        indexes = [models.Index(fields=["workspace_id"], name="apikeys_member_workspace")]


class Invitation(models.Model):
    """A link by which one person becomes a member, once. Of its token only the digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    workspace_id = models.UUIDField()
    email = models.EmailField(max_length=254)
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_by_name = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace_id", "email"], name="apikeys_invitation_once")]


class OpenSession(AbstractBaseSession):
    """A sign-in to the pages, and what its owner recognises it by. The store of settings.SESSION_ENGINE writes it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="open_sessions"
    )
    address = models.TextField(default="", db_default="")
    user_agent = models.TextField(default="", db_default="")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)  # to a minute

    @classmethod
    def get_session_store_class(cls) -> Any:
        from apikeys.sessions import SessionStore  # which imports this

        return SessionStore


class Preferences(models.Model):
    """How the pages are shown to a person, in every workspace. Empty: as their browser has it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preferences"
    )
    time_zone = models.CharField(max_length=64, blank=True, default="")  # IANA
    language = models.CharField(max_length=16, blank=True, default="")  # of `apikeys.services.profile.languages`

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class PasswordReset(models.Model):
    """A link by which a person sets another password, once. Of its token only the digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    is_by_mail = models.BooleanField(help_text="Asked for at the sign-in page; else somebody made it for them")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "id"]


class ApiKey(models.Model):
    """A caller that is not a person. Its tokens carry `id` and `generation`; a roll raises the latter.

    `role` is null only after its role was deleted: the key then stops working.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    workspace_id = models.UUIDField()
    name = models.CharField(max_length=255)
    description = models.TextField(null=True, blank=True)
    role = models.ForeignKey(Role, on_delete=models.SET_NULL, null=True, related_name="api_keys")
    is_read_only = models.BooleanField(default=False, db_default=False)
    object_ids = models.JSONField(null=True, blank=True, help_text="The only objects it reaches; null: its role's")
    allowed_networks = models.JSONField(null=True, blank=True, help_text="CIDR, as normalised; null: from anywhere")
    api_version = models.CharField(max_length=1, choices=[("1", "1"), ("2", "2")], default="1")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    max_requests_per_second = models.PositiveIntegerField(null=True, blank=True)  # null: the server's; 0: no limit
    max_requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=1)
    previous_generation_until = models.DateTimeField(null=True, blank=True)
    expiry_notice_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The last notice of its end, so many days before; null: none was given"
    )
    token_ends = models.JSONField(
        null=True, blank=True, help_text="Of tokens with an end of their own, as authentication asks for it"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.TextField(null=True, blank=True)
    last_used_api = models.TextField(null=True, blank=True, help_text="Of apikeys.activity.facts.APIS")
    created_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_by_name = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = "API key"
        indexes = [models.Index(fields=["workspace_id", "created_at", "id"], name="apikeys_key_workspace")]

    def __str__(self) -> str:
        return self.name

    @property
    def fingerprint(self) -> str:
        """First and last four characters of the id, as every token of the key carries it (`jti`)."""
        text = str(self.id)
        return f"{text[:4]}…{text[-4:]}"


class ApiKeyToken(models.Model):
    """That a token was issued, when, and a peppered digest to recognise it by; never its text."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="tokens")
    generation = models.PositiveIntegerField()
    kid = models.CharField(
        max_length=16, default="none", db_default="none", help_text="The signing key it was made with"
    )
    digest = models.CharField(max_length=64, unique=True)
    last_four = models.CharField(max_length=4)
    issued_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # before it expires: it was replaced, or revoked

    @property
    def end(self) -> datetime:
        """When it stops working, as far as the token itself decides."""
        return self.expires_at if self.ends_at is None else min(self.ends_at, self.expires_at)

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = "API key token"


class SigningKey(models.Model):
    """A name that tokens are signed under, `kid` in their header. The newest that stands signs new ones.

    What it signs with is derived from the server's secret, so nothing secret is here: `secret_key_fingerprint` says
    from which (`config.server.secret.fingerprint`). Without that secret its tokens are void, which is how a lost or
    changed SECRET_KEY is noticed. The row `none` is there once the tokens without a `kid` have been revoked.
    """

    kid = models.CharField(primary_key=True, max_length=16, editable=False)
    secret_key_fingerprint = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "kid"]

    def __str__(self) -> str:
        return self.kid


class RenewedToken(models.Model):
    """A refresh token that was given for new tokens; given again later, it was in two hands.

    Kept until it would expire.
    `id` is the token's `jti`, or the SHA-256 of what was signed, of tokens without one.
    """

    id = models.CharField(primary_key=True, max_length=64, editable=False)
    member_id = models.UUIDField()
    renewed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class RateBucket(models.Model):
    """How full a token bucket is, and what of it is on loan; `apikeys.rates` says how. An UNLOGGED table.

    `id` is `key:<id>:short`, `workspace:<id>` …; `at` and `period` are of the database's clock, Unix seconds and
    periods of `LEASE_S`.
    """

    id = models.CharField(max_length=120, primary_key=True)
    tokens = models.FloatField()  # as of `at`, without what is on loan; below zero after a debt
    lent = models.FloatField()  # in `period`
    lent_before = models.FloatField()  # in the one before
    period = models.IntegerField()
    at = models.FloatField()
    full_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


from apikeys.activity.models import AuditEntry, RequestEntry  # noqa: E402, F401 - so that Django finds them
