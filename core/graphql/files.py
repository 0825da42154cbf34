"""Uploads in the schema of /metadata (a part of it, see `metadata.graphql.parts`).

Files come as the GraphQL multipart request specification has it: `operations`, `map`, then the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from graphql import GraphQLResolveInfo as Info

from core.records.files import UPLOAD_FLAG, StoredFile, file_delete, file_upload
from metadata.graphql.parts import Needed
from metadata.graphql.scalars import UUID, DateTime, Upload


class File(graphene.ObjectType):
    """A stored file."""

    id = UUID(required=True)
    path = graphene.String(required=True)
    size = graphene.Float(required=True, description="In bytes")
    created_at = DateTime(required=True)


class FileWithSignedUrl(graphene.ObjectType):
    """A stored file and where it can be downloaded for a day."""

    id = UUID(required=True)
    path = graphene.String(required=True)
    size = graphene.Float(required=True, description="In bytes")
    created_at = DateTime(required=True)
    url = graphene.String(required=True)


NEEDS: Mapping[str, Needed] = {"deleteFile": (), "*": ((UPLOAD_FLAG,),)}


class Mutation:
    upload_files_field_file = graphene.Field(
        FileWithSignedUrl,
        required=True,
        description="Keep a file for a FILES field, named like person.avatarFile or by its id; attach it by its id",
        file=Upload(required=True),
        field_metadata_id=graphene.String(required=True),
    )
    upload_files_field_file_by_universal_identifier = graphene.Field(
        FileWithSignedUrl,
        required=True,
        file=Upload(required=True),
        field_metadata_universal_identifier=graphene.String(required=True),
    )
    delete_file = graphene.Field(File, required=True, file_id=UUID(required=True))

    @staticmethod
    def resolve_upload_files_field_file(root: object, info: Info, file: Any, field_metadata_id: str) -> StoredFile:
        return file_upload(info.context.principal, field_metadata_id, file)

    @staticmethod
    def resolve_upload_files_field_file_by_universal_identifier(
        root: object, info: Info, file: Any, field_metadata_universal_identifier: str
    ) -> StoredFile:
        return file_upload(info.context.principal, field_metadata_universal_identifier, file)

    @staticmethod
    def resolve_delete_file(root: object, info: Info, file_id: str) -> StoredFile:
        return file_delete(info.context.principal, file_id)
