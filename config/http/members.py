"""Members of a body that no form of the contract names: refused, since who sends one believes that it does something.

Members that are known but change nothing (`createdAt` of an object that was read and is sent back) are taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from rest_framework.request import Request

from config.errors import BadRequest, UnknownMember, listed
from config.http.suggestions import nearest

FORM_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - that Django puts into every form


def refuse_unknown(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Raise UnknownMember naming every member that `what` does not have, and the one nearest to the first."""
    unknown = [name for name in given if name not in known]
    if not unknown:
        return
    shown = ", ".join(f'"{name}"' for name in listed(unknown))
    kind = "member" if len(unknown) == 1 else "members"
    raise UnknownMember(f"{what} has no {kind} {shown}", hint=nearest(unknown[0], known), path=unknown[0])


def read_body(request: Request, known: Collection[str], what: str) -> dict[str, Any]:
    """The members of a JSON body. Raises BadRequest when it is no object, UnknownMember for what is not `known`."""
    if not isinstance(request.data, dict):
        raise BadRequest("Body must be a JSON object")
    refuse_unknown(request.data, known, what)
    return request.data
