from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.transforms import rotation_from_quaternion, transform
from rgbt_perception.sensing.encode import static_transform_message
from rgbt_perception.sensing.transform_tree import TransformTree


def random_transform(rng):
    return transform(rotation_from_quaternion(rng.normal(size=4)), rng.uniform(-5, 5, 3))


@settings(deadline=None)
@given(parents=st.lists(st.integers(0, 100), min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_any_two_frames_of_a_tree(factory, parents, seed):
    rng = np.random.default_rng(seed)
    world_T = {"f0": np.eye(4)}
    messages = []
    for index, pick in enumerate(parents):
        parent, child = f"f{pick % (index + 1)}", f"f{index + 1}"
        parent_T_child = random_transform(rng)
        world_T[child] = world_T[parent] @ parent_T_child
        messages.append(static_transform_message(factory, parent, child, parent_T_child, 0))
    tree = TransformTree()
    for index in rng.permutation(len(messages)):
        tree.add(messages[index])
    assert tree.frames == tuple(sorted(world_T))
    for target in world_T:
        for source in world_T:
            expected = np.linalg.solve(world_T[target], world_T[source])
            np.testing.assert_allclose(tree.lookup(target, source), expected, atol=1e-8)


def test_what_nothing_connects(factory):
    tree = TransformTree()
    tree.add(static_transform_message(factory, "a", "b", np.eye(4), 0))
    tree.add(static_transform_message(factory, "c", "d", np.eye(4), 0))
    assert tree.lookup("b", "d") is None
    assert tree.lookup("a", "nowhere") is None
    assert tree.lookup("", "") is None
    np.testing.assert_array_equal(tree.lookup("x", "x"), np.eye(4))


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda e: e[0] != e[1]),
        max_size=12,
    )
)
def test_loops_end(factory, edges):
    tree = TransformTree()
    for parent, child in edges:
        tree.add(static_transform_message(factory, parent, child, np.eye(4), 0))
    for target in "abcd":
        for source in "abcd":
            result = tree.lookup(target, source)
            assert result is None or np.array_equal(result, np.eye(4))


def test_the_latest_transform_counts_and_slashes_do_not(factory):
    tree = TransformTree()
    for x in (1.0, 2.0):
        tree.add(static_transform_message(factory, "/a", "b", transform(np.eye(3), (x, 0, 0)), 0))
    assert tree.lookup("a", "/b")[0, 3] == 2.0
    assert tree.lookup("b", "a")[0, 3] == -2.0


@pytest.mark.parametrize(
    ("part", "values", "expected"),
    [
        ("rotation", {"w": 0.0}, "quaternion"),
        ("rotation", {"x": np.nan}, "quaternion"),
        ("rotation", {"x": np.inf}, "quaternion"),
        ("translation", {"y": np.nan}, "translation"),
        ("translation", {"z": -np.inf}, "translation"),
    ],
)
def test_bad_numbers_name_the_frames(factory, part, values, expected):
    message = static_transform_message(factory, "base_link", "cam", np.eye(4), 0)
    for name, value in values.items():
        setattr(getattr(message.transforms[0].transform, part), name, value)
    tree = TransformTree()
    with pytest.raises(InputError) as caught:
        tree.add(message)
    for word in ("'base_link'", "'cam'", expected):
        assert word in str(caught.value)
    assert tree.lookup("base_link", "cam") is None


@pytest.mark.parametrize(("parent", "child"), [("", "a"), ("a", ""), ("a", "a"), ("/a", "a")])
def test_frames_must_differ(factory, parent, child):
    with pytest.raises(InputError, match="two different frames"):
        TransformTree().add(static_transform_message(factory, parent, child, np.eye(4), 0))


def test_a_bad_transform_does_not_take_the_others_with_it(factory):
    message = static_transform_message(factory, "base_link", "arm", np.eye(4), 0)
    message.transforms[0].transform.rotation.w = 0.0
    good = static_transform_message(factory, "base_link", "cam", np.eye(4), 0)
    message.transforms = [*message.transforms, *good.transforms]
    tree = TransformTree()
    with pytest.raises(InputError, match="'arm'"):
        tree.add(message)
    assert tree.lookup("base_link", "cam") is not None
    assert tree.lookup("base_link", "arm") is None
