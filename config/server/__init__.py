"""The machine a server runs on: the web server adapter, its workers, its database connections."""
