"""The only writers of roles, members and API keys. Each function is one transaction.

Callers pass the principal that acts; the `system` one of a workspace acts for the command line. A refusal
raises an error of config.errors and leaves nothing behind.
"""
