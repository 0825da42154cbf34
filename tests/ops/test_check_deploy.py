"""`manage.py check --deploy`: three of Django's warnings are silenced, and a fourth would fail the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT

SILENCED = ["security.W005", "security.W008", "security.W021"]
SETTINGS = "deploy_settings"  # the project's own, and what a case adds
LIST = """
import json, django
django.setup()
from django.core.checks import run_checks
found = run_checks(include_deployment_checks=True)
print(json.dumps([sorted(each.id for each in found if each.is_silenced() is told) for told in (True, False)]))
"""


def django_with(folder: Path, added: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own with the project's settings, and `added` to them."""
    (folder / "assets").mkdir(exist_ok=True)
    (folder / f"{SETTINGS}.py").write_text(f"from config.settings import *\n{added}\n")
    kept = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    environment = {
        **kept,
        "SERVER_URL": "https://crm.example",
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_three_warnings_are_silenced_and_nothing_else_is_found(tmp_path: Path) -> None:
    done = django_with(tmp_path, "", "-c", LIST)
    assert json.loads(done.stdout.splitlines()[-1]) == [SILENCED, []], done.stderr


def test_a_fourth_warning_fails_the_command(tmp_path: Path) -> None:
    done = django_with(
        tmp_path, "SESSION_COOKIE_SECURE = False", "manage.py", "check", "--deploy", "--fail-level", "WARNING"
    )
    assert done.returncode == 1, done.stdout
    assert "?: (security.W010)" in done.stderr
    assert "1 issue (3 silenced)" in done.stderr
