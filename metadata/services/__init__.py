"""The only writers of the data model.

Every function takes keyword arguments and is one transaction: lock the workspace, check everything,
change rows and tables, raise `schema_version` once. Inputs are mappings by API name (`labelSingular`),
as both APIs take them. What breaks a rule raises `config.errors.MetadataValidationFailed` or
another ApiError, and nothing has changed.
"""

from metadata.services.conversion import field_change_type
from metadata.services.fields.create import field_create
from metadata.services.fields.delete import field_delete
from metadata.services.fields.order import field_order
from metadata.services.fields.update import field_update
from metadata.services.index_building import former_indexes_drop, indexes_build
from metadata.services.indexes import index_create, index_delete
from metadata.services.logos import logo_remove, logo_set, logo_url
from metadata.services.objects import object_create, object_delete, object_update
from metadata.services.purging import workspaces_purge
from metadata.services.standard_objects import standard_objects_add, standard_rows
from metadata.services.workspace_settings import SECURITY_MEMBERS, SETTINGS, feature_flag_set, workspace_update
from metadata.services.workspaces import workspace_create, workspace_delete, workspace_restore

__all__ = [
    "SECURITY_MEMBERS",
    "SETTINGS",
    "feature_flag_set",
    "field_change_type",
    "field_create",
    "field_delete",
    "field_order",
    "field_update",
    "former_indexes_drop",
    "index_create",
    "index_delete",
    "indexes_build",
    "logo_remove",
    "logo_set",
    "logo_url",
    "object_create",
    "object_delete",
    "object_update",
    "standard_objects_add",
    "standard_rows",
    "workspace_create",
    "workspace_delete",
    "workspace_restore",
    "workspace_update",
    "workspaces_purge",
]
