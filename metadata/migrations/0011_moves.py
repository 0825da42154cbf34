from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metadata', '0010_workspace_settings'),
    ]

    operations = [
        migrations.AddField(
            model_name='workspace',
            name='move',
            field=models.JSONField(null=True),
        ),
    ]
