"""The entry point of WSGI servers: `gunicorn config.wsgi:application`.

`manage.py up` starts granian with `config.server.rsgi:application` instead. A WSGI server reads bodies while a
worker waits for them: put a proxy before it that reads them first (nginx does).
"""

import os

import django
from django.core.handlers.wsgi import WSGIHandler

from config.http.chunked_bodies import ChunkedBodies
from config.server.scope import PlainRequest
from config.server.warm_up import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)


class Handler(WSGIHandler):
    request_class = PlainRequest


application = ChunkedBodies(Handler())
warm_up()
