import pytest
import torch
from torch import nn

from cnncore.training.average import Average
from cnncore.training.config import RunConfig


def model_():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_without_an_average_the_model_itself_is_evaluated():
    model = model_()
    average = Average(RunConfig(), model, 10)
    average.update()
    assert average.model is model
    assert average.state() is None


@pytest.mark.parametrize(("epochs", "batches"), [(1.0, 4), (0.5, 20), (3.0, 2)])
def test_the_average_is_the_formulas_for_weights_and_running_statistics(epochs, batches):
    model = model_()
    average = Average(RunConfig(average=epochs), model, batches)
    expected = {name: value.double().clone() for name, value in model.state_dict().items()}
    for t in range(1, 31):
        model(torch.randn(8, 3))  # moves the running statistics
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += torch.randn_like(parameter)
        average.update()
        keep = min(1 - 1 / (epochs * batches), (1 + t) / (10 + t))
        for name, value in model.state_dict().items():
            expected[name] = keep * expected[name] + (1 - keep) * value.double()
    for name, value in average.model.state_dict().items():
        if "num_batches" not in name:
            torch.testing.assert_close(value.double(), expected[name], rtol=1e-4, atol=1e-5)
            assert not torch.equal(value, model.state_dict()[name])


def test_it_goes_on_from_its_state():
    model = model_()
    one, two = (Average(RunConfig(average=5), model, 10) for _ in range(2))
    for number in range(20):
        with torch.no_grad():
            model[0].weight += 1
        one.update()
        if number == 9:
            two.restore({name: value.clone() for name, value in one.state().items()}, 10)
        if number > 9:
            two.update()
    assert all(torch.equal(a, b) for a, b in zip(one.state().values(), two.state().values(), strict=True))
