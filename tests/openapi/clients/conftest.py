"""A served workspace with a field of every type, and code that tools generate from its document."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.factories import Api, key_of
from tests.openapi.documents import core
from tests.openapi.model import OBJECTS, model_workspace

PACKAGE = "generated"
TIMEOUT_S = 300  # of one generator, on a machine that does much else

Json = Any


@dataclass(frozen=True, slots=True)
class Served:
    """A workspace as a client meets it: where it is, and a token of a key that may everything."""

    url: str
    token: str
    api: Api

    def document(self, version: str, folder: Path) -> Path:
        path = folder / "openapi.json"
        path.write_text(json.dumps(core(self.api, f"?version={version}&objects={OBJECTS}")))
        return path

    def uploaded(self) -> dict[str, str]:
        """A value for a FILES field."""
        return {"fileId": self.api.uploaded("gadget.myFiles", "plan.txt"), "label": "plan.txt"}


@pytest.fixture
def served(transactional_db: None, live_server: LiveServer) -> Served:
    token = key_of(model_workspace())
    return Served(live_server.url, token, Api(token))


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a module of the package `generated` that a test has put in its `tmp_path`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}" if name else PACKAGE)
    for name in [each for each in sys.modules if each.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def run(arguments: Sequence[str], folder: Path, **environment: str) -> str:
    """What a program of the environment prints; it must succeed."""
    program, *rest = arguments
    made = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *rest],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    return made.stdout + made.stderr
