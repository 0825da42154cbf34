"""`{% first_steps %}`: what a new workspace begins with, on the pages that sections begin with."""

from __future__ import annotations

from django import template

from config.first_steps import steps_of
from config.http.pages import SECTIONS
from config.principal import Principal

register = template.Library()

_SHOWN_ON = frozenset(url for _, url, _, _, _ in SECTIONS)


@register.inclusion_tag("includes/first_steps.html", takes_context=True)
def first_steps(context: template.Context) -> dict[str, object]:
    """`steps`: each step, whether it is done, and whether it is the next one. Empty where nothing is to be shown."""
    request = context.get("request")
    principal: Principal | None = getattr(request, "principal", None)
    if request is None or principal is None or request.path not in _SHOWN_ON or context.get("is_refused"):
        return {}
    steps = steps_of(principal)
    following = next((step for step, is_done in steps if not is_done), None)
    return {
        "steps": [{"step": step, "is_done": is_done, "is_next": step is following} for step, is_done in steps],
        "done": sum(is_done for _, is_done in steps),
        "csrf_token": context.get("csrf_token"),
        "path": request.path,
    }
