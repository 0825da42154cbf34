"""`manage.py workspace create NAME [--id UUID] [--empty]`: prints the new workspace's id and nothing else."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from config.errors import ApiError
from metadata.services import workspace_create


class Command(BaseCommand):
    help = "Creates a workspace with its standard objects."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="create a workspace and print its id")
        create.add_argument("name")
        create.add_argument("--id", type=UUID, default=None, help="id of the workspace; made when absent")
        create.add_argument("--empty", action="store_true", help="only the objects that the engine itself needs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = workspace_create(name=options["name"], id=options["id"], empty=options["empty"])
        except ApiError as error:
            raise CommandError(error.message) from error
        self.stdout.write(str(workspace.id))
