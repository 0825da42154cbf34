"""The entry point of web servers: `granian --interface wsgi config.wsgi:application`."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from config.chunked_bodies import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = ChunkedBodies(get_wsgi_application())

# What every request needs is made before the first one comes, and never looked through for garbage
# again: a full collection of it takes 50 ms.
import_module(settings.ROOT_URLCONF)
for path in settings.WARM_UP:
    import_string(path)()
gc.collect()
gc.freeze()
