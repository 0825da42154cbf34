"""The members of a workspace, what they keep at hand, and dashboards."""

from __future__ import annotations

from config.principal import Guard
from metadata.standard.definition import StandardField as Field
from metadata.standard.definition import StandardObject as Object
from metadata.standard.definition import StandardRelation as ToOne

WORKSPACE_MEMBER = Object(
    singular="workspaceMember",
    plural="workspaceMembers",
    label_singular="Workspace Member",
    label_plural="Workspace Members",
    icon="IconUserCircle",
    description="A workspace member",
    label_identifier="name",
    image_identifier="avatarUrl",
    is_searchable=True,
    is_system=True,
    guard=Guard(
        write="WORKSPACE_MEMBERS",
        own_fields=frozenset(
            [
                "name",
                "avatarUrl",
                "colorScheme",
                "locale",
                "timeZone",
                "dateFormat",
                "timeFormat",
                "numberFormat",
                "calendarStartDay",
            ]
        ),
        instead_of_deleting="Please use /deleteUserFromWorkspace to remove a workspace member.",
    ),
    fields=(
        Field("name", "FULL_NAME", "Name", "IconCircleUser", "Member's name", is_nullable=False, is_searchable=True),
        Field(
            "userEmail",
            "TEXT",
            "User Email",
            "IconMail",
            "E-mail the member signs in with",
            is_unique=True,
            is_system=True,
            is_searchable=True,
        ),
        Field(
            "userId",
            "UUID",
            "User Id",
            "IconCircleUsers",
            "The user behind the member",
            is_nullable=False,
            is_system=True,
        ),
        Field("avatarUrl", "TEXT", "Avatar Url", "IconFileUpload", "Member's picture"),
        Field(
            "colorScheme",
            "TEXT",
            "Color Scheme",
            "IconColorSwatch",
            "System, Light or Dark",
            is_nullable=False,
            default="'System'",
        ),
        Field("locale", "TEXT", "Language", "IconLanguage", "Preferred language", is_nullable=False, default="'en'"),
        Field(
            "timeZone", "TEXT", "Time zone", "IconTimezone", "Member's time zone", is_nullable=False, default="'system'"
        ),
        Field(
            "dateFormat",
            "SELECT",
            "Date format",
            "IconCalendarEvent",
            "How dates are shown",
            is_nullable=False,
            default="'SYSTEM'",
            options=(
                ("SYSTEM", "System", "turquoise"),
                ("MONTH_FIRST", "Month First", "red"),
                ("DAY_FIRST", "Day First", "purple"),
                ("YEAR_FIRST", "Year First", "sky"),
            ),
        ),
        Field(
            "timeFormat",
            "SELECT",
            "Time format",
            "IconClock2",
            "How times are shown",
            is_nullable=False,
            default="'SYSTEM'",
            options=(("SYSTEM", "System", "sky"), ("HOUR_24", "24HRS", "red"), ("HOUR_12", "12HRS", "purple")),
        ),
        Field(
            "numberFormat",
            "SELECT",
            "Number format",
            "IconNumbers",
            "How numbers are shown",
            is_nullable=False,
            default="'SYSTEM'",
            options=(
                ("SYSTEM", "System", "turquoise"),
                ("COMMAS_AND_DOT", "Commas and dot", "blue"),
                ("SPACES_AND_COMMA", "Spaces and comma", "green"),
                ("DOTS_AND_COMMA", "Dots and comma", "orange"),
                ("APOSTROPHE_AND_DOT", "Apostrophe and dot", "purple"),
            ),
        ),
        Field(
            "calendarStartDay",
            "NUMBER",
            "Start of the week",
            "IconCalendar",
            "First day of the week: 0 Sunday, 1 Monday, 6 Saturday, 7 as the system says",
            is_nullable=False,
            default=7,
            settings={"dataType": "int"},
        ),
    ),
)

BLOCKLIST = Object(
    singular="blocklist",
    plural="blocklists",
    label_singular="Blocklist",
    label_plural="Blocklists",
    icon="IconForbid2",
    description="Blocklist",
    label_identifier="handle",
    is_system=True,
    fields=(Field("handle", "TEXT", "Handle", "IconAt", "Address or domain that is not imported"),),
    relations=(
        ToOne(
            "workspaceMember",
            "workspaceMember",
            "WorkspaceMember",
            "IconCircleUser",
            "blocklist",
            "Blocklist",
            "IconForbid2",
            on_delete="CASCADE",
            is_inverse_system=True,
        ),
    ),
)

DASHBOARD = Object(
    singular="dashboard",
    plural="dashboards",
    label_singular="Dashboard",
    label_plural="Dashboards",
    icon="IconLayoutDashboard",
    description="A dashboard",
    shortcut="D",
    label_identifier="title",
    is_searchable=True,
    fields=(
        Field("title", "TEXT", "Title", "IconNotes", "Dashboard title", is_searchable=True),
        Field("pageLayoutId", "UUID", "Page Layout ID", "IconId", "The dashboard's page layout"),
    ),
)


def _favourite(target: str, label: str, icon: str, name: str | None = None) -> ToOne:
    return ToOne(
        name or target,
        target,
        label,
        icon,
        "favorites",
        "Favorites",
        "IconHeart",
        on_delete="CASCADE",
        is_inverse_system=True,
    )


FAVORITE = Object(
    singular="favorite",
    plural="favorites",
    label_singular="Favorite",
    label_plural="Favorites",
    icon="IconHeart",
    description="A favorite",
    is_system=True,
    fields=(Field("viewId", "UUID", "ViewId", "IconView", "The view, when the favorite is one"),),
    relations=(
        _favourite("workspaceMember", "Workspace Member", "IconCircleUser", "forWorkspaceMember"),
        _favourite("person", "Person", "IconUser"),
        _favourite("company", "Company", "IconBuildingSkyscraper"),
        _favourite("opportunity", "Opportunity", "IconTargetArrow"),
        _favourite("workflow", "Workflow", "IconSettingsAutomation"),
        _favourite("workflowVersion", "Workflow Version", "IconVersions"),
        _favourite("workflowRun", "Workflow Run", "IconHistoryToggle"),
        _favourite("task", "Task", "IconCheckbox"),
        _favourite("note", "Note", "IconNotes"),
        _favourite("dashboard", "Dashboard", "IconLayoutDashboard"),
        ToOne(
            "favoriteFolder",
            "favoriteFolder",
            "Favorite Folder",
            "IconFolder",
            "favorites",
            "Favorites",
            "IconHeart",
        ),
    ),
)

FAVORITE_FOLDER = Object(
    singular="favoriteFolder",
    plural="favoriteFolders",
    label_singular="Favorite Folder",
    label_plural="Favorite Folders",
    icon="IconFolder",
    description="A favorite folder",
    is_system=True,
    fields=(Field("name", "TEXT", "Name", "IconText", "Folder name"),),
)
