"""Files over REST: `/rest/metadata/files` to upload and delete, `/file/files-field/{id}` to download.

A download needs no key: its address is signed and expires. What a browser could run is never shown in it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.errors import BadRequest, BodyTooLarge
from core.records.files import StoredFile, file_delete, file_find, file_open, file_upload
from metadata.fieldtypes.datetime import moment_text
from metadata.rest.views import EnvelopedView

SHOWN_TYPES = frozenset(  # in the browser; all others but PDF are saved
    ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain")
)
SHOWN_KINDS = ("audio/", "video/")
PDF = "application/pdf"  # browsers show it in a viewer of their own, which a policy would keep out
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
KEPT_S = 3600  # an address stays the same for an hour


def file_json(file: StoredFile) -> dict[str, object]:
    return {
        "id": file.id,
        "name": file.name,
        "contentType": file.content_type,
        "size": file.size,
        "path": file.path,
        "createdAt": moment_text(file.created_at),
        "url": file.url,
    }


class FilesView(EnvelopedView):
    """Keep a file for a FILES field. A record has it once its `id` is in the field's value."""

    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_BYTES:
            raise BodyTooLarge(f"Body is larger than {settings.MAX_UPLOAD_BYTES} bytes")
        upload, field_name = request.FILES.get("file"), request.POST.get("fieldMetadataId")
        if upload is None or not field_name:
            raise BadRequest(
                "A file and the field it is for are required",
                hint="Send multipart/form-data with file and fieldMetadataId, which may be like person.avatarFile.",
                path="file" if upload is None else "fieldMetadataId",
            )
        return self.item("createOneFile", file_json(file_upload(self.principal, field_name, upload)), 201)


class FileView(EnvelopedView):
    def get(self, request: Request, id: str) -> Response:
        return self.item("file", file_json(file_find(self.principal, id)))

    def delete(self, request: Request, id: str) -> Response:
        return self.item("deleteOneFile", file_json(file_delete(self.principal, id)))


class DownloadView(APIView):
    """A file's content, for whoever has its address."""

    authentication_classes = []

    def get(self, request: HttpRequest, id: str) -> HttpResponseBase:
        file, content = file_open(id, request.GET.get("token", ""))
        is_shown = file.content_type in (*SHOWN_TYPES, PDF) or file.content_type.startswith(SHOWN_KINDS)
        charset = "; charset=utf-8" if file.content_type.startswith("text/") else ""
        response = StreamingHttpResponse(content, content_type=file.content_type + charset)
        response["Content-Length"] = str(file.size)
        response["Content-Disposition"] = content_disposition_header(not is_shown, file.name) or "inline"
        response["X-Content-Type-Options"] = "nosniff"
        if file.content_type != PDF:
            response["Content-Security-Policy"] = POLICY
        response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
        response["Referrer-Policy"] = "no-referrer"
        return response
