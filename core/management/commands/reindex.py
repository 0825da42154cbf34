"""manage.py reindex: rebuild the search column and the kept totals of a workspace."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.records.reindex import reindex
from metadata.cache import current_schema
from metadata.models import Workspace


class Command(BaseCommand):
    help = "Rebuild the search column and the kept totals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, help="id of the workspace")
        parser.add_argument("--object", help="singular name of one object; all of them when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(id=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"No workspace {options['workspace']}")
        schema = current_schema(workspace.id)
        wanted = options["object"]
        if wanted and wanted not in schema.by_singular:
            raise CommandError(f"No object {wanted}")
        for subject in schema.objects:
            if wanted in (None, subject.singular):
                count = reindex(subject, workspace.shard)
                self.stdout.write(f"{subject.plural}: {count}")
