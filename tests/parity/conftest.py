"""Both APIs are asked about the solar system of the golden files."""

from tests.golden.conftest import _made, system  # noqa: F401
