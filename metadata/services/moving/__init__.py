"""Moving a workspace to another database while it is served.

1.  Its tables are copied; then, in rounds, what was written meanwhile (`rows.py`). Nothing of this is seen by anybody.
2.  Writes are held (`fence.py`): committed in the old place, so that no process can write there, whatever it knows.
3.  What was written since the last round is copied. Then `Workspace.shard` names the new place: the commit that moves.
4.  What is left of other apps in the old place follows. Who still reads there sees what was there at the switch; when
    nobody has read it for a while, it is dropped.

Whoever moves holds an advisory lock of the shared database's, on the connection that switches. Once it is gone, the
next one, or `manage.py maintain`, finds by `Workspace.move` what to do: before the switch writes go on in the old
place, and the copy waits to be gone on with; after it what is left is done.
"""

from metadata.services.moving.move import moves_settle, workspace_move

__all__ = ["moves_settle", "workspace_move"]
