"""What a new workspace begins with: an object, a key, a call, a webhook. Each is done or not by what the database says.

The apps name their steps (settings.FIRST_STEPS); the list pages of the settings show them until all are done, or until
the member puts them away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from config.http.rights import may
from config.principal import Principal


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called and brings, where it is taken, the rights it takes (all of them). It is done in a
    workspace when its `evidence` is there."""

    title: str | Promise
    sentence: str | Promise
    url: str
    rights: tuple[str, ...]
    evidence: Callable[[UUID], QuerySet[Any]]


def steps_of(principal: Principal) -> Sequence[tuple[Step, bool]]:
    """The steps that the member may take, each with whether it is done; none once all are, or were put away."""
    steps = [each for each in map(_step, settings.FIRST_STEPS) if all(may(principal, flag) for flag in each.rights)]
    who: QuerySet[Any] | None = import_string(settings.FIRST_STEPS_OF)(principal) if steps else None
    if who is None:
        return []
    found = who.values_list(*(Exists(each.evidence(principal.workspace_id)) for each in steps)).first()
    if found is None or all(found):
        return []
    return list(zip(steps, found, strict=True))


def _step(path: str) -> Step:
    step: Step = import_string(path)
    return step
