"""What changes in the APIs when an object is renamed or deleted: addresses, fields, types, and who uses them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from config.http.rights import may
from config.principal import KEYS_FLAG, Principal
from metadata.cache import load_schema
from metadata.models import ObjectMetadata

SHOWN_USERS = 20


def api_changes(
    principal: Principal, obj: ObjectMetadata, singular: str | None = None, plural: str | None = None
) -> dict[str, Any]:
    """`names`: (kind, [(name now, name then or None)]) of each kind; `webhooks` and `keys`: who listens and who called.

    Without new names the object ends. What is switched off has no names in the APIs.
    """
    schema = load_schema(principal.workspace_id, principal.workspace.schema_version)
    subject = schema.by_singular.get(obj.name_singular)
    names_of = import_string(settings.OBJECT_IN_APIS)
    names: list[tuple[str, list[tuple[str, str | None]]]] = []
    if subject is not None:
        now = names_of(subject)
        then = names_of(subject, singular, plural) if singular or plural else {}
        for kind, old in now.items():
            new = then.get(kind) or [None] * len(old)
            pairs = [(before, after) for before, after in zip(old, new, strict=True) if before != after]
            if pairs:
                names.append((kind, pairs))
    may_see = may(principal, KEYS_FLAG)
    webhooks = import_string(settings.OBJECT_LISTENERS)(principal, obj.name_singular)
    keys = import_string(settings.OBJECT_CALLERS)(principal, obj.name_singular)
    return {
        "names": names,
        "webhooks": webhooks[:SHOWN_USERS] if may_see else [],
        "webhook_count": len(webhooks),
        "keys": keys[:SHOWN_USERS] if may_see else [],
        "key_count": len(keys),
        "is_rename": bool(singular or plural),
    }
