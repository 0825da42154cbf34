"""What stands where in a backup, for who writes and who reads one."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import import_string

from config.server.own_connection import Driver
from metadata.services.parts import Part

FORMAT = "fourgate-workspace"
VERSION = 1
MANIFEST = "manifest.json"
WORKSPACE = Part("metadata_workspace", "id = %(workspace)s")
OWN = ("history", "record_count", "file", "file_part")  # beside the objects' tables


def parts() -> Iterable[Part]:
    """Of every app, but the workspace's own row."""
    for path in settings.WORKSPACE_PARTS:
        yield from import_string(path)


def columns_of(driver: Driver | BaseDatabaseWrapper, schema: str, table: str) -> list[str]:
    """A table's columns in their order; none where there is no such table."""
    with driver.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' ORDER BY attnum",
            [f'"{schema}"."{table}"'],
        )
        return [name for (name,) in cursor.fetchall()]


def last_migrations() -> dict[str, str]:
    """The newest migration of each of our apps that this release has."""
    loader = MigrationLoader(None)
    ours = ("metadata", "core", "apikeys", "webhooks")
    return {app: max(name for label, name in loader.disk_migrations if label == app) for app in ours}


def known_migrations() -> set[tuple[str, str]]:
    return {*MigrationLoader(None).disk_migrations}
