"""The only writers of webhooks, and what may be asked of webhooks and their deliveries.

Each function takes the principal that asks first, and asks for its right itself.
"""

from config.principal import KEYS_FLAG as FLAG
from webhooks.services.acts import act_list
from webhooks.services.checks import (
    MAX_DESCRIPTION_LENGTH,
    MAX_OPERATIONS,
    MAX_SECRET_LENGTH,
    clean_target_url,
    named_object,
)
from webhooks.services.deliveries import (
    Content,
    DeliveryPage,
    LastDelivery,
    RealRecord,
    delivery_content,
    delivery_get,
    delivery_page,
    delivery_redeliver,
    failed_recover,
    last_deliveries,
    real_record,
    sample_event,
    webhook_of,
    webhook_test,
)
from webhooks.services.giving import refuse_beyond, roles_to_give
from webhooks.services.log import SPANS, DeliveryFilter, LogPage, delivery_log
from webhooks.services.reading import (
    application_id,
    webhook_find,
    webhook_get,
    webhook_list,
    webhook_page,
    webhooks_listening,
    webhooks_of,
)
from webhooks.services.seen import Seen, acting_roles, masked_url, readable_objects, require, seen_by
from webhooks.services.webhooks import (
    MAX_WEBHOOKS,
    objects_renamed,
    role_changed,
    secret_reveal,
    secret_rotate,
    webhook_create,
    webhook_delete,
    webhook_disable,
    webhook_doubts,
    webhook_update,
    workspace_purged,
)

__all__ = [
    "FLAG",
    "MAX_DESCRIPTION_LENGTH",
    "MAX_OPERATIONS",
    "MAX_SECRET_LENGTH",
    "MAX_WEBHOOKS",
    "SPANS",
    "Content",
    "DeliveryFilter",
    "DeliveryPage",
    "LastDelivery",
    "LogPage",
    "RealRecord",
    "Seen",
    "act_list",
    "acting_roles",
    "application_id",
    "clean_target_url",
    "delivery_content",
    "delivery_get",
    "delivery_log",
    "delivery_page",
    "delivery_redeliver",
    "failed_recover",
    "last_deliveries",
    "masked_url",
    "named_object",
    "objects_renamed",
    "readable_objects",
    "real_record",
    "refuse_beyond",
    "require",
    "role_changed",
    "roles_to_give",
    "sample_event",
    "secret_reveal",
    "secret_rotate",
    "seen_by",
    "webhook_create",
    "webhook_delete",
    "webhook_disable",
    "webhook_doubts",
    "webhook_find",
    "webhook_get",
    "webhook_list",
    "webhook_of",
    "webhook_page",
    "webhook_test",
    "webhook_update",
    "webhooks_listening",
    "webhooks_of",
    "workspace_purged",
]
