"""The entry point of WSGI servers: `gunicorn config.wsgi:application`.

`manage.py up` starts granian with `config.server.rsgi:application` instead. A WSGI server reads bodies while a
worker waits for them: put a proxy before it that reads them first (nginx does).
"""

import os

from django.core.wsgi import get_wsgi_application

from config.chunked_bodies import ChunkedBodies
from config.server.warm_up import warm_up

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = ChunkedBodies(get_wsgi_application())
warm_up()
