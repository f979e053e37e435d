"""Where a run's sandbox came from, and how warm that makes the run."""

from enum import StrEnum


class Origin(StrEnum):
    """Where a sandbox was taken from, warmest first."""

    ADOPTED = "adopted"
    """An earlier run of the program left it behind."""
    POOLED = "pooled"
    """It was made before anybody asked."""
    IMAGE = "image"
    """Made from a snapshot that holds the dependencies."""
    TEMPLATE = "template"
    """Made new, with nothing of a project in it."""
