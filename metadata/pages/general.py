"""Settings → General: a workspace's name, logo, limits and retention times; all of it exported, or deleted."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.errors import ApiError
from config.forms import ConfirmForm
from config.http.members import FORM_TOKEN, refuse_unknown
from config.http.pages import principal_of, settings_page
from config.http.rights import may
from config.http.sentences import sentence
from metadata import services
from metadata.models import ObjectMetadata, Workspace
from metadata.pages.forms.general import GeneralForm
from metadata.services.logos import logo_at

FLAG = "WORKSPACE"
EXPORT_FLAG = "EXPORT_CSV"
HOME = "/settings/general"
NOT_ITS_NAME = gettext_lazy("This is not the workspace's name. Nothing was deleted.")
KEPT_S = 365 * 24 * 60 * 60


def workspace_of(request: HttpRequest) -> Workspace:
    workspace: Workspace = request.workspace  # type: ignore[attr-defined]
    return workspace


def name_of(workspace: Workspace) -> str:
    return workspace.display_name or workspace.subdomain


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def settings_of_workspace(request: HttpRequest) -> HttpResponse:
    """The settings as one form; what was not changed in it is not sent to the service."""
    workspace = workspace_of(request)
    form = GeneralForm(workspace, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            refuse_unknown(request.POST, (*form.fields, FORM_TOKEN), "The form")
            principal = principal_of(request)
            services.workspace_update(workspace_id=workspace.id, update=form.changes(), principal=principal)
        except ApiError as error:
            field = GeneralForm.FIELD_OF.get(error.path or "")
            form.add_error(field if field in form.fields else None, sentence(error))
        else:
            messages.success(request, gettext("Saved."))
            return redirect(HOME)
    context = {
        "form": form,
        "most_logo_kb": settings.MAX_LOGO_BYTES // 1024,
        "may_export": may(principal_of(request), EXPORT_FLAG),
        "days_until_gone": settings.DELETED_WORKSPACE_DAYS,
    }
    return render(request, "metadata/general.html", context, status=422 if form.errors else 200)


@settings_page(flag=FLAG)
@require_POST
def logo(request: HttpRequest) -> HttpResponse:
    """Keep the picture that was sent as the workspace's logo; `remove` takes the one there is away."""
    workspace = workspace_of(request)
    upload = request.FILES.get("logo")
    try:
        if "remove" in request.POST:
            services.logo_remove(workspace_id=workspace.id)
            messages.success(request, gettext("The logo is removed."))
        elif upload is None:
            messages.error(request, gettext("Choose a picture first."))
        else:
            services.logo_set(workspace_id=workspace.id, content=upload.read(settings.MAX_LOGO_BYTES + 1))
            messages.success(request, gettext("The logo is saved."))
    except ApiError as error:
        messages.error(request, gettext("%s Nothing was changed.") % sentence(error))
    return redirect(HOME)


def logo_content(request: HttpRequest, workspace_id: UUID, digest: str) -> HttpResponse:
    """The picture itself, for whoever has its address: a new picture has another one."""
    found = logo_at(workspace_id, digest) if request.method in ("GET", "HEAD") else None
    if found is None:
        raise Http404
    content, content_type = found
    response = HttpResponse(content, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
    return response


@settings_page(flag=FLAG)
@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All records that the member may read, and the data model, as one archive."""
    pieces = import_string(settings.WORKSPACE_ARCHIVE)(principal_of(request))
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = slugify(name_of(workspace_of(request))) or "workspace"
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.zip"'
    return response


@settings_page(flag=FLAG)
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes, ask for the name, then delete."""
    workspace = workspace_of(request)
    form = ConfirmForm(name_of(workspace), NOT_ITS_NAME, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.workspace_delete(workspace_id=workspace.id)
        messages.success(request, gettext("%s is deleted.") % name_of(workspace))
        return redirect("/settings")
    context = {"form": form, "name": name_of(workspace), **_what_goes(request, workspace)}
    return render(request, "metadata/workspace_delete.html", context, status=422 if form.errors else 200)


def _what_goes(request: HttpRequest, workspace: Workspace) -> dict[str, object]:
    """`objects` and `records` (of the objects that the member may read) in numbers, and how many days are left."""
    permissions = principal_of(request).permissions
    objects = list(ObjectMetadata.objects.filter(workspace_id=workspace.id))
    counts = import_string(settings.RECORD_COUNTS)(workspace)
    return {
        "objects": len(objects),
        "records": sum(counts.get(each.id, 0) for each in objects if permissions.allows("read", each)),
        "days_until_gone": settings.DELETED_WORKSPACE_DAYS,
        "may_export": may(principal_of(request), EXPORT_FLAG),
    }
