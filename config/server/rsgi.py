"""The entry point of the web server: `granian --interface rsgi config.server.rsgi:application`."""

import os

import django
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

application = import_string("config.server.application.Application")()
