"""`/rest/metadata/workspace`: the workspace's settings, under the names that GraphQL has them by."""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import InvalidInput, WorkspaceNotFound
from config.http.members import refuse_unknown
from config.http.rights import require
from config.http.server_url import server_url
from config.principal import Principal
from metadata import services
from metadata.fieldtypes.datetime import moment_text
from metadata.models import Workspace
from metadata.services.workspace_settings import SETTINGS, UNAPPLIED_SETTINGS

WORKSPACE = "WORKSPACE"
SECURITY = "SECURITY"
MEMBERS = frozenset(  # that any API's form of a workspace names; those that are no settings change nothing
    (
        *SETTINGS,
        "id", "isCustomDomainEnabled", "activationStatus", "databaseSchema", "metadataVersion",
        "workspaceCustomApplicationId", "featureFlags", "workspaceUrls", "createdAt", "updatedAt", "deletedAt",
        "workspaceMembersCount", "defaultRole", "hasValidEnterpriseKey", "views",
        *UNAPPLIED_SETTINGS,
    )
)  # fmt: skip


class WorkspaceView(APIView):
    """Any key reads the settings; changing them needs WORKSPACE, those of signing in SECURITY."""

    @property
    def principal(self) -> Principal:
        assert isinstance(self.request.auth, Principal)
        return self.request.auth

    def get(self, request: Request) -> Response:
        workspace = Workspace.objects.filter(id=self.principal.workspace_id, deleted_at=None).first()
        if workspace is None:
            raise WorkspaceNotFound("Workspace not found")
        return Response(workspace_json(workspace))

    def patch(self, request: Request) -> Response:
        if not isinstance(request.data, Mapping):
            raise InvalidInput(["body must be an object"])
        refuse_unknown(request.data, MEMBERS, "A workspace")
        names = request.data.keys()
        if names & services.SECURITY_MEMBERS:
            require(self.principal, SECURITY)
        if names - services.SECURITY_MEMBERS or not names:
            require(self.principal, WORKSPACE)
        workspace = services.workspace_update(
            workspace_id=self.principal.workspace_id, update=request.data, principal=self.principal
        )
        return Response(workspace_json(workspace))


def workspace_json(workspace: Workspace) -> dict[str, object]:
    return {
        "id": workspace.id,
        **{name: getattr(workspace, column) for name, column in SETTINGS.items()},
        "logo": services.logo_url(workspace),
        "isCustomDomainEnabled": workspace.is_custom_domain_enabled,
        "activationStatus": workspace.activation_status,
        "databaseSchema": workspace.database_schema,
        "metadataVersion": workspace.schema_version,
        "workspaceCustomApplicationId": workspace.custom_application_id,
        "featureFlags": [{"key": key, "value": value} for key, value in sorted(workspace.feature_flags.items())],
        "workspaceUrls": {
            "customUrl": f"https://{workspace.custom_domain}" if workspace.custom_domain else None,
            "subdomainUrl": f"{server_url()}/",
        },
        "createdAt": moment_text(workspace.created_at),
        "updatedAt": moment_text(workspace.updated_at),
        "deletedAt": None if workspace.deleted_at is None else moment_text(workspace.deleted_at),
    }
