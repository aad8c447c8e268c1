from cnncore.training.saving import save
from tests.test_atomic import hold, stopped_clock, watched


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    acts = watched(monkeypatch)
    save(tmp_path / "run.pt", memoryview(b"weights"), "the checkpoint")
    assert acts == ["on the disk", "named"]
    save(tmp_path / "run.npz", memoryview(b"answers"), "the snapshot", lasting=False)
    assert acts[2:] == ["named"]


def test_a_checkpoint_that_a_scanner_holds_is_waited_for(tmp_path, monkeypatch):
    clock = stopped_clock(monkeypatch)
    hold(monkeypatch, clock, seconds=9)
    save(tmp_path / "run.pt", memoryview(b"weights"), "the checkpoint")
    assert (tmp_path / "run.pt").read_bytes() == b"weights"
