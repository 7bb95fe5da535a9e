"""What a person may set, wherever they set it: one typed schema, read from files, editors and options."""

from heatline.settings.project_file import ProjectFile, find_project_file
from heatline.settings.reading import Layer, read_settings
from heatline.settings.schema import Scaling, Scope, Settings, Severity

__all__ = [
    "Layer",
    "ProjectFile",
    "Scaling",
    "Scope",
    "Settings",
    "Severity",
    "find_project_file",
    "read_settings",
]
