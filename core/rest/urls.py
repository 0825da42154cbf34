"""Every path under /rest that no other API took: objects are in the data model, not in this table."""

from __future__ import annotations

from django.urls import path

from core.rest.views import RecordsView

urlpatterns = [path("<path:rest>", RecordsView.as_view())]
