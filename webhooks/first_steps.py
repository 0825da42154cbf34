"""The last of the first steps: a webhook."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from config.first_steps import Step
from webhooks import services

FLAG = services.FLAG


WEBHOOK = Step(
    gettext_lazy("Add a webhook"),
    gettext_lazy("It tells your own software of each change, so that it need not ask."),
    "/settings/api-webhooks/webhooks/new",
    (FLAG,),
    services.webhooks_of,
)
