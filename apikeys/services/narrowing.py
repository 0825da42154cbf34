"""What leaves a key less than its role: that it only reads, the objects it reaches, the networks it is used from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from apikeys.models import ApiKey
from apikeys.networks import exceeding, read_network
from apikeys.services.inputs import as_uuid
from config.errors import Conflict, Forbidden, InvalidInput, ObjectMetadataNotFound
from config.principal import Principal
from metadata.models import ObjectMetadata

NARROWING: Mapping[str, str] = {  # API name → column
    "isReadOnly": "is_read_only",
    "objectMetadataIds": "object_ids",
    "allowedNetworks": "allowed_networks",
}


def narrowing_columns(
    principal: Principal, values: Mapping[str, object], stored: Mapping[str, Any]
) -> dict[str, object]:
    """The columns of NARROWING: what is in `values`, by API names, over the stored ones.

    A key gives others its own networks where none are named, and none beyond them.
    """
    columns = dict(stored)
    if values.get("isReadOnly") is not None:
        if not isinstance(values["isReadOnly"], bool):
            raise InvalidInput(["isReadOnly must be a boolean value"])
        columns["is_read_only"] = values["isReadOnly"]
    if "objectMetadataIds" in values:
        columns["object_ids"] = _object_ids(principal, values["objectMetadataIds"])
    if "allowedNetworks" in values:
        columns["allowed_networks"] = _networks(values["allowedNetworks"])
    if principal.api_key_id is not None:
        own = own_networks(principal)
        if "allowedNetworks" not in values and columns["allowed_networks"] is None:
            columns["allowed_networks"] = own
        refuse_wider_networks(columns["allowed_networks"], own)
    return columns


def own_networks(principal: Principal) -> list[str] | None:
    """Where the key that asks may be used from; None is everywhere, and of who is no key."""
    if principal.api_key_id is None:
        return None
    keys = ApiKey.objects.filter(workspace_id=principal.workspace_id, id=principal.api_key_id)
    networks: list[str] | None = keys.values_list("allowed_networks", flat=True).first()
    return networks


def refuse_wider_networks(wanted: list[str] | None, own: list[str] | None) -> None:
    """A key that is held to some networks gets at no key that is not."""
    beyond = exceeding(wanted, own)
    if beyond is not None:
        where = beyond if wanted is None else f"from {beyond}"
        raise Forbidden(
            "The key that asks may not be used from all networks that this key may be",
            path="allowedNetworks",
            hint=f"The other may be used {where}; the one that asks only from {', '.join((own or [])[:5])}.",
        )


def living_objects(key: ApiKey) -> list[str] | None:
    """The objects that a key reaches and that exist; refused when none is left of them, which is not all."""
    if key.object_ids is None:
        return None
    found = ObjectMetadata.objects.filter(workspace_id=key.workspace_id, id__in=key.object_ids)
    living = set(found.values_list("id", flat=True))
    if not living:
        raise Conflict("All objects that this key reaches are deleted", hint="Choose others for it first.")
    return [each for each in key.object_ids if UUID(each) in living]


def _object_ids(principal: Principal, given: object) -> list[str] | None:
    if given is None:
        return None
    wanted = _listed(given, "objectMetadataIds", settings.API_KEY_MAX_OBJECTS, "reach every object of its role")
    ids = list(dict.fromkeys(as_uuid(each, f"objectMetadataIds[{place}]") for place, each in enumerate(wanted)))
    known = set(
        ObjectMetadata.objects.filter(workspace_id=principal.workspace_id, id__in=ids).values_list("id", flat=True)
    )
    for each in ids:
        if each not in known:
            raise ObjectMetadataNotFound(f"Object with id {each} not found", path="objectMetadataIds")
    return [str(each) for each in ids]


def _networks(given: object) -> list[str] | None:
    if given is None:
        return None
    wanted = _listed(given, "allowedNetworks", settings.API_KEY_MAX_NETWORKS, "be used from everywhere")
    networks, faults = [], []
    for place, each in enumerate(wanted):
        try:
            if not isinstance(each, str):
                raise ValueError("must be a string, as 203.0.113.0/24")
            networks.append(str(read_network(each)))
        except ValueError as fault:
            faults.append(f"allowedNetworks[{place}]: {fault}")
    if faults:
        raise InvalidInput(faults)
    return list(dict.fromkeys(networks))


def _listed(given: object, name: str, most: int, without: str) -> list[object]:
    """A list with something in it: an empty one could be meant as nothing, or as no limit."""
    if not isinstance(given, list | tuple):
        raise InvalidInput([f"{name} must be an array, or null"])
    if not given:
        raise InvalidInput([f"{name} should not be empty; null lets the key {without}"])
    if len(given) > most:
        raise InvalidInput([f"{name} must contain no more than {most} elements"])
    return list(given)
