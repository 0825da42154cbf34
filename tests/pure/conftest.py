"""Nothing here reaches a database. Run alone, these tests start none: `pytest tests/pure`."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import django
from django.apps import apps

if not apps.ready:  # else the conftest.py above has done it
    from tests.chance import load_profile

    load_profile()
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="fourgate-pure-")
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
    os.environ["DATABASE_URL"] = "postgres://nobody@127.0.0.1:1/nothing"  # nobody listens there
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
