"""The solar system whose golden requests are counted."""

from tests.golden.conftest import _made, system  # noqa: F401
