"""What a consumer may change of a run between two of its events."""

from dataclasses import dataclass


@dataclass
class Live:
    """Shared by the trainer and whoever takes its events; changes hold from the next update on.

    `lr_factor` multiplies the schedule. While `single` is set every update's event comes before the next update is
    made: to ask for one more event is then one step of slow motion. `more` is set by the trainer: true while the events
    of updates that were made already follow at once.
    """

    lr_factor: float = 1.0
    single: bool = False
    more: bool = False
