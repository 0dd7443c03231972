"""The linear attention against a slow one that follows the formulas pixel by pixel."""

import math

import pytest

torch = pytest.importorskip("torch")

from rgbt_perception.models.interactive_attention import HEADS, InteractiveAttention, LinearContext

CHANNELS, HEIGHT, WIDTH = 16, 4, 6
SIZE = CHANNELS // HEADS


def _context(module, tokens, counts):
    """Softmax over the key channels of mean(k v^T) times temperature over sqrt(d), by head."""
    result = []
    for head in range(HEADS):
        channels = slice(head * SIZE, (head + 1) * SIZE)
        product = torch.zeros(SIZE, SIZE)
        for token in tokens[counts]:
            key, value = (token @ module.key)[channels], (token @ module.value)[channels]
            product += torch.outer(key, value)
        product *= torch.exp(module.log_temperature) / math.sqrt(SIZE) / max(int(counts.sum()), 1)
        result.append(torch.softmax(product, dim=0))
    return result


def _attended(query, context):
    parts = query.split(SIZE, dim=-1)
    return torch.cat([part @ one for part, one in zip(parts, context, strict=True)], dim=-1)


def _slow(module, cameras, seen, scene):
    def tokens(x):
        return x[0].flatten(1).t()

    def halves(conv, x):
        linear = tokens(x) @ conv.weight[:, :, 0, 0].t() + conv.bias
        return torch.relu(linear).chunk(2, dim=1)

    y_scene, u_scene = halves(module.enter[2], scene)
    everywhere = torch.ones(len(u_scene), dtype=torch.bool)
    scene_context = _context(module.scene_context, u_scene, everywhere)
    results = []
    for index, (features, mask) in enumerate(zip(cameras, seen, strict=True)):
        y, u = halves(module.enter[index], features)
        own = _context(module.camera_context[index], y, tokens(mask)[:, 0] > 0)
        both = torch.cat([_attended(y_scene, own), _attended(u, scene_context)], dim=1)
        results.append(module.norm[index](tokens(features) + module.leave[index](both)))
    return results


def test_it_equals_the_formulas():
    torch.manual_seed(2)
    module = InteractiveAttention(CHANNELS)
    cameras = tuple(torch.randn(1, CHANNELS, HEIGHT, WIDTH) for _ in range(2))
    scene = torch.randn(1, CHANNELS, HEIGHT, WIDTH)
    mask = torch.ones(1, 1, HEIGHT, WIDTH)
    mask[..., :2] = 0
    seen = (mask, torch.ones_like(mask))
    with torch.no_grad():
        for context in (*module.camera_context, module.scene_context):
            context.log_temperature.fill_(2.0)
        found = module(cameras, seen, scene)
        expected = _slow(module, cameras, seen, scene)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one[0].flatten(1).t(), other, atol=1e-5, rtol=1e-4)


def test_what_is_not_seen_does_not_count():
    torch.manual_seed(3)
    context = LinearContext(CHANNELS)
    tokens = torch.randn(1, CHANNELS, 10)
    doubled = torch.cat([tokens, torch.zeros_like(tokens)], dim=2)
    with torch.no_grad():
        alone = context(tokens, torch.ones(1, 1, 1))
        padded = context(doubled, torch.full((1, 1, 1), 0.5))
    torch.testing.assert_close(alone, padded)
    torch.testing.assert_close(alone.sum(dim=2), torch.ones(1, HEADS, SIZE))


def test_the_context_does_not_depend_on_the_size_of_the_picture():
    context = LinearContext(CHANNELS)
    tokens = torch.randn(1, CHANNELS, 12)
    whole = torch.ones(1, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(
            context(tokens, whole), context(tokens.repeat(1, 1, 5), whole), atol=1e-6, rtol=1e-4
        )
