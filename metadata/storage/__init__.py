"""The PostgreSQL side of the data model: schemas, tables, indexes, and changes to stored values.

A workspace has one schema, an object one table, cloned from the template `core_record`. Names are
made of ids, so renaming touches nothing here:

    ws_<workspace>.o_<object>      the records
    ws_<workspace>.record_count    kept totals
    ws_<workspace>.history         who changed which record
    ws_<workspace>.file            uploaded files, their content in file_part
    u_<field>                      unique index of a field; the record writer maps a violation back by this name
    r_<field>                      index of a to-one relation's ids
    x_<index>, x_<index>_v         an index made by a user, for order and (where it differs) for equality

Everything runs inside the caller's transaction.
"""

from metadata.storage.indexes import Indexes
from metadata.storage.tables import Tables
from metadata.storage.values import StoredValues

__all__ = ["Storage"]


class Storage(Tables, Indexes, StoredValues):
    """The tables of one workspace, their indexes, and what their records hold."""
