"""manage.py records import | export: an object's records from or into a CSV or JSON Lines file."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from config.errors import ApiError
from config.principal import system
from core.query import ir
from core.transfer.exporting import export_records
from core.transfer.importing import Options, Report, import_records
from metadata.cache import current_schema
from metadata.models import Workspace

_SUFFIXES: dict[str, Literal["csv", "jsonl"]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class Command(BaseCommand):
    help = "Imports records from a file, or exports them into one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("import", "export"):
            each = verbs.add_parser(verb)
            each.add_argument("file", type=Path)
            each.add_argument("--workspace", required=True, type=UUID, help="id of the workspace")
            each.add_argument("--object", required=True, help="singular name of the object")
            each.add_argument("--format", choices=("csv", "jsonl"), help="default: what the file's name ends with")
            if verb == "import":
                each.add_argument("--upsert", action="store_true", help="update records that exist already")
                each.add_argument("--dry-run", action="store_true", help="only say what would be done")
                each.add_argument("--continue", dest="goes_on", action="store_true", help="leave out faulty records")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(id=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"No workspace {options['workspace']}")
        form = options["format"] or _SUFFIXES.get(options["file"].suffix.lower())
        if form is None:
            raise CommandError("The file's name does not say its format; give --format")
        try:
            if options["verb"] == "export":
                self._export(workspace, options["object"], options["file"], form)
            else:
                self._import(workspace, options, form)
        except ApiError as fault:
            raise CommandError(f"{fault.message} {fault.hint or ''}".strip()) from fault
        except OSError as fault:
            raise CommandError(str(fault)) from fault

    def _export(self, workspace: Workspace, name: str, path: Path, form: Literal["csv", "jsonl"]) -> None:
        """Into a file beside the one wanted, which it replaces when it is whole."""
        query = ir.Find(name, ir.Everything())
        pieces = export_records(system(workspace.ref()), current_schema(workspace.id), query, form)
        partial = path.with_name(path.name + ".part")
        size = 0
        with partial.open("wb") as file:
            for piece in pieces:
                size += file.write(piece)
                self._progress(f"{size:,} bytes")
        os.replace(partial, path)
        self._end_progress()
        self.stdout.write(f"{path}: {size:,} bytes")

    def _import(self, workspace: Workspace, options: dict[str, Any], form: Literal["csv", "jsonl"]) -> None:
        chosen = Options(form, options["upsert"], options["dry_run"], options["goes_on"])
        with options["file"].open("rb") as file:
            report = import_records(
                system(workspace.ref()),
                current_schema(workspace.id),
                options["object"],
                file,
                chosen,
                lambda so_far: self._progress(f"{so_far.read:,} read, {so_far.failed:,} failed"),
            )
        self._end_progress()
        self._tell(report)

    def _tell(self, report: Report) -> None:
        for error in report.errors:
            self.stderr.write(f"line {error['line']}: {'; '.join(error['messages'])}")
        summary = f"{report.read} read, {report.created} created, {report.updated} updated, {report.failed} failed"
        if report.stopped:
            raise CommandError(f"Stopped: {summary}")
        self.stdout.write(summary)

    def _progress(self, text: str) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{text}", ending="")
            self.stdout.flush()

    def _end_progress(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
