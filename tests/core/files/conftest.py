"""A workspace whose rockets hold files."""

from __future__ import annotations

import pytest

from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with

ROCKET = {
    "nameSingular": "rocket",
    "namePlural": "rockets",
    "fields": [
        {"type": "TEXT", "name": "code", "isUnique": True},
        {"type": "FILES", "name": "drawings", "settings": {"maxNumberOfValues": 3}},
        {"type": "FILES", "name": "papers", "settings": {"maxNumberOfValues": 1}},
    ],
}


@pytest.fixture
def workspace(db: None) -> Workspace:
    return workspace_with([ROCKET])


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)
