"""Workflows, their versions, runs and triggers."""

from __future__ import annotations

from config.principal import Guard
from metadata.standard.definition import StandardField as Field
from metadata.standard.definition import StandardObject as Object
from metadata.standard.definition import StandardRelation as ToOne

# What a workflow does, it does for everybody: rights over records are not enough.
_GUARD = Guard(read="WORKFLOWS", write="WORKFLOWS")


def _of_workflow(inverse: str, label: str, icon: str) -> ToOne:
    return ToOne(
        "workflow", "workflow", "Workflow", "IconSettingsAutomation", inverse, label, icon, on_delete="CASCADE"
    )


WORKFLOW = Object(
    singular="workflow",
    plural="workflows",
    label_singular="Workflow",
    label_plural="Workflows",
    icon="IconSettingsAutomation",
    description="A workflow",
    shortcut="W",
    label_identifier="name",
    is_searchable=True,
    guard=_GUARD,
    fields=(
        Field("name", "TEXT", "Name", "IconSettingsAutomation", "The workflow name", is_searchable=True),
        Field("lastPublishedVersionId", "TEXT", "Last published Version Id", "IconVersions", "The published version"),
        Field(
            "statuses",
            "MULTI_SELECT",
            "Statuses",
            "IconStatusChange",
            "Statuses of the workflow's versions",
            options=(
                ("DRAFT", "Draft", "yellow"),
                ("ACTIVE", "Active", "green"),
                ("DEACTIVATED", "Deactivated", "gray"),
            ),
        ),
    ),
)

WORKFLOW_VERSION = Object(
    singular="workflowVersion",
    plural="workflowVersions",
    label_singular="Workflow Version",
    label_plural="Workflow Versions",
    icon="IconVersions",
    description="A workflow version",
    label_identifier="name",
    is_system=True,
    guard=_GUARD,
    fields=(
        Field("name", "TEXT", "Name", "IconSettingsAutomation", "The version name"),
        Field("trigger", "RAW_JSON", "Version trigger", "IconSettingsAutomation", "What starts the workflow"),
        Field("steps", "RAW_JSON", "Version steps", "IconSettingsAutomation", "What the workflow does"),
        Field(
            "status",
            "SELECT",
            "Version status",
            "IconStatusChange",
            "State of the version",
            is_nullable=False,
            default="'DRAFT'",
            options=(
                ("DRAFT", "Draft", "yellow"),
                ("ACTIVE", "Active", "green"),
                ("DEACTIVATED", "Deactivated", "orange"),
                ("ARCHIVED", "Archived", "gray"),
            ),
        ),
    ),
    relations=(_of_workflow("versions", "Versions", "IconVersions"),),
)

WORKFLOW_RUN = Object(
    singular="workflowRun",
    plural="workflowRuns",
    label_singular="Workflow Run",
    label_plural="Workflow Runs",
    icon="IconHistoryToggle",
    description="A workflow run",
    label_identifier="name",
    is_system=True,
    guard=_GUARD,
    fields=(
        Field("name", "TEXT", "Name", "IconSettingsAutomation", "Name of the run"),
        Field("enqueuedAt", "DATE_TIME", "Workflow run enqueued at", "IconHistory", "When it was queued"),
        Field("startedAt", "DATE_TIME", "Workflow run started at", "IconHistory", "When it began"),
        Field("endedAt", "DATE_TIME", "Workflow run ended at", "IconHistory", "When it ended"),
        Field(
            "status",
            "SELECT",
            "Workflow run status",
            "IconStatusChange",
            "State of the run",
            is_nullable=False,
            default="'NOT_STARTED'",
            options=(
                ("NOT_STARTED", "Not started", "gray"),
                ("RUNNING", "Running", "yellow"),
                ("COMPLETED", "Completed", "green"),
                ("FAILED", "Failed", "red"),
                ("ENQUEUED", "Enqueued", "blue"),
                ("STOPPING", "Stopping", "orange"),
                ("STOPPED", "Stopped", "gray"),
            ),
        ),
        Field("state", "RAW_JSON", "State", "IconHierarchy2", "State of every step"),
        Field("context", "RAW_JSON", "Context", "IconHierarchy2", "What the run began with"),
        Field("output", "RAW_JSON", "Output", "IconText", "What the run made"),
    ),
    relations=(
        _of_workflow("runs", "Runs", "IconRun"),
        ToOne(
            "workflowVersion",
            "workflowVersion",
            "Workflow version",
            "IconVersions",
            "runs",
            "Runs",
            "IconRun",
            on_delete="CASCADE",
        ),
    ),
)

WORKFLOW_AUTOMATED_TRIGGER = Object(
    singular="workflowAutomatedTrigger",
    plural="workflowAutomatedTriggers",
    label_singular="Workflow Automated Trigger",
    label_plural="Workflow Automated Triggers",
    icon="IconSettingsAutomation",
    description="A workflow automated trigger",
    is_system=True,
    guard=_GUARD,
    fields=(
        Field(
            "type",
            "SELECT",
            "Automated Trigger Type",
            "IconSettingsAutomation",
            "What sets it off",
            is_nullable=False,
            default="'DATABASE_EVENT'",
            options=(("DATABASE_EVENT", "Database Event", "green"), ("CRON", "Cron", "blue")),
        ),
        Field("settings", "RAW_JSON", "Settings", "IconSettings", "Settings of the trigger"),
    ),
    relations=(_of_workflow("automatedTriggers", "Automated Triggers", "IconSettingsAutomation"),),
)
