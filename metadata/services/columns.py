"""What of an object and of a field an update sets as it is given: API name → column. The audit tells all of it."""

from __future__ import annotations

from collections.abc import Mapping

OBJECT_COLUMNS: Mapping[str, str] = {
    "nameSingular": "name_singular",
    "namePlural": "name_plural",
    "labelSingular": "label_singular",
    "labelPlural": "label_plural",
    "description": "description",
    "icon": "icon",
    "color": "color",
    "isActive": "is_active",
    "isLabelSyncedWithName": "is_label_synced_with_name",
    "isSearchable": "is_searchable",
    "labelIdentifierFieldMetadataId": "label_identifier_field_id",
    "imageIdentifierFieldMetadataId": "image_identifier_field_id",
    "openRecordIn": "open_record_in",
    "readability": "readability",
    "duplicateCriteria": "duplicate_criteria",
}
FIELD_COLUMNS: Mapping[str, str] = {
    "label": "label",
    "description": "description",
    "icon": "icon",
    "isActive": "is_active",
    "isLabelSyncedWithName": "is_label_synced_with_name",
    "isSearchable": "is_searchable",
    "isAuditLogged": "is_audit_logged",
}
