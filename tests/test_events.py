import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncore import events

FRACTION = st.floats(0, 1)
POSITIVE = st.floats(0, 1e6)
COUNT = st.integers(0, 10**7)
EVENTS = st.one_of(
    st.builds(
        events.Batch,
        epoch=COUNT,
        batch=COUNT,
        step=COUNT,
        size=COUNT,
        loss=POSITIVE,
        accuracy=FRACTION,
        accuracy5=FRACTION,
        lr=POSITIVE,
        seconds=POSITIVE,
    ),
    st.builds(
        events.Epoch,
        epoch=COUNT,
        step=COUNT,
        train_loss=POSITIVE,
        train_accuracy=FRACTION,
        train_accuracy5=FRACTION,
        test_loss=POSITIVE,
        test_accuracy=FRACTION,
        test_accuracy5=FRACTION,
        seconds=POSITIVE,
        test_seconds=POSITIVE,
        images_per_second=POSITIVE,
        lr=POSITIVE,
        validation_loss=st.none() | POSITIVE,
        train_eval_accuracy=st.none() | FRACTION,
        test_tta_loss=st.none() | POSITIVE,
        validation_tta_accuracy5=st.none() | FRACTION,
    ),
    st.builds(events.Changed, epoch=COUNT, step=COUNT, lr_factor=POSITIVE),
    st.builds(events.Finished, epochs=COUNT, seconds=POSITIVE, test_loss=POSITIVE, test_accuracy=FRACTION),
    st.builds(events.Diverged, epoch=COUNT, batch=COUNT, message=st.text()),
    st.builds(events.Stopped, epoch=COUNT, message=st.text()),
)


@given(EVENTS)
def test_json_gives_the_same_event_back(event):
    line = events.to_json(event)
    assert "\n" not in line
    assert events.from_json(line) == event


def test_an_epoch_has_the_names_that_scripts_read():
    event = events.Epoch(3, 9, 1.0, 0.5, 0.9, 1.1, 0.4, 0.8, 2.0, 0.1, 100.0, 0.1)
    values = json.loads(events.to_json(event))
    assert values["event"] == "epoch"
    assert (values["train/loss"], values["train/accuracy"], values["train/accuracy5"]) == (1.0, 0.5, 0.9)
    assert (values["test/loss"], values["test/accuracy"], values["test/accuracy5"]) == (1.1, 0.4, 0.8)
    assert (values["epoch"], values["seconds"]) == (3, 2.0)


def test_an_epoch_has_no_names_for_what_was_not_measured():
    event = events.Epoch(3, 9, 1.0, 0.5, 0.9, 1.1, 0.4, 0.8, 2.0, 0.1, 100.0, 0.1, validation_accuracy=0.3)
    values = events.to_dict(event)
    assert values["validation/accuracy"] == 0.3
    assert "validation/loss" not in values
    assert not [name for name in values if name.startswith(("train_eval/", "test_tta/", "validation_tta/"))]


def test_what_is_not_a_number_is_not_written():
    with pytest.raises(ValueError, match="JSON compliant"):
        events.to_json(events.Finished(1, 1.0, math.nan, 0.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"event": "exploded"}, "must be one of started, batch"),
        ({"event": "stopped", "epoch": 1}, "has the fields"),
        ({"event": "epoch", "epoch": 1, "validation/loss": 1.0}, "has the fields"),
        ({"event": "stopped", "epoch": 1, "message": "", "more": 2}, "has the fields"),
    ],
)
def test_an_unknown_event_is_an_error(values, message):
    with pytest.raises(ValueError, match=message):
        events.from_dict(values)
