"""`manage.py workspace create|list|show|set|export|import|move|delete|restore|clashes`: from the command line.

`export NAME --to FILE` writes a backup of the whole workspace, which `import FILE` makes a workspace of; `export
--workspace NAME FILE` what people read: the data model and the records as JSON Lines.
`create` prints the new workspace's id and nothing else. `set` takes settings by their API names and values as JSON or
text: `maxBatchSize=100 displayName="Acme & Sons" maxApiKeyLifetimeDays=null`. `clashes` names everything in data models
that two lay claim to, and fails when there is something.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from config.errors import ApiError
from config.http.inputs import uuid_of
from config.http.members import refuse_unknown
from config.principal import system
from config.server.sqlstate import FAULTS
from metadata.fieldtypes.datetime import moment_text
from metadata.models import Workspace
from metadata.services import (
    SETTINGS,
    logo_set,
    workspace_create,
    workspace_delete,
    workspace_restore,
    workspace_update,
)
from metadata.services.backup import workspace_read, workspace_write
from metadata.services.moving import workspace_move


class Command(BaseCommand):
    help = "Creates workspaces, shows and changes their settings, exports, imports, moves, deletes and restores them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="create a workspace and print its id")
        create.add_argument("name")
        create.add_argument("--id", type=UUID, default=None, help="id of the workspace; made when absent")
        create.add_argument("--shard", help="the database of its records; else WORKSPACE_PLACEMENT says which")
        create.add_argument("--empty", action="store_true", help="only the objects that the engine itself needs")

        verbs.add_parser("list", help="id, subdomain and name of every workspace, deleted ones too")
        verbs.add_parser("clashes", help="name the objects and fields whose names others have, in every workspace")
        for verb, text in (
            ("show", "print the settings"),
            ("set", "change settings"),
            ("delete", "end every key and sign-in at once; it can be restored until it is purged"),
            ("restore", "bring a deleted workspace back"),
        ):
            command = verbs.add_parser(verb, help=text)
            command.add_argument("--workspace", required=True, help="id, subdomain or name")
            if verb == "set":
                command.add_argument("setting", nargs="*", help="maxBatchSize=100; null clears what can be cleared")
                command.add_argument("--logo", type=Path, help="a PNG, JPEG or WebP picture")
            if verb == "delete":
                command.add_argument("--yes", action="store_true", help="needed, so that nothing is deleted by mistake")

        export = verbs.add_parser("export", help="write a backup; or the data model and all records, for reading")
        export.add_argument("given", metavar="NAME|FILE", help="of a backup the workspace, else the archive")
        export.add_argument("--to", type=Path, metavar="FILE", help="write a backup to a new file")
        export.add_argument("--workspace", help="write an archive for reading: id, subdomain or name")
        restored = verbs.add_parser("import", help="make a workspace of a backup and print its id")
        restored.add_argument("file", type=Path)
        restored.add_argument("--name", help="of the workspace; else as it was")
        restored.add_argument("--to", metavar="SHARD", help="the database of its records; else as for a new workspace")
        move = verbs.add_parser("move", help="move the records to another database while they are served")
        move.add_argument("name", help="id, subdomain or name")
        move.add_argument("--to", required=True, metavar="SHARD", help="a database, or a node of Citus: host:port")
        move.add_argument("--keep", type=float, metavar="S", help="how long nobody has to have read the old place")

    def handle(self, *args: object, **options: object) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except ApiError as error:
            raise CommandError(error.message if error.hint is None else f"{error.message}. {error.hint}") from error

    def _create(self, options: dict[str, Any]) -> None:
        asked = {name: options[name] for name in ("name", "id", "empty", "shard")}
        workspace = workspace_create(**asked)
        self.stdout.write(str(workspace.id))

    def _list(self, options: dict[str, object]) -> None:
        for each in Workspace.objects.order_by("created_at"):
            deleted = "" if each.deleted_at is None else f"  (deleted {moment_text(each.deleted_at)})"
            self.stdout.write(f"{each.id}  {each.subdomain}  {each.display_name or ''}{deleted}")

    def _show(self, options: dict[str, object]) -> None:
        workspace = _living(options)
        for name, column in SETTINGS.items():
            if name != "inviteHash":  # it lets people in
                self.stdout.write(f"{name}={json.dumps(getattr(workspace, column), default=str, ensure_ascii=False)}")

    def _set(self, options: dict[str, Any]) -> None:
        workspace = _living(options)
        update = dict(map(_setting, options["setting"]))
        refuse_unknown(update, SETTINGS, "A workspace")
        if options["logo"] is not None:
            try:
                content = options["logo"].read_bytes()
            except OSError as error:
                raise CommandError(f"{options['logo']} cannot be read: {error.strerror}") from error
            logo_set(workspace_id=workspace.id, content=content)
        if update:
            workspace_update(workspace_id=workspace.id, update=update)

    def _export(self, options: dict[str, Any]) -> None:
        if (options["to"] is None) == (options["workspace"] is None):
            raise CommandError("Say export NAME --to FILE for a backup, export --workspace NAME FILE for reading")
        if options["to"] is not None:
            self._back_up(_living({"workspace": options["given"]}), options["to"])
            return
        workspace = _living(options)
        pieces = import_string(settings.WORKSPACE_ARCHIVE)(system(workspace.ref()))
        path = Path(options["given"])
        if str(path) == "-":
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        try:
            with path.open("xb") as file:
                file.writelines(pieces)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error

    def _back_up(self, workspace: Workspace, path: Path) -> None:
        try:
            rows = workspace_write(workspace, path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}") from error
        self.stdout.write(f"{rows} rows, {path.stat().st_size} bytes")

    def _import(self, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        try:
            workspace = workspace_read(path, name=options["name"], shard=options["to"])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        self.stdout.write(str(workspace.id))

    def _move(self, options: dict[str, Any]) -> None:
        workspace = _one(Workspace.objects.all(), options["name"])
        try:
            workspace_move(workspace_id=workspace.id, to=options["to"], keep_s=options["keep"], say=self._say)
        except FAULTS as fault:
            raise CommandError(f"The workspace was not moved: {fault}") from fault

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _delete(self, options: dict[str, object]) -> None:
        workspace = _living(options)
        if not options["yes"]:
            raise CommandError(f'Nothing was deleted. Add --yes to delete "{workspace.display_name}".')
        workspace_delete(workspace_id=workspace.id)
        days = settings.DELETED_WORKSPACE_DAYS
        self.stdout.write(f"Deleted. `manage.py workspace restore --workspace {workspace.id}` works for {days} days.")

    def _restore(self, options: dict[str, Any]) -> None:
        workspace = _one(Workspace.objects.exclude(deleted_at=None), options["workspace"])
        workspace_restore(workspace_id=workspace.id)

    def _clashes(self, options: dict[str, Any]) -> None:
        found = list(import_string(settings.NAME_CLASHES_TOLD)())
        for workspace_id, sentence in found:
            self.stdout.write(f"{workspace_id}: {sentence}")
        if found:
            raise CommandError(f"{len(found)} names clash: rename one of the two of each")
        self.stdout.write("No names clash.")


def _living(options: dict[str, Any]) -> Workspace:
    return _one(Workspace.objects.filter(deleted_at=None), options["workspace"])


def _one(among: QuerySet[Workspace], text: str) -> Workspace:
    """The one workspace that is called so."""
    id = uuid_of(text)
    found = list(among.filter(id=id) if id else among.filter(Q(subdomain=text) | Q(display_name=text))[:2])
    if len(found) != 1:
        raise CommandError(f"There is no workspace {text}" if not found else f"There are several workspaces {text}")
    return found[0]


def _setting(text: str) -> tuple[str, object]:
    """
    >>> _setting("maxBatchSize=100"), _setting("displayName=Acme")
    (('maxBatchSize', 100), ('displayName', 'Acme'))
    """
    name, is_given, value = text.partition("=")
    if not is_given:
        raise CommandError(f"{text} is no name=value")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
