"""The picture of a workspace: uploaded, kept beside its settings, and shown to whoever has its address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.errors import BodyTooLarge, InvalidMetadataInput
from config.http.server_url import server_url
from metadata.models import LOGO_PREFIX, Workspace, WorkspaceLogo
from metadata.services.workspace_settings import workspace_update

_SIGNATURES: Mapping[str, tuple[tuple[int, bytes], ...]] = {  # content type → (where, what) a file of it has
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),  # W3C PNG §5.2
    "image/jpeg": ((0, b"\xff\xd8\xff"),),  # ITU T.81 B.1.1.3
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),  # RFC 9649 §2.4
}


def logo_set(*, workspace_id: UUID, content: bytes) -> Workspace:
    """Keep a picture as the workspace's logo; `content` says by itself what it is, whatever its name.

    Raises BodyTooLarge, InvalidMetadataInput for what is neither PNG, JPEG nor WebP, WorkspaceNotFound.
    """
    if len(content) > settings.MAX_LOGO_BYTES:
        raise BodyTooLarge(f"A logo has at most {settings.MAX_LOGO_BYTES} bytes", path="logo")
    content_type = _type_of(content)
    if content_type is None:
        raise InvalidMetadataInput(
            "A logo is a PNG, JPEG or WebP picture", sub_code="INVALID_WORKSPACE_INPUT", path="logo"
        )
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        workspace = workspace_update(
            workspace_id=workspace_id, update={"logo": f"{LOGO_PREFIX}{workspace_id}/{digest}"}
        )
        kept = {"content": content, "content_type": content_type, "digest": digest, "updated_at": workspace.updated_at}
        WorkspaceLogo.objects.update_or_create(workspace_id=workspace_id, defaults=kept)
    return workspace


def logo_remove(*, workspace_id: UUID) -> Workspace:
    with transaction.atomic():
        workspace = workspace_update(workspace_id=workspace_id, update={"logo": None})
        WorkspaceLogo.objects.filter(workspace_id=workspace_id).delete()
    return workspace


def logo_at(workspace_id: UUID, digest: str) -> tuple[bytes, str] | None:
    """Content and its type; None for an address that is not that of the living workspace's logo."""
    living = Workspace.objects.filter(id=workspace_id, deleted_at=None, logo=f"{LOGO_PREFIX}{workspace_id}/{digest}")
    found = WorkspaceLogo.objects.filter(workspace_id__in=living.values("id"), digest=digest).first()
    return None if found is None else (bytes(found.content), found.content_type)


def logo_url(workspace: Workspace) -> str | None:
    """Where clients find the logo: an uploaded one on this server, else as it was given."""
    return f"{server_url()}{workspace.logo}" if workspace.has_own_logo else workspace.logo


def _type_of(content: bytes) -> str | None:
    """
    >>> _type_of(b"RIFF\\0\\0\\0\\0WEBPVP8 "), _type_of(b"<svg/>")
    ('image/webp', None)
    """
    for name, signature in _SIGNATURES.items():
        if all(content.startswith(text, place) for place, text in signature):
            return name
    return None
