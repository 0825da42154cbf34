"""Webhooks act as a role, Admin if they are there already; their secrets are encrypted; acts are logged."""

import django.contrib.postgres.fields
import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import config.encrypted_fields
import webhooks.models
from config.encryption import decrypt, encrypt, is_encrypted

ADMIN = """
UPDATE webhooks_webhook AS webhook SET role_id = role.id FROM apikeys_role AS role
WHERE role.workspace_id = webhook.workspace_id AND NOT role.is_editable AND webhook.role_id IS NULL
"""


def secrets_encrypt(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those that are encrypted already stay as they are, so that it can be begun anew."""
    _rewrite(apps, schema_editor, lambda stored: stored if is_encrypted(stored) else encrypt(stored))


def secrets_decrypt(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Raises CannotDecrypt, and changes nothing, when the key is not the one they were encrypted with."""
    _rewrite(apps, schema_editor, decrypt)


def _rewrite(apps: Apps, schema_editor: BaseDatabaseSchemaEditor, change) -> None:
    rows = apps.get_model("webhooks", "Webhook").objects.using(schema_editor.connection.alias)
    for id, secret, previous in rows.order_by("id").values_list("id", "secret", "previous_secret").iterator(500):
        rows.filter(id=id).update(
            secret=change(secret), previous_secret=None if previous is None else change(previous)
        )


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial"), ("apikeys", "0001_initial")]

    operations = [
        migrations.AddField("webhook", "role_id", models.UUIDField(
            null=True, editable=False,
            help_text="What it may tell of. Null: it was made before webhooks had roles, as Admin",
        )),
        migrations.AddField("delivery", "object_id", models.UUIDField(
            null=True, help_text="Null: written before webhooks had roles"
        )),
        migrations.AddField("delivery", "updated_fields", django.contrib.postgres.fields.ArrayField(
            models.TextField(), null=True, size=None,
            help_text="Of an update: who may read none of them does not see the delivery",
        )),
        migrations.CreateModel(
            name="WebhookAct",
            fields=[
                ("id", models.UUIDField(default=webhooks.models.time_ordered_id, editable=False, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("webhook_id", models.UUIDField()),
                ("act", models.TextField(choices=[("created", "Created"), ("updated", "Updated"), ("deleted", "Deleted"), ("secretRotated", "Secret Rotated"), ("secretRevealed", "Secret Revealed")])),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("by_name", models.TextField(help_text="The API key or member as it was called then")),
                ("by_api_key_id", models.UUIDField(null=True)),
                ("by_member_id", models.UUIDField(null=True)),
                ("members", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, help_text="What an update changed: names, no values", size=None)),
            ],
            options={"ordering": ["-id"], "indexes": [models.Index(fields=["webhook_id", "-id"], name="webhooks_act_log")]},
        ),
        migrations.RunSQL(ADMIN, migrations.RunSQL.noop),
        migrations.RunPython(secrets_encrypt, secrets_decrypt),
        migrations.AlterField("webhook", "secret", config.encrypted_fields.EncryptedTextField(default=webhooks.models.generate_secret)),
        migrations.AlterField("webhook", "previous_secret", config.encrypted_fields.EncryptedTextField(
            editable=False, null=True, help_text="Signs too until previous_secret_until"
        )),
    ]
