"""Django's PostgreSQL backend, with connections that are opened again when the server was away."""
