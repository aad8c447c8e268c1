from cnncore import progress
from cnncore.progress import Meter, Progress


def test_lines():
    report = Progress("Downloading", 8_000_000, 163_000_000, "bytes", 1_000_000, 155)
    assert report.line() == "Downloading: 8.0 of 163.0 MB (5 %), 1.0 MB/s, 2 min 35 s left"
    assert Progress("Reading", 1200, None, "images", 300).line() == "Reading: 1,200 images, 300 images/s"
    assert Progress("Saving", message="10 images").line() == "Saving: 10 images"


def test_speed_and_remaining_time_leave_out_what_was_there_before(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    reports = []
    meter = Meter(reports.append, "Downloading", "bytes", total=1000, start=500)
    meter.at(500)
    now[0] = 0.1
    meter.at(510)  # too soon after the last report
    now[0] = 10.0
    meter.at(600)
    assert [report.done for report in reports] == [500, 600]
    assert reports[0].speed is None
    assert (reports[1].speed, reports[1].remaining_seconds) == (10.0, 40.0)
