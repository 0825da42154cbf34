"""The project's settings, with the hand-written views beside its own on the same server."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
