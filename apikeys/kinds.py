"""API keys, their tokens and roles as the APIs answer them (see `metadata.kinds`)."""

from __future__ import annotations

from uuid import UUID

from apikeys.models import ApiKey
from metadata.kinds import Asked, Kind, Member


def _objects(key: ApiKey, asked: Asked) -> list[UUID] | None:
    return None if key.object_ids is None else [UUID(each) for each in key.object_ids]


def _role(key: ApiKey, asked: Asked) -> dict[str, str] | None:
    return None if key.role is None else {"id": str(key.role.id), "label": key.role.label}


API_KEY = Kind(
    "ApiKey",
    (
        Member("id", "uuid"),
        Member("name"),
        Member("expiresAt", "moment"),
        Member("revokedAt", "moment", is_nullable=True),
        Member("workspaceId", "uuid", only="rest"),
        Member("createdAt", "moment"),
        Member("updatedAt", "moment"),
        Member(
            "maxRequestsPerSecond",
            "count",
            is_nullable=True,
            words="0: no limit, null: the server's",
            rest_words="",
        ),
        Member(
            "maxRequestsPerMinute",
            "count",
            is_nullable=True,
            words="0: no limit, null: the server's",
            rest_words="",
        ),
        Member("description", is_nullable=True),
        Member("apiVersion", choices=("1", "2")),
        Member("isPaused", "flag", told=lambda key, asked: not key.enabled),
        Member("isReadOnly", "flag", words="It changes nothing, whatever its role may"),
        Member(
            "objectMetadataIds",
            "uuids",
            told=_objects,
            is_nullable=True,
            words="The only objects it reaches; null: all that its role reaches",
            rest_words="Null: all that its role reaches",
        ),
        Member(
            "allowedNetworks",
            "texts",
            is_nullable=True,
            words="CIDR, of the addresses it may be used from; null: everywhere",
            rest_words="CIDR; null: everywhere",
        ),
        Member("lastUsedAt", "moment", is_nullable=True),
        Member("lastUsedAddress", is_nullable=True),
        Member("lastUsedApi", is_nullable=True),
    ),
    component="ApiKey",
)
OWN_API_KEY = Kind(
    "OwnApiKey",
    (*API_KEY.members, Member("fingerprint"), Member("role", "object", told=_role, is_nullable=True)),
    component="ApiKeyMe",
    words="The caller's own key, with what its holder may want to know.",
)
ISSUED_TOKEN = Kind(
    "IssuedApiKeyToken",
    (
        Member("id", "uuid"),
        Member("lastFour"),
        Member("issuedAt", "moment"),
        Member("endsAt", "moment", path="end"),
    ),
    component="ApiKeyToken",
    words="That a token was issued, never its text; it works until `endsAt`.",
)
KEY_OF_ROLE = Kind("ApiKeyForRole", API_KEY.members[:4], component="ApiKeyForRole")  # its id, name and dates
ROLE = Kind(
    "Role",
    (
        Member("id", "uuid"),
        Member("universalIdentifier", "uuid", path="id", is_nullable=True),
        Member("label"),
        Member("description", is_nullable=True),
        Member("icon", is_nullable=True),
        Member("isEditable", "flag"),
        *(
            Member(name, "flag")
            for name in (
                "canBeAssignedToUsers",
                "canBeAssignedToAgents",
                "canBeAssignedToApiKeys",
                "canUpdateAllSettings",
                "canAccessAllTools",
                "canReadAllObjectRecords",
                "canUpdateAllObjectRecords",
                "canSoftDeleteAllObjectRecords",
                "canDestroyAllObjectRecords",
            )
        ),
    ),
    component="Role",
)
