"""The browser assets of the GraphQL consoles: fetched for real, once."""

from __future__ import annotations

import json
import re
from pathlib import Path

from config import assets

ROOT = Path(__file__).resolve().parents[2]


def test_assets_are_fetched_once_and_complete(tmp_path: Path) -> None:
    assert assets.fetch_assets(tmp_path) is True
    folder = tmp_path / "assets" / "graphiql"
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted([".stamp", *assets.FILES.values()])
    assert b"GraphiQL" in (folder / "graphiql.min.js").read_bytes()
    assert [path.name for path in folder.parent.iterdir()] == ["graphiql"]  # nothing of npm's is left

    (folder / "graphiql.min.js").write_text("kept")
    assert assets.fetch_assets(tmp_path) is False
    assert (folder / "graphiql.min.js").read_text() == "kept"


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_python_locks_are_pinned_hashed_and_free_of_addresses() -> None:
    locks = ["config/requirements.txt", "config/requirements-assets.txt", "tests/requirements.txt"]
    pins = {}
    for lock in locks:
        text = (ROOT / lock).read_text()
        assert re.findall(r"://|--index-url|--extra-index-url|--find-links", text) == []
        requirements = re.split(r"\n(?=\S)", re.sub(r"^ *#.*\n?", "", text, flags=re.MULTILINE).strip())
        for requirement in requirements:
            assert re.match(r"[a-z0-9-]+==\S+ ", requirement), requirement
            assert "--hash=sha256:" in requirement
        pins[lock] = {requirement.split(" ")[0] for requirement in requirements}
    assert pins["config/requirements.txt"] <= pins["tests/requirements.txt"]
    assert {pin for pin in set().union(*pins.values()) if pin.split("==")[0] in {"psycopg", "psycopg-binary"}} == set()
