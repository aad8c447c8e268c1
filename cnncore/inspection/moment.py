"""When in its training a network is looked at; apart from `trained`, so that a page can name it without torch."""

from enum import StrEnum


class Moment(StrEnum):
    """When in its training a network is looked at."""

    BEFORE = "before training"
    LAST = "after the last complete epoch"
