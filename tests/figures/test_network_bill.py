import pytest

from cnncore.architecture import NETWORKS, describe, named_network
from cnncore.figures.network_bill import Count, bill_chart, counted, group, shown


def text_of(name, count):
    data = bill_chart(describe(named_network(name)), count).data
    return dict(zip(data["layer"], data["text"], strict=True))


def test_the_bill_flips():
    assert text_of("practical", Count.PARAMETERS)["fc4"] == "1,025,000 (86.0 %)"
    assert text_of("practical", Count.MACS)["fc4"] == "1,024,000 (4.4 %)"
    assert text_of("practical", Count.PARAMETERS)["pool1"] == "0"
    assert text_of("practical", Count.ACTIVATIONS)["conv1"].startswith("32,768 ")
    assert text_of("practical", Count.FIELD)["conv3"] == "32 px"


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [Count.PARAMETERS, Count.MACS])
def test_what_is_drawn_adds_up_to_the_whole(name, count):
    found = describe(named_network(name))
    total = {Count.PARAMETERS: found.parameters, Count.MACS: found.macs}[count]
    assert sum(counted(row, count) for row in shown(found)) == total
    chart = bill_chart(found, count)
    assert sum(chart.data["value"]) == total
    assert len({len(column) for column in chart.data.values()}) == 1


def test_each_kind_has_its_colour():
    rows = {row.name: group(row) for row in describe(named_network("resnet18")).rows}
    assert (rows["conv1"], rows["pool1"], rows["conv2-1"], rows["fc"]) == ("convolution", "pool", "block", "dense")
