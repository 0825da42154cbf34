"""The project's settings, with the hand-written views and the plain application beside its own on the same server."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.plain"]
ROOT_URLCONF = "benchmarks.urls"
