import pytest

from cnncore.architecture import NETWORKS, Conv2d, Linear, MaxPool2d, describe, named_network
from cnncore.architecture.diagnosis import at_size
from cnncore.architecture.editing import places
from cnncore.figures.layer_list import amount, detail, layer_list, memory, memory_sentence, numbers_of

GOOGLENET = named_network("googlenet")


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_are_the_description(name):
    network = named_network(name)
    rows = layer_list(network, (0,))["rows"]
    for row, told in zip(rows, describe(network).rows, strict=True):
        assert row["weights"] == (f"{told.weights:,}" if told.weights else "")
        assert row["biases"] == (f"{told.biases:,}" if told.biases else "")
        assert row["macs"] == (amount(told.macs) if told.macs else "")
        assert row["memory"] == memory(4 * told.activations)
        assert row["field"] == f"{told.receptive_field:,}"
        assert 0 <= row["share"] <= 1
        assert not row["problem"]
    assert max(row["share"] for row in rows) == 1


def test_the_block_that_is_looked_into_is_open_and_its_paths_add_up():
    rows = layer_list(GOOGLENET, (11, 1, 3))["rows"]
    block, other = rows[11], rows[12]
    assert (block["name"], block["open"], other["open"]) == ("inception3a", True, False)
    assert [path["rows"][-1]["output"].split(" ")[0] for path in block["paths"]] == ["64", "128", "32", "32"]
    assert block["output"] == "256 × 28 × 28"
    assert [path["summary"] for path in other["paths"]] == ["1 × 1", "1 × 1 · 3 × 3", "1 × 1 · 3 × 3", "max · 1 × 1"]
    assert not any(path["rows"] for path in other["paths"])
    # 27 pixels at jump 8 before it, so a 3x3 sees 16 more.
    assert [row["field"] for row in block["paths"][1]["rows"]] == ["27", "27", "27", "43", "43", "43"]
    assert numbers_of(rows, (11, 1, 3)).startswith("puts out 128 × 28 × 28 · 110,592 weights · 86.7 M multiply-adds")


def test_every_place_has_its_row():
    network = named_network("resnet18")
    for place, layer in places(network):
        found = numbers_of(layer_list(network, place)["rows"], place)
        assert found.startswith("puts out"), (place, layer)


def test_after_a_problem_nothing_is_claimed():
    rows = layer_list(at_size(named_network("practical"), (3, 40, 40)), (0,))["rows"]
    names = [row["name"] for row in rows]
    bad = rows[names.index("fc4")]
    assert "expects 1,024 inputs" in bad["problem"]
    assert "weights" not in bad
    assert "weights" not in rows[names.index("fc5")]
    assert rows[names.index("pool3")]["output"] == "64 × 5 × 5"


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Conv2d(32, 5, padding=2), "32 @ 5 × 5, padding 2"),
        (Conv2d(32, (3, 5), (1, 2), groups=2), "32 @ 3 × 5, stride 1 × 2, 2 groups"),
        (MaxPool2d(3, 2, ceil_mode=True), "max 3 × 3, stride 2, ceil"),
        (Linear(1000, inputs=1024), "1,000 units, expects 1,024"),
    ],
)
def test_details(layer, text):
    assert detail(layer) == text


def test_numbers_in_words():
    assert [amount(n) for n in (0, 999, 1000, 13_107_200, 15_470_264_320)] == ["0", "999", "1 k", "13.1 M", "15.5 G"]
    assert [amount(n) for n in (999_499, 999_999)] == ["999 k", "1 M"]
    assert [memory(n) for n in (40, 4096, 131_072)] == ["40 B", "4.1 kB", "131 kB"]
    found = describe(named_network("practical"))
    text = memory_sentence(found.parameters, found.activations, 128)
    # 4 * 1,191,170 bytes; 122,884 values of 4 bytes: 32,768 * 2 + 8,192 + 16,384 * 2 + 4,096 * 3 + 1,024 * 2 + ...
    assert "parameters **4.76 MB**, with their gradients 9.53 MB, with momentum 14.3 MB" in text
    assert f"activations **{memory(4 * found.activations)} an image**" in text
