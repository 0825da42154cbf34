"""manage.py records import | export: an object's records from or into a CSV or JSON Lines file."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from config.errors import ApiError
from config.principal import system
from core.query import ir
from core.records.find import find_page
from core.transfer.exporting import PAGE, export_records
from core.transfer.importing import Options, Report, import_records
from core.transfer.reading import SEPARATORS
from metadata.cache import current_schema
from metadata.models import Workspace

_SUFFIXES: dict[str, Literal["csv", "jsonl"]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


WIDTH = 30  # of a bar, in characters


def bar(done: int, total: int) -> str:
    """How far something is.

    >>> bar(1, 4)
    '[#######-----------------------]  25%'
    """
    part = min(1.0, done / total) if total else 1.0
    return f"[{'#' * int(WIDTH * part):-<{WIDTH}}] {part:4.0%}"


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
            each.add_argument(
                "--separator",
                choices=tuple(SEPARATORS),
                help="of the cells of a CSV; default: a comma in exports, in imports what the header has",
            )
            each.add_argument(
                "--safe",
                action="store_true",
                help="CSV whose cells no spreadsheet takes for formulas; give it to both or to neither",
            )
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
                self._export(workspace, options, form)
            else:
                self._import(workspace, options, form)
        except ApiError as fault:
            raise CommandError(f"{fault.message} {fault.hint or ''}".strip()) from fault
        except OSError as fault:
            raise CommandError(str(fault)) from fault

    def _export(self, workspace: Workspace, options: dict[str, Any], form: Literal["csv", "jsonl"]) -> None:
        """Into a file beside the one wanted, which it replaces when it is whole."""
        path: Path = options["file"]
        query = ir.Find(options["object"], ir.Everything())
        separator = SEPARATORS[options["separator"] or "comma"]
        principal, schema = system(workspace.ref()), current_schema(workspace.id)
        pieces = export_records(principal, schema, query, form, separator=separator, is_safe=options["safe"])
        total = find_page(principal, schema, replace(query, page=ir.Page(0))).total or 0
        partial = path.with_name(path.name + ".part")
        size = 0
        with partial.open("wb") as file:
            for number, piece in enumerate(pieces):
                size += file.write(piece)
                self._progress(f"{bar((number + 1) * PAGE, total)} {size:,} bytes")
        os.replace(partial, path)
        self._end_progress()
        self.stdout.write(f"{path}: {size:,} bytes")

    def _import(self, workspace: Workspace, options: dict[str, Any], form: Literal["csv", "jsonl"]) -> None:
        separator = None if options["separator"] is None else SEPARATORS[options["separator"]]
        chosen = Options(form, options["upsert"], options["dry_run"], options["goes_on"], separator, options["safe"])
        size = options["file"].stat().st_size
        with options["file"].open("rb") as file:
            report = import_records(
                system(workspace.ref()),
                current_schema(workspace.id),
                options["object"],
                file,
                chosen,
                lambda so_far: self._progress(
                    f"{bar(file.tell(), size)} {so_far.read:,} read, {so_far.failed:,} failed"
                ),
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
            self.stdout.write(f"\r{text}\x1b[K", ending="")  # and nothing of a longer text behind it
            self.stdout.flush()

    def _end_progress(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
