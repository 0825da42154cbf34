"""Moving a workspace between the nodes of a Citus, which does it by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

from config.errors import InvalidInput
from config.server.own_connection import own_connection, rows_of
from metadata.models import Workspace

_NODE = re.compile(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):([0-9]{1,5})")


def move_to_node(workspace: Workspace, node: str, say: Callable[[str], None]) -> None:
    """Have Citus move the workspace's schema (Citus 12 and newer). Raises InvalidInput, and what Citus refuses.

    https://docs.citusdata.com/en/stable/develop/api_udf.html#citus-schema-move
    """
    found = _NODE.fullmatch(node)
    if found is None:
        raise InvalidInput([f"There is no database {node}; a node of Citus is host:port"])
    host, port = found[1].strip("[]"), int(found[2])
    with own_connection(workspace.shard) as coordinator:
        text = "SELECT citus_schema_move(%s::regnamespace, %s, %s)"
        rows_of(coordinator, text, [workspace.database_schema, host, port])
    say(f"The workspace is on {node}")
