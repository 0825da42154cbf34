"""`manage.py schema export|diff|apply --workspace W [FILE]`: the data model of a workspace as a file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from config.errors import ApiError
from config.http.inputs import uuid_of
from metadata.models import Workspace
from metadata.snapshot import schema_apply, schema_diff, schema_export, schema_read, schema_text


class Command(BaseCommand):
    help = "Exports a workspace's data model, compares it with a file, or makes it what a file says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, text in (
            ("export", "write the data model to FILE, or print it"),
            ("diff", "print the steps that would make the data model that of FILE"),
            ("apply", "make the data model that of FILE: all of it, or nothing"),
        ):
            command = verbs.add_parser(verb, help=text)
            command.add_argument("--workspace", required=True, help="id or subdomain of the workspace")
            command.add_argument("file", nargs="?", default="-", help="a path; standard input or output when absent")
            if verb == "export":
                command.add_argument("--format", choices=("yaml", "json"), default=None)
            if verb == "apply":
                command.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
                command.add_argument("--allow-destructive", action="store_true", help="also steps that lose values")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(_workspace(options["workspace"]).id, options)
        except ApiError as error:
            raise CommandError("\n".join(_messages(error))) from error

    def _export(self, workspace_id: UUID, options: dict[str, Any]) -> None:
        path = options["file"]
        text = schema_text(
            schema_export(workspace_id), options["format"] or ("json" if path.endswith(".json") else "yaml")
        )
        if path == "-":
            self.stdout.write(text, ending="")
        else:
            Path(path).write_text(text, encoding="utf-8")

    def _diff(self, workspace_id: UUID, options: dict[str, Any]) -> None:
        for step in schema_diff(workspace_id, schema_read(_text(options["file"]))):
            self.stdout.write(str(step))

    def _apply(self, workspace_id: UUID, options: dict[str, Any]) -> None:
        outcome = schema_apply(
            workspace_id,
            schema_read(_text(options["file"])),
            dry_run=options["dry_run"],
            allow_destructive=options["allow_destructive"],
        )
        for step in outcome.steps:
            self.stdout.write(str(step))


def _workspace(text: str) -> Workspace:
    id = uuid_of(text)
    named = Workspace.objects.filter(subdomain=text) if id is None else Workspace.objects.filter(id=id)
    found = named.filter(deleted_at=None).first()
    if found is None:
        raise CommandError(f"There is no workspace {text}")
    return found


def _text(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error


def _messages(error: ApiError) -> list[str]:
    """The message, and every broken rule of a report below it."""
    failures = getattr(error, "failures", ())
    return [error.message, *(problem.message for failure in failures for problem in failure.problems)]
