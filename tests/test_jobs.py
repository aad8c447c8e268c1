"""Jobs, in this process and in processes of their own."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cnncore import atomic, jobs
from cnncore.atomic import lock
from cnncore.errors import InputError
from cnncore.jobs import CancelledError, State, cancel, dismiss, record, start, status
from cnncore.progress import Progress

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def functions(app_home, tmp_path, monkeypatch):
    """A module with functions for jobs, which only their processes can import."""
    (tmp_path / "job_work.py").write_text(
        """
import os, time
from cnncore.progress import Progress
from cnncore.errors import InputError

def double(report, x, pause=0.0):
    report(Progress("doubling", 1, 2))
    time.sleep(pause)
    return {"x": 2 * x, "pid": os.getpid()}

def patient(report, name):
    for done in range(3000):
        report(Progress("waiting", done, 3000))
        time.sleep(0.02)

def refused(report):
    raise InputError("`x` (=3) is too large: choose less.")

def wrong(report):
    report(Progress("dividing"))
    return 1 / 0

def dies(report):
    print("out of memory", flush=True)
    os._exit(9)
"""
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def until_ended(name):
    deadline = time.monotonic() + 60
    while status(name).state is State.RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return status(name)


def until_stage(name, stage):
    deadline = time.monotonic() + 60
    while status(name).progress.stage != stage and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_process_of_its_own_gives_the_result():
    assert status("twice") is None
    start("twice", "job_work:double", x=21)
    found = until_ended("twice")
    assert found.state is State.DONE
    assert found.result["x"] == 42
    assert found.result["pid"] != os.getpid()
    assert found.progress.stage == "doubling"
    dismiss("twice")
    assert status("twice") is None


def test_values_may_have_the_parameters_names_of_start():
    start("wait", "job_work:patient", name="anything")
    until_stage("wait", "waiting")
    with pytest.raises(InputError, match=r"`job` \(=wait\) is running already"):
        start("wait", "job_work:double", x=1)
    cancel("wait")
    assert until_ended("wait").state is State.CANCELLED
    start("wait", "job_work:double", x=1)  # the request to cancel is not left over
    assert until_ended("wait").result["x"] == 2


def test_the_job_outlives_the_process_that_started_it(app_home):
    code = "from cnncore import jobs; jobs.start('orphan', 'job_work:double', x=4, pause=1.5)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
    assert status("orphan").state is State.RUNNING
    assert until_ended("orphan").result["x"] == 8


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("job_work:refused", "`x` (=3) is too large: choose less."),
        ("job_work:wrong", "job-bad.log says more."),
        ("job_work:dies", "It ended without a result: out of memory"),
    ],
)
def test_a_failure_is_told(target, message):
    start("bad", target)
    found = until_ended("bad")
    assert found.state is State.FAILED
    assert message in found.progress.message


def test_the_log_has_what_went_wrong(app_home):
    start("bad", "job_work:wrong")
    until_ended("bad")
    deadline = time.monotonic() + 20
    log = app_home / "logs" / "job-bad.log"
    while "ZeroDivisionError" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "ZeroDivisionError" in log.read_text()


def test_one_that_ended_without_a_word_is_found_out_by_another_process(app_home, monkeypatch):
    (app_home / "jobs").mkdir(parents=True)
    jobs._write("gone", State.RUNNING, Progress("working"))
    assert status("gone").state is State.RUNNING  # it has only just spoken
    monkeypatch.setattr(jobs, "_GRACE", 0.0)
    with lock(app_home / "jobs" / "gone.lock"):
        assert status("gone").state is State.RUNNING  # it says nothing, but it holds the lock
    found = status("gone")
    assert found.state is State.FAILED
    assert "ended from outside" in found.progress.message


def test_a_last_word_just_before_the_end_is_heard(app_home, monkeypatch):
    """It was read as running, then it wrote its result and ended, then its process was looked for."""
    (app_home / "jobs").mkdir(parents=True)
    jobs._write("quick", State.RUNNING, Progress("working"))
    monkeypatch.setattr(jobs, "_GRACE", 0.0)
    monkeypatch.setattr(jobs, "_alive", lambda name: jobs._write(name, State.DONE, Progress("working"), result=7))
    assert status("quick").result == 7


def test_what_another_process_does_is_left_alone(app_home):
    with lock(app_home / "jobs" / "mine.lock"):
        jobs._write("mine", State.RUNNING, Progress("working"))
        with pytest.raises(InputError, match="being done by another process"):
            record("mine", lambda _: 1)
    assert status("mine").state is State.RUNNING


def test_two_who_start_a_job_at_the_same_time_start_one(app_home, monkeypatch):
    refused, write = [], jobs._write

    def at_once(*values):
        monkeypatch.setattr(jobs, "_write", write)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        write(*values)

    def second():
        try:
            start("once", "job_work:double", x=2)
        except InputError as error:
            refused.append(str(error))

    monkeypatch.setattr(jobs, "_write", at_once)
    start("once", "job_work:double", x=1)
    assert until_ended("once").result["x"] == 2
    assert refused == ["`job` (=once) is running already: wait for it, or cancel it first."]


def test_a_child_that_has_ended_is_no_proof_while_another_process_does_the_job(app_home):
    (app_home / "jobs").mkdir(parents=True)
    jobs._write("twice", State.RUNNING, Progress("working"))
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    jobs._children[app_home / "jobs" / "twice.json"] = child
    with lock(app_home / "jobs" / "twice.lock"):
        assert status("twice").state is State.RUNNING
    assert status("twice").state is State.FAILED


def test_a_child_of_an_earlier_job_says_nothing_about_the_next_one(app_home):
    start("next", "job_work:double", x=1)
    child = jobs._children[app_home / "jobs" / "next.json"]  # `status` forgets it once it has ended
    until_ended("next")
    child.wait()
    assert status("next").state is State.DONE
    jobs._write("next", State.RUNNING, Progress("Starting"))  # by another process, which is not up yet
    assert status("next").state is State.RUNNING


def test_a_job_that_is_being_started_again_has_not_ended(app_home, monkeypatch):
    start("again", "job_work:dies")
    jobs._children[app_home / "jobs" / "again.json"].wait()
    seen, begin = [], jobs.start_detached

    def look(*values, **options):
        seen.append(status("again").state)
        return begin(*values, **options)

    monkeypatch.setattr(jobs, "start_detached", look)
    start("again", "job_work:double", x=2)
    assert seen == [State.RUNNING]
    assert until_ended("again").result["x"] == 4


def test_a_clock_that_was_set_back_keeps_no_dead_job_alive(app_home, monkeypatch):
    (app_home / "jobs").mkdir(parents=True)
    now = time.time()
    monkeypatch.setattr(jobs.time, "time", lambda: now + 7200)
    jobs._write("ahead", State.RUNNING, Progress("working"))
    monkeypatch.setattr(jobs.time, "time", lambda: now)
    assert status("ahead").state is State.FAILED


def test_a_process_that_does_not_end_is_one_sentence(app_home, monkeypatch):
    (app_home / "jobs").mkdir(parents=True)
    jobs._write("slow", State.DONE, Progress("working"))
    monkeypatch.setattr(jobs, "_GRACE", 0.05)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        jobs._children[app_home / "jobs" / "slow.json"] = child
        with pytest.raises(InputError, match=r"`job` \(=slow\) has a process that has not ended yet"):
            start("slow", "job_work:double", x=1)


def test_where_no_job_was_ever_started_there_is_nothing_to_cancel(app_home):
    cancel("any")
    assert status("any") is None
    (app_home / "jobs").mkdir(parents=True)
    cancel("any")
    assert not [*(app_home / "jobs").iterdir()]


def test_reports_are_written_and_looked_at(app_home):
    seen = []

    def work(report):
        report(Progress("first", 1, 2))
        seen.append(status("here").progress)
        report(Progress("second", 1, 2, message="a sentence"))
        seen.append(status("here").progress)
        cancel("here")
        report(Progress("second", 2, 2))

    with pytest.raises(CancelledError):
        record("here", work)
    assert [progress.stage for progress in seen] == ["first", "second"]
    assert status("here").state is State.CANCELLED
    assert record("here", lambda _: [1, 2]) == [1, 2]
    assert status("here").result == [1, 2]


def test_a_disk_that_is_full_for_a_moment_ends_no_job_that_only_tells_how_far_it_is(app_home, monkeypatch):
    written = jobs.write_text

    def write_text(path, text, *, lasting):
        if '"half"' in text and not lasting:
            raise OSError(28, "No space left on device")
        written(path, text, lasting=lasting)

    monkeypatch.setattr(jobs, "write_text", write_text)

    def work(report):
        report(Progress("half", 1, 2))
        return status("here").progress.stage

    assert record("here", work) == "Starting"
    assert status("here").state is State.DONE


def test_a_status_that_is_being_replaced_is_read_a_moment_later(app_home, monkeypatch):
    record("here", lambda _: 7)
    opened, refused = Path.open, []

    def open_file(path, *how, **more):
        if not refused:
            refused.append(path)
            raise PermissionError(13, "The process cannot access the file")  # as Windows says it
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", open_file)
    monkeypatch.setattr(atomic, "_HELD", True)
    assert status("here").result == 7
    assert len(refused) == 1


def test_a_status_that_cannot_be_read_is_none_and_hides_no_other(app_home):
    record("here", lambda _: 7)
    (app_home / "jobs" / "folder.json").mkdir()
    (app_home / "jobs" / "deep.json").write_text("[" * 100_000)
    if hasattr(os, "mkfifo"):
        os.mkfifo(app_home / "jobs" / "pipe.json")
    assert [status(name) for name in ("folder", "deep", "pipe")] == [None] * 3
    assert [job.name for job in jobs.jobs()] == ["here"]


def test_what_runs_is_not_forgotten_by_who_still_sees_how_the_last_attempt_ended(app_home):
    start("again", "job_work:patient", name="anything")
    until_stage("again", "waiting")
    dismiss("again")
    assert status("again").state is State.RUNNING
    assert (app_home / "logs" / "job-again.log").exists()
    cancel("again")
    assert until_ended("again").state is State.CANCELLED
    dismiss("again")
    assert status("again") is None


def test_a_job_whose_process_cannot_be_started_is_none(app_home, monkeypatch):
    def refuse(*_, **__):
        raise InputError("the process cannot be started: free memory.")

    monkeypatch.setattr(jobs, "start_detached", refuse)
    with pytest.raises(InputError, match="free memory"):
        start("none", "job_work:double", x=1)
    assert status("none") is None


def test_jobs_are_listed_by_prefix_and_damaged_ones_are_none(app_home):
    for name in ("data-a", "data-b", "other"):
        (app_home / "jobs").mkdir(parents=True, exist_ok=True)
        jobs._write(name, State.DONE, Progress("x"), result=name)
    (app_home / "jobs" / "data-c.json").write_text(json.dumps({"state": "odd"}))
    assert [job.result for job in jobs.jobs("data-")] == ["data-a", "data-b"]
    assert len(jobs.jobs()) == 3


def test_a_name_that_is_no_file_name_is_refused():
    with pytest.raises(ValueError, match="small letters"):
        start("../x", "job_work:double")


def test_a_home_that_cannot_be_written_to(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNCORE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be written to"):
        start("any", "job_work:double", x=1)
