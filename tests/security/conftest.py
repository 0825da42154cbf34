"""What the modules here share: the scene as each describes it, somebody to sign in, and time, for what is limited by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apikeys import sign_in
from apikeys.models import Member, Role
from apikeys.services.members import member_create
from config.http import limits
from metadata.models import Workspace
from tests.factories import workspace_with
from tests.security.rates import Clock, controlled_clock
from tests.security.scene import PASSWORD, Scene, make_scene


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, uncommitted: None) -> Scene:
    """The scene with the roles that the module describes: ROLES, by their labels what `Scene.role` takes."""
    made = make_scene()
    for label, described in getattr(request.module, "ROLES", {}).items():
        made.role(label, **described)
    return made


@pytest.fixture
def records(request: pytest.FixtureRequest, db: None, scene: Scene) -> Scene:
    """The scene with the module's RECORDS: paths and what is sent to them."""
    for path, body in request.module.RECORDS:
        reply = scene.admin.ask("POST", f"/rest/{path}", body)
        assert reply.status == 201, reply.body
    return scene


@pytest.fixture(scope="module")
def _acme(uncommitted: None) -> Workspace:
    return workspace_with(name="Acme")


@pytest.fixture
def acme(db: None, _acme: Workspace) -> Workspace:
    return Workspace.objects.get(id=_acme.id)


@pytest.fixture
def ada(acme: Workspace) -> Member:
    """An Admin of Acme, who signs in with PASSWORD."""
    role = Role.objects.get(workspace_id=acme.id, label="Admin")
    return member_create(workspace=acme, email="ada@example.com", password=PASSWORD, role=role)


@pytest.fixture
def few_tries(settings: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in may be tried 3 times for an account from an address, 5 for the account, 7 from the address."""
    monkeypatch.setattr(sign_in.PasswordHasher, "iterations", 1000)  # a thousandth of the work, and of the time
    settings.SIGN_IN_LIMIT, settings.SIGN_IN_ACCOUNT_LIMIT, settings.SIGN_IN_ADDRESS_LIMIT = 3, 5, 7
    settings.SIGN_IN_PERIOD_S = 900.0


@pytest.fixture
def clock(db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Stands still unless the test moves it; nobody has asked for anything yet."""
    limits._purse.cache_clear()
    made = controlled_clock()
    monkeypatch.setattr(limits, "monotonic", made)
    monkeypatch.setattr(limits, "time", made)
    monkeypatch.setattr(limits._Outage, "until", 0.0)
    yield made
    limits._purse.cache_clear()
