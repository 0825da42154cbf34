"""Workspaces the record API is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.factories import Api, api_of, workspace_with

SAMPLED = ("People", "Companies", "Opportunities", "Notes", "Tasks")


def clear_samples(api: Api) -> None:
    for plural in SAMPLED:
        api.data(f"mutation {{ destroy{plural}(filter: {{id: {{is: NOT_NULL}}}}) {{ id }} }}")


def without_samples(objects: Sequence[Mapping[str, Any]] = ()) -> Api:
    """An Admin's client of a workspace with the standard objects and no record of the sampled ones."""
    api = api_of(workspace_with(objects, empty=False))
    clear_samples(api)
    return api
