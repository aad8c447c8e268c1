import numpy as np

from cnncore.figures.confusion import confusion_chart


def test_every_cell_has_its_count_its_share_of_the_true_class_and_its_colour():
    chart = confusion_chart(np.array([[3, 1], [0, 0]]), ["cat", "dog"], "#000")
    assert chart.data["true"] == ["cat", "cat", "dog", "dog"]
    assert chart.data["answer"] == ["cat", "dog", "cat", "dog"]
    assert chart.data["count"] == ["3", "1", "", ""]
    assert chart.data["share"] == [0.75, 0.25, 0.0, 0.0]
    assert chart.data["right"] == ["right", "wrong", "wrong", "right"]
