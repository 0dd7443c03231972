import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.coarse_depth import FEATURE_STRIDE
from rgbt_perception.models.confidence_blend import ConfidenceBlend

H, W = FEATURE_STRIDE, 2 * FEATURE_STRIDE


def _maps(rgb, thermal, height=H, width=W):
    return torch.stack(
        [torch.full((height, width), float(rgb)), torch.full((height, width), float(thermal))]
    )[None]


def _blend(confidences, known=(1, 1), exponent=2.0):
    blend = ConfidenceBlend()
    with torch.no_grad():
        blend.exponent.fill_(exponent)
    return blend(_maps(1.0, 3.0), _maps(*known), _maps(*confidences, 1, 2))


def test_equal_confidences_give_the_mean_whatever_the_exponent():
    for exponent in (0.5, 2.0, 7.0):
        assert torch.allclose(_blend((0.5, 0.5), exponent=exponent), torch.tensor(2.0))


def test_at_two_the_weights_are_inverse_squares_of_the_errors():
    # Confidences 1 : 3 are errors 3 : 1, so the weights are 1 : 9.
    assert torch.allclose(_blend((0.2, 0.6)), torch.tensor((1.0 * 1 + 3.0 * 9) / 10))


def test_only_what_is_known_counts_however_small_its_confidence():
    assert torch.allclose(_blend((1e-6, 1.0), known=(1, 0), exponent=6.0), torch.tensor(1.0))
    assert torch.allclose(_blend((1.0, 0.0), known=(0, 1), exponent=6.0), torch.tensor(3.0))
    assert torch.equal(_blend((0.5, 0.5), known=(0, 0)), torch.zeros(1, 1, H, W))


def test_the_exponent_learns():
    blend = ConfidenceBlend()
    confidence = _maps(0.0, 0.6, 1, 2).requires_grad_()
    (blend(_maps(1.0, 3.0), _maps(1, 1), confidence + 1e-9) - 3.0).square().sum().backward()
    assert torch.isfinite(blend.exponent.grad).all()
    assert torch.isfinite(confidence.grad).all()
    blend = ConfidenceBlend()
    (blend(_maps(1.0, 3.0), _maps(1, 1), _maps(0.3, 0.6, 1, 2)) - 3.0).square().sum().backward()
    assert blend.exponent.grad.item() < 0  # a larger exponent is nearer to the better camera
