"""What every request needs, made before the first one comes, for any web server."""

from __future__ import annotations

import gc
from importlib import import_module

from django.conf import settings
from django.utils.module_loading import import_string


def warm_up() -> None:
    """Never looked through for garbage again: a full collection of it takes 50 ms."""
    import_module(settings.ROOT_URLCONF)
    for path in settings.WARM_UP:
        import_string(path)()
    gc.collect()
    gc.freeze()
