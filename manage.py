#!/usr/bin/env python3
"""Django's command line for Fourgate."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.server import embedded_postgres
    from config.server.postgres_binaries import EmbeddedPostgresError

    # Without DATABASE_URL a command uses the server that `up` runs, or has it started for its own duration.
    try:
        with embedded_postgres.for_command(sys.argv):
            execute_from_command_line(sys.argv)
    except EmbeddedPostgresError as error:
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
