"""The documents as bytes: made once per workspace, schema version, rights, host and variant, then kept.

Everything a document depends on is in its key, so nothing has to be invalidated.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

from config.http.rendering import dumps, loads
from config.openapi.generator import skeleton
from config.openapi.version_3_0 import as_3_0
from config.openapi.yaml_text import as_yaml
from config.principal import Principal

Name = Literal["core", "metadata"]
Syntax = Literal["json", "yaml"]

KEPT_BYTES = 32 * 1024 * 1024  # compressed


@dataclass(frozen=True, slots=True)
class Variant:
    """Which form of which document. `nests` as in `schemas.View`."""

    name: Name
    base_url: str
    syntax: Syntax = "json"
    is_3_0: bool = False
    objects: frozenset[str] | None = None
    nests: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it is sent; `digest` tells its content from any other."""

    digest: str
    compressed: bytes

    def plain(self) -> bytes:
        return gzip.decompress(self.compressed)


_kept: OrderedDict[Hashable, Kept] = OrderedDict()
_lock = Lock()


def document_bytes(principal: Principal | None, variant: Variant) -> Kept:
    """The document as this principal may see it; None stands for someone without a valid token."""
    key = (variant, None if principal is None else _scope(principal))
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    fresh = _pack(_text(principal, variant))
    with _lock:
        _kept[key] = fresh
        size = sum(len(each.compressed) for each in _kept.values())
        while size > KEPT_BYTES and len(_kept) > 1:
            size -= len(_kept.popitem(last=False)[1].compressed)
    return fresh


def _text(principal: Principal | None, variant: Variant) -> bytes:
    text = _json(principal, variant)
    if variant.is_3_0:
        text = dumps(as_3_0(loads(text)))
    return text if variant.syntax == "json" else as_yaml(loads(text)).encode()


def _json(principal: Principal | None, variant: Variant) -> bytes:
    if principal is None:
        return dumps(skeleton(variant.name, variant.base_url))
    made: bytes = import_string(settings.OPENAPI_DOCUMENTS[variant.name])(principal, variant)
    return made


def _pack(text: bytes) -> Kept:
    digest = hashlib.sha256(text).hexdigest()[:32]
    return Kept(digest, gzip.compress(text, compresslevel=6, mtime=0))


# Keys --------------------------------------------------------------------------------------------------


def _scope(principal: Principal) -> tuple[Hashable, ...]:
    """All that a document depends on beside its variant."""
    workspace = principal.workspace
    return (
        workspace.id,
        workspace.schema_version,
        workspace.max_batch_size,
        principal.api_version,
        principal.permissions.as_key,
    )
