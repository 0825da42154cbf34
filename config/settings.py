"""Django's settings, read from the environment and grouped by concern.

Everything a deployment may change is read here and described in docs/settings.md.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.db import DEFAULT_DB_ALIAS

from config.http.client_address import read_networks
from config.http.host_names import allowed_hosts
from config.server import machine
from config.server.database import SessionLimits, database_settings, is_command, replica_settings
from config.server.secret import load_secret_key, old_secret_keys
from config.server.shards import engine_named, replicas_in, shards_in

VERSION = (0, 1, 0)  # also in pyproject.toml
BASE_DIR = Path(__file__).resolve().parent.parent

# Where things are kept -----------------------------------------------------------------------------
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / ".data"))
SECRET_KEY = load_secret_key(DATA_DIR)
SECRET_KEYS_OLD = SECRET_KEY_FALLBACKS = old_secret_keys()  # tokens, sessions and encrypted values of these are read
DEBUG = os.environ.get("DEBUG", "false").lower() in {"1", "true"}
SERVER_URL = os.environ.get("SERVER_URL", "").rstrip("/")  # where clients reach it; else as each request says
IS_HTTPS = SERVER_URL.lower().startswith("https://")  # then nothing of the pages is sent over anything else
ALLOWED_HOSTS = allowed_hosts(
    os.environ.get("ALLOWED_HOSTS", ""),
    SERVER_URL,
    os.environ.get("HOST", "127.0.0.1"),
    [*machine.names(), *machine.addresses()],
)
TRUSTED_PROXIES = read_networks(os.environ.get("TRUSTED_PROXIES", ""))  # whose X-Forwarded-For is believed
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]
if SERVER_URL:
    CSRF_TRUSTED_ORIGINS.append("{0.scheme}://{0.netloc}".format(urlsplit(SERVER_URL)))

# Apps ------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "graphene_django",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "metadata",
    "core",
    "apikeys",
    "webhooks",
]
MIDDLEWARE = [
    "config.http.observability.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",  # around all that answers by itself
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.http.headers.HeadersMiddleware",
    "config.http.final_slash.FinalSlashMiddleware",
    "config.http.cors.CorsMiddleware",
    "config.http.hosts.HostMiddleware",
    "config.http.limits.LimitsMiddleware",
    "config.http.encodings.EncodingsMiddleware",
    "config.http.page_middleware.StaticFilesOfPages",
    "config.http.page_middleware.SessionOfPages",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.http.page_middleware.AuthenticationOfPages",
    "config.http.sessions.SessionEndMiddleware",
    "config.http.page_middleware.MessagesOfPages",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.http.pages.navigation",
            ]
        },
    }
]

FORM_RENDERER = "config.forms.PageRenderer"

# Database --------------------------------------------------------------------------------------------
STATEMENT_TIMEOUT_MS = int(os.environ.get("STATEMENT_TIMEOUT_MS", "30000"))
LOCK_TIMEOUT_MS = int(os.environ.get("LOCK_TIMEOUT_MS", "3000"))
LOCK_FIRST_WAIT_MS = int(os.environ.get("LOCK_FIRST_WAIT_MS", "200"))  # config/server/locks.py says what for
METADATA_LOCK_TIMEOUT_MS = int(os.environ.get("METADATA_LOCK_TIMEOUT_MS", "10000"))
LOCK_WAITERS = int(os.environ.get("LOCK_WAITERS", "4"))  # requests of a process that wait longer than that at once
DATABASE_DIRECT_URL = os.environ.get("DATABASE_DIRECT_URL") if is_command() else None
DATABASE_IS_POOLED = os.environ.get("DATABASE_POOLER") == "transaction" and not DATABASE_DIRECT_URL
PREPARED_STATEMENTS = not DATABASE_IS_POOLED and os.environ.get("PREPARED_STATEMENTS", "true").lower() in {"1", "true"}
PREPARED_STATEMENTS_PER_CONNECTION = 100
SESSION_LIMITS = SessionLimits(STATEMENT_TIMEOUT_MS, LOCK_TIMEOUT_MS if is_command() else LOCK_FIRST_WAIT_MS)
DATABASES = {
    DEFAULT_DB_ALIAS: database_settings(
        DATA_DIR,
        SESSION_LIMITS,
        url=DATABASE_DIRECT_URL or os.environ.get("DATABASE_URL"),
        is_pooled=DATABASE_IS_POOLED,
    )
}
SHARD_ENGINES = {  # postgresql or citus; config/server/shards.py
    DEFAULT_DB_ALIAS: engine_named(os.environ.get("DATABASE_ENGINE", "postgresql"), "DATABASE_ENGINE")
}
for _alias, _shard in shards_in(os.environ).items():  # SHARD_<NAME>_URL
    DATABASES[_alias] = database_settings(
        DATA_DIR,
        SESSION_LIMITS,
        url=(_shard.direct_url if is_command() else None) or _shard.url,
        is_pooled=DATABASE_IS_POOLED,
    )
    SHARD_ENGINES[_alias] = _shard.engine
REPLICAS = {  # by the alias of the database that each is of; config/server/replicas.py
    _alias: replica_settings(database_settings(DATA_DIR, SESSION_LIMITS, url=_url, is_pooled=DATABASE_IS_POOLED))
    for _alias, _url in replicas_in(os.environ, os.environ.get("DATABASE_REPLICA_URL"), SHARD_ENGINES).items()
}
REPLICA_MAX_LAG_S = float(os.environ.get("REPLICA_MAX_LAG_S", "5"))  # how late a read by one may be
DATABASE_ROUTERS = ["config.server.shards.ShardRouter"]
WORKSPACE_PLACEMENT = os.environ.get("WORKSPACE_PLACEMENT", DEFAULT_DB_ALIAS)  # metadata/services/placing.py

# The four APIs ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apikeys.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["config.http.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.http.rendering.LenientJSONParser"],
    "EXCEPTION_HANDLER": "config.http.exceptions.answer",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
AUTHENTICATOR = "apikeys.authentication.authenticate"  # (HttpRequest) -> Principal, for all four APIs
PRESUMED_CALLER = "apikeys.authentication.presumed"  # (HttpRequest) -> Principal, by what was known of the token
PAGE_PRINCIPAL = "apikeys.pages.session.principal_of_session"  # (HttpRequest) -> (Principal, Workspace) | None
PLAYGROUND_TOKEN = "apikeys.services.tokens.playground_token"  # (Principal) -> something with token and expires_at
SECRET_KEY_KNOWN = "apikeys.signing_keys.is_secret_key_known"  # () -> bool, for the readiness page
RECORD_COUNTS = "core.records.totals.live_counts"  # (Workspace) -> live records, by object id
API_KEYS = "apikeys.services.api_keys.apikey_list"  # (Principal) -> the workspace's keys that are not revoked
PAGE_NOTICES = [  # what the pages tell those who manage keys and webhooks: see config/http/notices.py
    "apikeys.services.notices.PAGE_NOTICES",
    "webhooks.services.notices.PAGE_NOTICES",
]
WORKSPACE_ARCHIVE = "core.transfer.archive.workspace_archive"  # (Principal) -> all that the workspace has, in pieces
GRAPHQL_OPERATIONS = "core.graphql.operations.OPERATIONS"  # the docs list them
NAME_CLASHES = "core.claims.clashes"  # (WorkspaceSchema, the one before) -> names that two would claim
NAME_CLASH_MESSAGES = "core.claims.messages"  # (WorkspaceSchema) -> sentences by object id
NAME_CLASH_REPORT = "core.clash_report.report"  # (seconds) -> what clashes in which workspace, for the readiness page
NAME_CLASHES_TOLD = "core.clash_report.told"  # () -> workspace ids and sentences
NAME_CHECK_MS = int(os.environ.get("NAME_CHECK_MS", "100"))  # of one /readyz, for data models not looked at yet
MEMBER_RECORD = "core.records.members.create_member_record"  # makes a member's workspaceMember record
RECORD_OF_TEST = "core.records.one.record_of"  # (Principal, nameSingular, id or None) -> a record, the newest one
MEMBER_RECORDS = "core.records.members.member_records"  # (principal, their ids): what a caller reads of them
MEMBER_RECORD_CHANGED = "core.records.members.update_member_record"  # (workspace, its id, changes by API name)
MEMBER_RECORD_GONE = "core.records.members.delete_member_record"  # (workspace, its id): the member is one no more
DEFAULT_ROLE_CHECK = (
    "apikeys.services.roles.default_role_check"  # (Principal, role id) refuses what new members may not get
)
# Who is touched by a change of an object, for the pages that make it: see config.object_users
OBJECT_IN_APIS = "core.docs.in_apis.names_in_apis"  # (ObjectSchema, new names) -> names by kind
FIELD_IN_APIS = "core.docs.in_apis.field_names_in_apis"  # (ObjectSchema, FieldSchema, new name) -> names by kind
OBJECT_LISTENERS = "webhooks.services.webhooks_listening"  # (Principal, nameSingular) -> webhooks
OBJECT_CALLERS = "apikeys.activity.usage.callers_of_object"  # (Principal, nameSingular) -> keys
FIRST_STEPS = [  # what a new workspace begins with, in this order: config.first_steps.Step
    "metadata.pages.first_steps.OBJECT",
    "apikeys.pages.first_steps.KEY",
    "apikeys.pages.first_steps.CALL",
    "webhooks.first_steps.WEBHOOK",
]
FIRST_STEPS_OF = "apikeys.pages.first_steps.shown_to"  # (Principal) -> a row if they want to see them, or None
EVENT_HANDLERS = ["webhooks.delivery.outbox"]
ROLES = "apikeys.role_rights"  # what a role may do, for those who act as one; see config/roles.py
ROLE_CHANGED_HANDLERS = ["webhooks.services.role_changed"]  # (workspace_id, role_id), in the change's transaction
OBJECTS_RENAMED_HANDLERS = ["webhooks.services.objects_renamed"]  # (workspace_id, {old: new}), in the transaction
WORKSPACE_CREATED_HANDLERS = [  # (workspace, empty), in its transaction
    "apikeys.services.workspaces.workspace_created",
    "core.records.samples.workspace_created",
]
WORKSPACE_PURGED_HANDLERS = [  # (workspace), once its records are gone for good; may be called again
    "core.records.idempotency.workspace_purged",
    "core.sql.lateness.workspace_purged",
    "webhooks.services.workspace_purged",
    "apikeys.services.workspaces.workspace_purged",
    "apikeys.activity.partitions.workspace_purged",
]
WORKSPACE_PARTS = [  # what a backup has of shared tables: metadata.services.parts.Part
    "metadata.services.parts.DATA_MODEL",
    "apikeys.services.workspaces.PARTS",
    "webhooks.services.webhooks.PARTS",
]
WORKSPACE_MOVES = ["core.records.moving", "webhooks.delivery.moving"]  # metadata/services/moving: what shares tables
# (workspace, object_id), in the transaction that changed them
SEARCH_FIELDS_CHANGED_HANDLERS = ["core.records.reindex.search_fields_changed"]
METADATA_GRAPHQL_PARTS = [  # further Query and Mutation members of /metadata
    "apikeys.graphql.api_keys",
    "apikeys.graphql.roles",
    "apikeys.graphql.people",
    "apikeys.graphql.sign_in",
    "webhooks.graphql",
    "metadata.graphql.layout",
    "metadata.graphql.layout_widgets",
    "core.graphql.files",
    "core.graphql.members",
]
DELETED_WORKSPACE_DAYS = int(os.environ.get("DELETED_WORKSPACE_DAYS", "14"))  # until a workspace is gone for good
SECRETS_ROTATED = {  # () -> how many were encrypted anew, were up to date, cannot be read; beside the encrypted columns
    "Hidden values of records": "core.records.secrets.secrets_rotate",
}
MAINTENANCE = [  # what `manage.py maintain` calls, and every how many seconds
    ("metadata.services.indexes_build", 5),
    ("metadata.services.moving.moves_settle", 5),
    ("metadata.services.former_indexes_drop", 24 * 60 * 60),
    ("core.records.reindex.searches_rebuild", 5),
    ("core.records.files.files_sweep", 24 * 60 * 60),
    ("config.http.sessions.sessions_sweep", 24 * 60 * 60),
    ("apikeys.rates.rates_sweep", 60),
    ("apikeys.services.notices.notices_give", 60 * 60),
    ("core.records.secrets.secrets_seal", 24 * 60 * 60),
    ("metadata.services.workspaces_purge", 60 * 60),
    ("apikeys.services.password_resets.resets_sweep", 24 * 60 * 60),
    ("apikeys.activity.partitions.partitions_keep", 60 * 60),
    ("apikeys.activity.partitions.retentions_keep", 60 * 60),
]
AUDIT = "apikeys.activity.audit.note"  # what config.audit calls, in the transaction of an act
AUDIT_LOG_DAYS = int(os.environ.get("AUDIT_LOG_DAYS", "365"))  # how long it is kept; 0: none is
REQUEST_LOG = "apikeys.activity.requests.note"  # (request, status, milliseconds, own id) for every answer
REQUEST_LOG_DAYS = int(os.environ.get("REQUEST_LOG_DAYS", "30"))  # how long entries are kept; 0: there are none
REQUEST_LOG_BUFFER = int(os.environ.get("REQUEST_LOG_BUFFER", "10000"))  # entries of a process that wait to be written
REQUEST_LOG_THREAD = True  # else whoever wants them written calls apikeys.activity.requests.flush
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # who asks for /metrics sends it; none: nobody is told
METRICS_DIR = os.environ.get("METRICS_DIR") or str(DATA_DIR / "metrics")
METRICS_SOURCES = ["webhooks.services.measuring.delivery_metrics"]  # (alias) -> (name, what, label, {label: value})
PROCESS_END_HANDLERS = ["apikeys.activity.requests.end"]  # () when a process of the web server ends
WARM_UP = ["core.graphql.types.vocabulary", "metadata.graphql.schema.schema"]  # called once when a server starts
MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_FILE_BYTES = int(os.environ.get("MAX_FILE_BYTES", str(10 * 1024 * 1024)))  # of an uploaded file
MAX_LOGO_BYTES = int(os.environ.get("MAX_LOGO_BYTES", str(512 * 1024)))  # of a workspace's picture
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 1024 * 1024  # of a body with a file in it
MAX_IMPORT_BYTES = 1024 * 1024 * 1024  # of an imported file, which is read as it arrives
DATA_UPLOAD_MAX_MEMORY_SIZE = None  # the APIs check MAX_BODY_BYTES themselves, with their own error
# Rates, as (tokens, seconds): a bucket of that many, which fills up in that time. 0 tokens: no limit.
RATE_LIMIT_SHORT = (  # a key, or a member with a playground token
    int(os.environ.get("API_RATE_LIMITING_SHORT_LIMIT", "200")),
    int(os.environ.get("API_RATE_LIMITING_SHORT_TTL_IN_MS", "1000")) / 1000,
)
RATE_LIMIT_LONG = (
    int(os.environ.get("API_RATE_LIMITING_LONG_LIMIT", "6000")),
    int(os.environ.get("API_RATE_LIMITING_LONG_TTL_IN_MS", "60000")) / 1000,
)
RATE_LIMIT_WORKSPACE = (
    int(os.environ.get("API_RATE_LIMITING_WORKSPACE_LIMIT", "20000")),
    int(os.environ.get("API_RATE_LIMITING_WORKSPACE_TTL_IN_MS", "60000")) / 1000,
)
RATE_LIMIT_ADDRESS = (  # without a key that works
    int(os.environ.get("API_RATE_LIMITING_ADDRESS_LIMIT", "3000")),
    int(os.environ.get("API_RATE_LIMITING_ADDRESS_TTL_IN_MS", "60000")) / 1000,
)
WEBHOOK_HEADERS = "webhooks.delivery.signing.HEADERS"  # of deliveries: name, description and value of each
OPENAPI_DOCUMENTS = {  # (Principal, Variant) -> bytes
    "core": "core.openapi.records.core_document",
    "metadata": "metadata.openapi.document.metadata_document",
}
RATE_STORAGE = "apikeys.rates.lease"  # (Sequence[Ask]) -> Sequence[Loan], for all processes
API_KEY_MAX_NETWORKS = int(os.environ.get("API_KEY_MAX_NETWORKS", "100"))  # that one key names
API_KEY_MAX_OBJECTS = int(os.environ.get("API_KEY_MAX_OBJECTS", "500"))

REQUEST_DEADLINE_S = float(os.environ.get("REQUEST_DEADLINE_S", "30"))  # of the work of one request
LONG_WORK_DEADLINE_S = float(
    os.environ.get("LONG_WORK_DEADLINE_S", "3600")
)  # of an import, an export, a data model applied
MAX_PAGE_SIZE_REST = 200
MAX_PAGE_SIZE_GRAPHQL = 1000
DEFAULT_PAGE_SIZE = 60

# The web server --------------------------------------------------------------------------------------
HEADER_TIMEOUT_S = int(os.environ.get("HEADER_TIMEOUT_S", "10"))  # granian's; also of a connection that is kept idle
MAX_URL_BYTES = int(os.environ.get("MAX_URL_BYTES", str(32 * 1024)))
MAX_HEADER_BYTES = int(os.environ.get("MAX_HEADER_BYTES", str(64 * 1024)))
BODY_IDLE_TIMEOUT_S = float(os.environ.get("BODY_IDLE_TIMEOUT_S", "10"))  # without progress
BODY_TIMEOUT_S = float(os.environ.get("BODY_TIMEOUT_S", "60"))  # in all
UPLOAD_TIMEOUT_S = float(os.environ.get("UPLOAD_TIMEOUT_S", "3600"))  # in all, of imports and files
ANSWER_IDLE_TIMEOUT_S = float(os.environ.get("ANSWER_IDLE_TIMEOUT_S", "60"))  # of a client that does not read
MAX_UNFINISHED_PER_ADDRESS = int(os.environ.get("MAX_UNFINISHED_PER_ADDRESS", "32"))  # in each process
MAX_CONNECTIONS_PER_ADDRESS = int(os.environ.get("MAX_CONNECTIONS_PER_ADDRESS", "1000"))  # in each process; 0: any
MAX_BUFFERED_BYTES = int(os.environ.get("MAX_BUFFERED_BYTES", str(64 * 1024 * 1024)))  # in each process
MAX_SPOOLED_BYTES = int(os.environ.get("MAX_SPOOLED_BYTES", str(4 * 1024 * 1024 * 1024)))  # in each process
SPOOL_DIR = os.environ.get("SPOOL_DIR") or str(DATA_DIR / "spool")
REQUEST_QUEUE = int(os.environ.get("REQUEST_QUEUE", "1000"))  # waiting in each process
REQUEST_QUEUE_TIMEOUT_S = float(os.environ.get("REQUEST_QUEUE_TIMEOUT_S", "10"))
RELIEF_THREADS = int(os.environ.get("RELIEF_THREADS", "4"))  # that help while others work on what turned out long
LONG_THREADS = int(os.environ.get("LONG_THREADS", "2"))  # for exports, imports and the like, in each process
LONG_QUEUE = int(os.environ.get("LONG_QUEUE", "32"))
LONG_QUEUE_TIMEOUT_S = float(os.environ.get("LONG_QUEUE_TIMEOUT_S", "60"))
PASSWORD_QUEUE = int(os.environ.get("PASSWORD_QUEUE", "16"))  # sign-ins and the like that wait in each process
WORKER_MAX_RSS_MB = int(os.environ.get("WORKER_MAX_RSS_MB", "512"))  # beyond it a process is replaced; 0: never
WORKER_RSS_CHECK_S = int(os.environ.get("WORKER_RSS_CHECK_S", "10"))

# Webhooks --------------------------------------------------------------------------------------------
WEBHOOK_ALLOWED_HOSTS = [host for host in os.environ.get("WEBHOOK_ALLOWED_HOSTS", "").split(",") if host]
WEBHOOK_TIMEOUT_S = float(os.environ.get("WEBHOOK_TIMEOUT_S", "15"))
WEBHOOK_CONNECT_TIMEOUT_S = float(os.environ.get("WEBHOOK_CONNECT_TIMEOUT_S", "5"))
WEBHOOK_SECRETS_MASKED = os.environ.get("WEBHOOK_SECRETS_MASKED", "false").lower() in {"1", "true"}

# Pages -----------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_HASHERS = ["apikeys.sign_in.PasswordHasher"]
SIGN_IN_LIMIT = int(os.environ.get("SIGN_IN_LIMIT", "10"))  # tries for one account from one address, in the period
SIGN_IN_ACCOUNT_LIMIT = int(os.environ.get("SIGN_IN_ACCOUNT_LIMIT", "50"))  # … for one account from anywhere
SIGN_IN_ADDRESS_LIMIT = int(os.environ.get("SIGN_IN_ADDRESS_LIMIT", "100"))  # … from one address for any account
SIGN_IN_PERIOD_S = float(os.environ.get("SIGN_IN_PERIOD_S", "900"))
LOGIN_TOKEN_LIFETIME_S = int(os.environ.get("LOGIN_TOKEN_LIFETIME_S", "900"))  # from the password to the tokens
ACCESS_TOKEN_LIFETIME_S = int(os.environ.get("ACCESS_TOKEN_LIFETIME_S", "1800"))
REFRESH_TOKEN_LIFETIME_S = int(os.environ.get("REFRESH_TOKEN_LIFETIME_S", "5184000"))  # 60 days
REFRESH_TOKEN_GRACE_S = int(os.environ.get("REFRESH_TOKEN_GRACE_S", "60"))  # in which it can be given once more
SIGN_INS_AT_ONCE = int(os.environ.get("SIGN_INS_AT_ONCE", "0")) or max(1, (os.cpu_count() or 1) // 2)
LOGIN_URL = "/settings/login"
LOGIN_REDIRECT_URL = "/settings/api-webhooks"
LOGOUT_REDIRECT_URL = "/settings/login"
CSRF_FAILURE_VIEW = "config.http.pages.csrf_failure"
STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("STATIC_ROOT")  # only for `collectstatic`; the server finds the files itself
STATICFILES_DIRS = [BASE_DIR / "config" / "static", DATA_DIR / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
SESSION_ENGINE = "apikeys.sessions"
SESSION_IDLE_S = int(os.environ.get("SESSION_IDLE_S", str(4 * 60 * 60)))
SESSION_MAX_S = SESSION_COOKIE_AGE = int(os.environ.get("SESSION_MAX_S", str(24 * 60 * 60)))
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # no script of ours reads a cookie
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
if IS_HTTPS:  # the prefix keeps subdomains and plain http from setting them (RFC 6265bis §4.1.3)
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"

PASSWORD_RESET_LIFETIME_S = int(os.environ.get("PASSWORD_RESET_LIFETIME_S", "14400"))  # of a link to a new password

# Mail ------------------------------------------------------------------------------------------------
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")  # not set: no mail is sent, and pages show links to pass on by hand
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "false").lower() in {"1", "true"}  # STARTTLS
EMAIL_USE_SSL = os.environ.get("EMAIL_USE_SSL", "false").lower() in {"1", "true"}  # TLS from the first byte
EMAIL_TIMEOUT = float(os.environ.get("EMAIL_TIMEOUT", "10"))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "") or f"fourgate@{urlsplit(SERVER_URL).hostname or 'localhost'}"
MAIL_QUEUE = int(os.environ.get("MAIL_QUEUE", "100"))  # that wait in each process
MAIL_THREAD = True  # else it is sent before the answer

# HTTPS, which a proxy speaks for us ------------------------------------------------------------------
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # of TRUSTED_PROXIES: see config.http.hosts
SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_S", str(365 * 24 * 60 * 60))) if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    "staticfiles.W004",  # DATA_DIR/assets is there once config/assets.py has fetched it
    "security.W005",  # HSTS for this host only: what its subdomains speak is not ours to say
    "security.W008",  # the proxy that ends TLS sends http on to https; balancers ask /readyz over plain http
    "security.W021",  # nor whether the whole domain may go into browsers' lists
]

# Start and log ---------------------------------------------------------------------------------------
LOG_LEVEL = os.environ.get("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.http.observability.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"django.request": {"level": "ERROR"}},  # what was refused stands in the request's own line
}

# Language and time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]  # what is translated there can be chosen in one's profile
USE_TZ = True

SPECTACULAR_SETTINGS = {
    "TITLE": "Fourgate",
    "VERSION": "v" + ".".join(map(str, VERSION[:2])),
    "OAS_VERSION": "3.1.1",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # it looks at a document of all views, which nobody is given
}
