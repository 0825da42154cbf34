"""Both APIs are asked about the solar system of the golden files, made once for each module."""

from __future__ import annotations

import pytest

from tests.golden.system import SolarSystem, make_system


@pytest.fixture(scope="module")
def _made(uncommitted: None) -> SolarSystem:
    return make_system()


@pytest.fixture
def system(_made: SolarSystem, db: None) -> SolarSystem:
    return _made
