"""The request log and the audit: tables partitioned by id, which sorts by time.

Each begins with a default partition, so that a row always finds a place; `apikeys.activity.partitions` makes those of
days and months ahead, and drops them.
"""

import config.time_ids
from django.db import migrations, models

# An entry's own id is the request's, so what is found by id needs no index but the key; what clients call their
# requests has one where they do. Errors are few, and looked for most.
TABLES = """
CREATE TABLE apikeys_requestlog (
    id uuid NOT NULL, workspace_id uuid NOT NULL, is_key boolean NOT NULL, caller_id uuid, caller_name text NOT NULL,
    api text NOT NULL, method text NOT NULL, path text NOT NULL, operation text, object_name text,
    status smallint NOT NULL, outcome smallint NOT NULL, error_code text, error_message text, error_hint text,
    duration_ms real NOT NULL, address text NOT NULL, headers text NOT NULL, given_id text,
    PRIMARY KEY (workspace_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX apikeys_requestlog_caller ON apikeys_requestlog (caller_id, id);
CREATE INDEX apikeys_requestlog_failed ON apikeys_requestlog (workspace_id, id) WHERE outcome >= 4;
CREATE INDEX apikeys_requestlog_given ON apikeys_requestlog (workspace_id, given_id) WHERE given_id IS NOT NULL;
CREATE TABLE apikeys_requestlog_other PARTITION OF apikeys_requestlog DEFAULT;
CREATE TABLE apikeys_auditlog (
    id uuid NOT NULL, workspace_id uuid NOT NULL, actor_kind text NOT NULL, actor_id uuid, actor_name text NOT NULL,
    act text NOT NULL, subject_id uuid, subject_name text NOT NULL, before text NOT NULL, after text NOT NULL,
    address text NOT NULL, user_agent text NOT NULL, request_id text NOT NULL,
    PRIMARY KEY (workspace_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX apikeys_auditlog_subject ON apikeys_auditlog (subject_id, id);
CREATE TABLE apikeys_auditlog_other PARTITION OF apikeys_auditlog DEFAULT
"""
DROP_TABLES = "DROP TABLE apikeys_requestlog; DROP TABLE apikeys_auditlog"


class Migration(migrations.Migration):

    dependencies = [
        ('apikeys', '0006_used_refresh_tokens'),
    ]

    operations = [
        migrations.RunSQL(TABLES, DROP_TABLES),
        migrations.CreateModel(
            name='RequestEntry',
            fields=[
                ('id', models.UUIDField(default=config.time_ids.time_ordered_id, editable=False, primary_key=True, serialize=False)),
            ],
            options={'db_table': 'apikeys_requestlog', 'ordering': ['-id'], 'managed': False},
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.UUIDField(default=config.time_ids.time_ordered_id, editable=False, primary_key=True, serialize=False)),
            ],
            options={'db_table': 'apikeys_auditlog', 'ordering': ['-id'], 'managed': False},
        ),
    ]
