"""Where the class finds the app, and links with parts hidden."""

import ipaddress
import socket

import pytest

from cnncore.errors import InputError
from pages.parts.class_address import for_class, own_address, without

LAN = "192.0.2.7"


@pytest.mark.parametrize(
    ("url", "listening", "own", "address"),
    [
        ("http://localhost:8501/teacher", "127.0.0.1", LAN, None),
        ("http://localhost:8501/teacher", "localhost", LAN, None),
        ("http://127.0.0.1:8501/teacher", "0.0.0.0", LAN, f"http://{LAN}:8501"),
        ("http://[::1]:8501/teacher", "::", LAN, f"http://{LAN}:8501"),
        ("http://127.0.0.1:8501/teacher", "", LAN, f"http://{LAN}:8501"),
        ("http://127.0.0.1:8501/teacher", "0.0.0.0", None, None),  # in no network
        ("http://127.0.0.1:8501/teacher", "192.0.2.9", LAN, "http://192.0.2.9:8501"),
        ("http://127.0.0.1:8501/teacher", "2001:db8::1", LAN, "http://[2001:db8::1]:8501"),
        ("http://127.0.0.1:8501/cnn/teacher/", "0.0.0.0", LAN, f"http://{LAN}:8501/cnn"),
        # What the browser has opened leads here, whatever stands between.
        ("https://hub.example.org/user/proxy/teacher", "127.0.0.1", LAN, "https://hub.example.org/user/proxy"),
        ("http://[2001:db8::1]:8501/teacher", "127.0.0.1", LAN, "http://[2001:db8::1]:8501"),
    ],
)
def test_the_class_is_told_an_address_that_leads_here(url, listening, own, address):
    assert for_class(url, "teacher", listening, own) == address


def test_the_machines_own_address_is_one_that_others_can_open():
    found = own_address()
    if found is None:
        pytest.skip("this machine is in no network")
    assert not ipaddress.ip_address(found).is_loopback
    with socket.socket() as probe:
        probe.bind((found, 0))  # it is this machine's


@pytest.mark.parametrize("answer", [OSError("Network is unreachable"), ("127.0.0.1", 0), ("0.0.0.0", 0)])
def test_a_machine_without_a_network_has_none(monkeypatch, answer):
    class Probe:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def connect(self, _):
            if isinstance(answer, OSError):
                raise answer

        def getsockname(self):
            return answer

    monkeypatch.setattr("pages.parts.class_address.socket.socket", Probe)
    assert own_address() is None


@pytest.mark.parametrize(
    ("link", "hidden", "made"),
    [
        ("http://localhost:8501/dropout?dropout_p=0.2", ["folds"], "/dropout?dropout_p=0.2&hide=folds"),
        ("dropout", ["navigation", "controls"], "/dropout?hide=navigation&hide=controls"),
        ("  /dropout/?hide=folds&hide=controls ", [], "/dropout"),
        ("http://localhost:8501/", ["controls"], "/?hide=controls"),
        ("http://localhost:8501", [], "/"),
        (
            "/compare?compare_runs=a&compare_runs=b&compare_text=",
            [],
            "/compare?compare_runs=a&compare_runs=b&compare_text=",
        ),
        ("/kernels?kernels_own=1%201&x=%F0%9F%90%B1", [], "/kernels?kernels_own=1+1&x=%F0%9F%90%B1"),
    ],
)
def test_a_link_keeps_its_setting_and_gets_the_class_address(link, hidden, made):
    assert without(link, hidden, f"http://{LAN}:8501") == f"http://{LAN}:8501{made}"


@pytest.mark.parametrize("link", ["", "   ", "http://localhost:8501/nowhere", "http://[", "conv olution", "\u2603"])
def test_a_link_that_names_no_page_is_one_sentence(link):
    with pytest.raises(InputError, match="names no page of this app: copy it from the address bar"):
        without(link, [], "")
