import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.blocks import InvertedResidual, SeparableConv
from rgbt_perception.models.folding import fold_batchnorm


def _with_statistics(network):
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    return network


@pytest.mark.parametrize("training", [True, False])
def test_a_folded_network_computes_the_same_without_batchnorm(training):
    torch.manual_seed(0)
    network = _with_statistics(
        torch.nn.Sequential(SeparableConv(3, 8, stride=2), InvertedResidual(8, 8))
    )
    x = torch.rand(2, 3, 16, 16)
    expected = network.eval()(x)
    network.train(training)
    fold_batchnorm(network)
    assert network.training is training
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
    torch.testing.assert_close(network(x), expected, rtol=1e-5, atol=1e-5)


def test_folding_twice_changes_nothing():
    torch.manual_seed(0)
    network = _with_statistics(SeparableConv(3, 8))
    fold_batchnorm(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_batchnorm(network)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_everything_in_a_folded_network_learns():
    network = _with_statistics(SeparableConv(3, 8))
    fold_batchnorm(network)
    network(torch.rand(1, 3, 8, 8)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert {"0.0.bias", "1.0.bias"} <= dict(network.named_parameters()).keys()
