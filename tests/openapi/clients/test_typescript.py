"""TypeScript clients and the linter of documents, by `make clients`: they need Node.js and the npm packages.

The packages stand in `typescript/package-lock.json`; `make clients` installs them beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.openapi.clients.conftest import TIMEOUT_S, Served
from tests.openapi.model import emptied, full, nulled

pytestmark = pytest.mark.node
FOLDER = Path(__file__).parent / "typescript"
BUILD = FOLDER / "build"


@pytest.fixture(autouse=True)
def build() -> Iterator[None]:
    """An empty folder `build`, where the programs look for what is generated."""
    assert (FOLDER / "node_modules").is_dir(), "`make clients` installs what these tests need"
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    yield
    shutil.rmtree(BUILD)


def node(*command: str) -> str:
    """What a program of the npm packages, or `node` itself, prints; it must succeed."""
    path = f"{FOLDER / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    made = subprocess.run(
        command, cwd=FOLDER, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert made.returncode == 0, made.stdout[-5000:] + made.stderr[-5000:]
    return made.stdout


def test_openapi_fetch(served: Served) -> None:
    node("openapi-typescript", str(served.document("3.1", BUILD)), "--output", "build/schema.ts")
    _lists_creates_and_updates(served, "openapi_fetch", 'import type { components } from "./schema";')


def test_hey_api(served: Served) -> None:
    node("openapi-ts", "--input", str(served.document("3.1", BUILD)), "--output", "build/sdk", "--silent")
    _lists_creates_and_updates(served, "hey_api", 'import type { Gadget, GadgetForUpdate } from "./sdk/types.gen";')


def _lists_creates_and_updates(served: Served, program: str, imports: str) -> None:
    """Compiles what was generated with a program that uses it, runs it, and looks at the answers it prints."""
    bolt = served.api.post("/rest/parts", {"name": "Bolt"}).body["data"]["createPart"]["id"]
    sent = full(mainPartId=bolt, topicPartId=bolt, myFiles=[served.uploaded()])
    # `full` is checked against the type of an input as any literal is, so a wrong type does not compile.
    kinds = ("Gadget", "GadgetForUpdate")
    if "components" in imports:
        imports += "".join(f'\ntype {kind} = components["schemas"]["{kind}"];' for kind in kinds)
    constants = {"url: string": f"{served.url}/rest", "token: string": served.token}
    constants |= {"full: Gadget": sent, "gadget: Gadget": nulled(), "cleared: GadgetForUpdate": nulled()}
    lines = [f"export const {name} = {json.dumps(value, indent=2)};" for name, value in constants.items()]
    (BUILD / "values.ts").write_text("\n".join([imports, *lines, ""]))
    (BUILD / "tsconfig.json").write_text(json.dumps({"extends": "../tsconfig.json", "files": [f"../{program}.ts"]}))
    node("tsc", "--project", "build")
    records: dict[str, Any] = json.loads(node("node", f"build/out/{program}.js"))
    assert {name: records["one"][name] for name in sent} == {
        **sent, "myFiles": [{**each, "extension": ".txt", "url": ANY} for each in sent["myFiles"]]
    }  # fmt: skip
    for each in ("two", "after"):
        assert {name: records[each][name] for name in nulled()} == emptied()


@pytest.mark.parametrize("version", ["3.1", "3.0"])
@pytest.mark.parametrize("name", ["core", "metadata"])
def test_spectral_finds_nothing(served: Served, name: str, version: str) -> None:
    document = served.api.get(f"/rest/open-api/{name}?version={version}").body
    (BUILD / "openapi.json").write_text(json.dumps(document))
    found = node("spectral", "lint", "--format", "json", "--quiet", "--fail-severity", "hint", "build/openapi.json")
    assert json.loads(found) == []
