"""`manage.py workspace create NAME [--id UUID] [--empty]`: prints the new workspace's id and nothing else.

`manage.py workspace clashes` names everything in data models that two lay claim to, and fails when there is something.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from config.errors import ApiError
from metadata.services import workspace_create


class Command(BaseCommand):
    help = "Creates a workspace with its standard objects, or names what clashes in the workspaces there are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="create a workspace and print its id")
        create.add_argument("name")
        create.add_argument("--id", type=UUID, default=None, help="id of the workspace; made when absent")
        create.add_argument("--empty", action="store_true", help="only the objects that the engine itself needs")

        verbs.add_parser("clashes", help="name the objects and fields whose names others have, in every workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "clashes":
            return self.tell_clashes()
        try:
            workspace = workspace_create(name=options["name"], id=options["id"], empty=options["empty"])
        except ApiError as error:
            raise CommandError(error.message) from error
        self.stdout.write(str(workspace.id))

    def tell_clashes(self) -> None:
        found = list(import_string(settings.NAME_CLASHES_TOLD)())
        for workspace_id, sentence in found:
            self.stdout.write(f"{workspace_id}: {sentence}")
        if found:
            raise CommandError(f"{len(found)} names clash: rename one of the two of each")
        self.stdout.write("No names clash.")
