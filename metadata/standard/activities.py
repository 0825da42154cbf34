"""Notes, tasks, what they are about, files, and what happened."""

from __future__ import annotations

from config.texts import capitalised
from metadata.standard.definition import StandardField as Field
from metadata.standard.definition import StandardObject as Object
from metadata.standard.definition import StandardRelation as ToOne

NOTE = Object(
    singular="note",
    plural="notes",
    label_singular="Note",
    label_plural="Notes",
    icon="IconNotes",
    description="A note",
    shortcut="N",
    label_identifier="title",
    is_searchable=True,
    fields=(
        Field("title", "TEXT", "Title", "IconNotes", "Note title", is_searchable=True),
        Field("bodyV2", "RICH_TEXT", "Body", "IconFilePencil", "Note body", is_searchable=True),
    ),
)

TASK = Object(
    singular="task",
    plural="tasks",
    label_singular="Task",
    label_plural="Tasks",
    icon="IconCheckbox",
    description="A task",
    shortcut="T",
    label_identifier="title",
    is_searchable=True,
    fields=(
        Field("title", "TEXT", "Title", "IconNotes", "Task title", is_searchable=True),
        Field("bodyV2", "RICH_TEXT", "Body", "IconFilePencil", "Task body", is_searchable=True),
        Field("dueAt", "DATE_TIME", "Due Date", "IconCalendarEvent", "When the task is due"),
        Field(
            "status",
            "SELECT",
            "Status",
            "IconCheck",
            "Task status",
            default="'TODO'",
            options=(
                ("TODO", "To do", "sky"),
                ("IN_PROGRESS", "In progress", "purple"),
                ("DONE", "Done", "green"),
            ),
        ),
    ),
    relations=(
        ToOne(
            "assignee",
            "workspaceMember",
            "Assignee",
            "IconUserCircle",
            "assignedTasks",
            "Assigned tasks",
            "IconCheckbox",
            is_inverse_system=True,
            description="The member who does the task",
        ),
    ),
)


def _subject(target: str, label: str, icon: str, inverse: str, inverse_label: str, inverse_icon: str) -> ToOne:
    """A row of a target's morph relation: what the note or task is about."""
    return ToOne(
        f"target{capitalised(target)}",
        target,
        label,
        icon,
        inverse,
        inverse_label,
        inverse_icon,
        on_delete="CASCADE",
        is_morph=True,
    )


_SUBJECTS = (
    ("person", "Person", "IconUser"),
    ("company", "Company", "IconBuildingSkyscraper"),
    ("opportunity", "Opportunity", "IconTargetArrow"),
)

NOTE_TARGET = Object(
    singular="noteTarget",
    plural="noteTargets",
    label_singular="Note Target",
    label_plural="Note Targets",
    icon="IconCheckbox",
    description="A note target",
    is_system=True,
    relations=(
        ToOne("note", "note", "Note", "IconNotes", "noteTargets", "Relations", "IconArrowUpRight", on_delete="CASCADE"),
        *(_subject(*subject, "noteTargets", "Notes", "IconNotes") for subject in _SUBJECTS),
    ),
)

TASK_TARGET = Object(
    singular="taskTarget",
    plural="taskTargets",
    label_singular="Task Target",
    label_plural="Task Targets",
    icon="IconCheckbox",
    description="A task target",
    is_system=True,
    relations=(
        ToOne(
            "task", "task", "Task", "IconCheckbox", "taskTargets", "Relations", "IconArrowUpRight", on_delete="CASCADE"
        ),
        *(_subject(*subject, "taskTargets", "Tasks", "IconCheckbox") for subject in _SUBJECTS),
    ),
)


def _attached_to(target: str, label: str, icon: str, on_delete: str, is_inverse_system: bool) -> ToOne:
    return ToOne(
        f"target{capitalised(target)}",
        target,
        label,
        icon,
        "attachments",
        "Attachments",
        "IconFileImport",
        on_delete=on_delete,
        is_morph=True,
        is_inverse_system=is_inverse_system,
    )


ATTACHMENT = Object(
    singular="attachment",
    plural="attachments",
    label_singular="Attachment",
    label_plural="Attachments",
    icon="IconFileImport",
    description="An attachment",
    label_identifier="name",
    is_system=True,
    fields=(
        Field("name", "TEXT", "Name", "IconFileUpload", "Attachment name"),
        Field("file", "FILES", "File", "IconFileUpload", "The file itself", settings={"maxNumberOfValues": 1}),
        Field("fullPath", "TEXT", "Full path", "IconLink", "Where the file is (deprecated)"),
        Field(
            "fileCategory",
            "SELECT",
            "File category",
            "IconList",
            "Kind of file (deprecated)",
            is_nullable=False,
            default="'OTHER'",
            options=(
                ("ARCHIVE", "Archive", "gray"),
                ("AUDIO", "Audio", "pink"),
                ("IMAGE", "Image", "yellow"),
                ("PRESENTATION", "Presentation", "orange"),
                ("SPREADSHEET", "Spreadsheet", "turquoise"),
                ("TEXT_DOCUMENT", "Text Document", "blue"),
                ("VIDEO", "Video", "purple"),
                ("OTHER", "Other", "gray"),
            ),
        ),
    ),
    relations=(
        _attached_to("task", "Task", "IconNotes", "SET_NULL", True),
        _attached_to("note", "Note", "IconNotes", "SET_NULL", True),
        _attached_to("person", "Person", "IconUser", "CASCADE", False),
        _attached_to("company", "Company", "IconBuildingSkyscraper", "CASCADE", True),
        _attached_to("opportunity", "Opportunity", "IconTargetArrow", "CASCADE", True),
        _attached_to("dashboard", "Dashboard", "IconLayoutDashboard", "CASCADE", True),
        _attached_to("workflow", "Workflow", "IconSettingsAutomation", "CASCADE", True),
    ),
)


def _happened_to(
    target: str, label: str, icon: str, on_delete: str, inverse_label: str = "Timeline Activities"
) -> ToOne:
    return ToOne(
        f"target{capitalised(target)}",
        target,
        label,
        icon,
        "timelineActivities",
        inverse_label,
        "IconIconTimelineEvent" if target == "company" else "IconTimelineEvent",
        on_delete=on_delete,
        is_morph=True,
        is_inverse_system=True,
    )


TIMELINE_ACTIVITY = Object(
    singular="timelineActivity",
    plural="timelineActivities",
    label_singular="Timeline Activity",
    label_plural="Timeline Activities",
    icon="IconTimelineEvent",
    description="Aggregated / filtered event to be displayed on the timeline",
    label_identifier="linkedRecordCachedName",
    is_system=True,
    fields=(
        Field(
            "happensAt",
            "DATE_TIME",
            "Creation date",
            "IconCalendar",
            "When it happened",
            is_nullable=False,
            default="now",
        ),
        Field("name", "TEXT", "Event name", "IconAbc", "What happened"),
        Field("properties", "RAW_JSON", "Event details", "IconListDetails", "What changed"),
        Field("linkedRecordCachedName", "TEXT", "Linked Record cached name", "IconAbc", "Name of the linked record"),
        Field("linkedRecordId", "UUID", "Linked Record id", "IconAbc", "Id of the linked record"),
        Field("linkedObjectMetadataId", "UUID", "Linked Object Metadata Id", "IconAbc", "Object of the linked record"),
    ),
    relations=(
        ToOne(
            "workspaceMember",
            "workspaceMember",
            "Workspace Member",
            "IconCircleUser",
            "timelineActivities",
            "Events",
            "IconTimelineEvent",
            on_delete="CASCADE",
            is_inverse_system=True,
        ),
        _happened_to("person", "Person", "IconUser", "CASCADE", "Events"),
        _happened_to("company", "Company", "IconBuildingSkyscraper", "CASCADE"),
        _happened_to("opportunity", "Opportunity", "IconTargetArrow", "SET_NULL"),
        _happened_to("note", "Note", "IconNotes", "SET_NULL"),
        _happened_to("task", "Task", "IconCheckbox", "SET_NULL"),
        _happened_to("workflow", "Workflow", "IconSettingsAutomation", "SET_NULL"),
        _happened_to("workflowVersion", "Workflow Version", "IconVersions", "SET_NULL"),
        _happened_to("workflowRun", "Workflow Run", "IconHistoryToggle", "SET_NULL"),
        _happened_to("dashboard", "Dashboard", "IconLayoutDashboard", "SET_NULL"),
    ),
)
