"""Types that clients select of what this server does not do: applications of others, billing, AI models.

Each says nothing (null, an empty list), so that a document which selects them is answered.
"""

from __future__ import annotations

from graphene import Boolean, Enum, Field, Float, List, NonNull, ObjectType, String
from graphene import ResolveInfo as Info

from metadata.graphql.scalars import JSON, UUID, DateTime
from metadata.models import Workspace


class Application(ObjectType):
    """What owns objects: of the workspace itself there is one, which cannot be uninstalled."""

    id = UUID(required=True)
    name = String(required=True)
    description = String()
    logo = String()
    version = String()
    universal_identifier = String(required=True)
    package_json_checksum = String()
    package_json_file_id = UUID()
    yarn_lock_checksum = String()
    yarn_lock_file_id = UUID()
    available_packages = JSON(required=True)
    application_registration_id = UUID()
    can_be_uninstalled = Boolean(required=True)
    default_role_id = String()
    settings_custom_tab_front_component_id = UUID()


class BillingCustomer(ObjectType):
    id = UUID(required=True)
    has_payment_method = Boolean()


class BillingSubscriptionItem(ObjectType):
    id = UUID(required=True)
    has_reached_current_period_cap = Boolean(required=True)
    quantity = Float()
    stripe_price_id = String(required=True)


def _enum(name: str, *values: str) -> Enum:
    return Enum(name, [(value, value) for value in values])


class BillingSubscription(ObjectType):
    id = UUID(required=True)
    status = Field(
        _enum(
            "SubscriptionStatus", "Active", "Canceled", "Incomplete", "IncompleteExpired", "PastDue", "Paused",
            "Trialing", "Unpaid",
        ),
        required=True,
    )  # fmt: skip
    interval = Field(_enum("SubscriptionInterval", "Month", "Year"))
    billing_subscription_items = List(NonNull(BillingSubscriptionItem))
    current_period_end = DateTime()
    metadata = JSON(required=True)


class BillingEntitlement(ObjectType):
    key = Field(_enum("BillingEntitlementKey", "SSO", "CUSTOM_DOMAIN", "RLS", "AUDIT_LOGS"), required=True)
    value = Boolean(required=True)


class AbsentWorkspaceMembers:
    """Members of Workspace that have nothing to say here."""

    logo_file_id = UUID()
    fast_model = String(required=True)
    smart_model = String(required=True)
    router_model = String(required=True)
    ai_additional_instructions = String()
    enabled_ai_model_ids = List(NonNull(String))
    use_recommended_models = Boolean(required=True)
    workspace_custom_application = Field(Application)
    installed_applications = List(NonNull(Application), required=True)
    billing_subscriptions = List(NonNull(BillingSubscription), required=True)
    current_billing_subscription = Field(BillingSubscription)
    billing_customer = Field(BillingCustomer)
    billing_entitlements = List(NonNull(BillingEntitlement), required=True)
    has_valid_signed_enterprise_key = Boolean(required=True)
    has_valid_enterprise_validity_token = Boolean(required=True)

    @staticmethod
    def resolve_logo_file_id(row: Workspace, info: Info) -> None:
        return None

    @staticmethod
    def resolve_fast_model(row: Workspace, info: Info) -> str:
        return ""

    resolve_smart_model = resolve_router_model = resolve_fast_model
    resolve_ai_additional_instructions = resolve_current_billing_subscription = resolve_logo_file_id
    resolve_billing_customer = resolve_logo_file_id

    @staticmethod
    def resolve_enabled_ai_model_ids(row: Workspace, info: Info) -> list[object]:
        return []

    resolve_installed_applications = resolve_billing_subscriptions = resolve_enabled_ai_model_ids
    resolve_billing_entitlements = resolve_enabled_ai_model_ids

    @staticmethod
    def resolve_use_recommended_models(row: Workspace, info: Info) -> bool:
        return False

    resolve_has_valid_signed_enterprise_key = resolve_use_recommended_models
    resolve_has_valid_enterprise_validity_token = resolve_use_recommended_models

    @staticmethod
    def resolve_workspace_custom_application(row: Workspace, info: Info) -> dict[str, object]:
        return {
            "id": row.custom_application_id,
            "name": f"{row.display_name or row.subdomain}'s custom application",
            "universal_identifier": str(row.custom_application_id),
            "available_packages": {},
            "can_be_uninstalled": False,
            "default_role_id": row.default_role_id,
        }
