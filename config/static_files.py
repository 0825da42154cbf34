"""Static files under names that hold a digest of what is in them, so that browsers keep them for a year; compressed.

The server finds the files where the apps have them, so nothing is collected before it starts. A file's digest is taken
when its address is first asked for; what gzip makes of it is kept in DATA_DIR/static, for all processes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

DIGITS = 12  # of SHA-256
COMPRESSED = (".css", ".js", ".svg", ".json", ".map", ".txt")
LEAST_BYTES = 1_000  # below that nothing is gained

_NAME = re.compile(r"[\w@+-][\w./@+-]*", re.ASCII)


class HashedFilesStorage(StaticFilesStorage):
    """`{% static "settings/settings.css" %}` → `/static/settings/settings.0123456789ab.css`."""

    def url(self, name: str | None) -> str:
        return super().url(hashed_name(name) if name else name)


def hashed_name(name: str) -> str:
    """The name with the digest of its file before its ending; as it is, as long as no such file is found."""
    try:
        return _hashed_name(name)
    except FileNotFoundError:  # which is not remembered: assets are fetched while a server runs
        return name


@lru_cache(4096)
def _hashed_name(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str) or not os.path.isfile(path):
        raise FileNotFoundError(name)
    stem, ending = os.path.splitext(name)
    return f"{stem}.{hashlib.sha256(Path(path).read_bytes()).hexdigest()[:DIGITS]}{ending}"


def plain_name(hashed: str) -> str | None:
    """The name of the file whose hashed name that is now; None for any other."""
    if not _NAME.fullmatch(hashed):
        return None
    stem, ending = os.path.splitext(hashed)
    name = os.path.splitext(stem)[0] + ending
    return name if name != hashed and hashed_name(name) == hashed else None


def compressed(hashed: str, path: str) -> str | None:
    """The path of the file's gzip, made when it is not there; None where it would be of no use, or cannot be kept."""
    if not hashed.endswith(COMPRESSED) or os.path.getsize(path) < LEAST_BYTES:
        return None
    kept = Path(settings.DATA_DIR) / "static" / f"{hashed.replace('/', '__')}.gz"
    if kept.exists():
        return str(kept)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
            draft.write(gzip.compress(Path(path).read_bytes(), mtime=0))
        os.replace(draft.name, kept)
    except OSError:
        return None  # a full or read-only disk: it is sent as it is
    return str(kept)
