import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import cv2

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Pinhole
from rgbt_perception.models.confidence_depth import DepthInputs
from rgbt_perception.scene.classes import COLOURS, IGNORED, SCENE_CLASSES, UNLABELLED
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.training import scene_cache
from rgbt_perception.training.aligned_folder import aligned_folders
from rgbt_perception.training.joined_pairs import collate
from rgbt_perception.training.pair_cache import LABELS
from rgbt_perception.training.scene_cache import cache_scenes, open_scenes
from rgbt_perception.training.scene_dataset import TrainingScenes, ValidationScenes
from rgbt_perception.training.scene_pair import ScenePair
from rgbt_perception.training.scene_recipe import SceneAugmentationConfig
from rgbt_perception.training.scene_view import mirrored, random_view, whole_view

WIDTH, HEIGHT = 80, 64
STILL = SceneAugmentationConfig(zoom=0.0, flip=0.0, warp_error=0.0)


class Source:
    """Made-up pairs: thermal brightness tells the label."""

    name, condition, least_span = "made-up", "street/day/clear", 10.0

    def __init__(self, pairs: int = 3, seed: int = 0) -> None:
        self.random = [np.random.default_rng((seed, index)) for index in range(pairs)]
        self.pairs = [self._made(random) for random in self.random]

    def __len__(self) -> int:
        return len(self.pairs)

    def pair(self, index: int, found: bool) -> ScenePair:
        return self.pairs[index]

    def _made(self, random) -> ScenePair:
        labels = np.ones((HEIGHT, WIDTH), np.uint8)
        left, top = int(random.integers(0, 50)), int(random.integers(0, 40))
        labels[top : top + 20, left : left + 15] = 8
        rgb = random.random((HEIGHT, WIDTH, 3), np.float32)
        mask = np.ones((HEIGHT, WIDTH), np.float32)
        hole = mask.copy()
        hole[:, -10:] = 0
        thermal = 30000 + 100.0 * (labels == 8) + 5 * random.random((HEIGHT, WIDTH))
        depth = np.full((HEIGHT, WIDTH), 12.0, np.float32)
        return ScenePair(
            rgb * hole[..., None], hole, thermal.astype(np.float32), mask, depth, labels
        )


def test_the_class_table_is_that_of_the_simulator():
    assert [item.name for item in SCENE_CLASSES] == [item.name.lower() for item in Label]
    assert len({item.colour for item in SCENE_CLASSES}) == len(SCENE_CLASSES)
    assert COLOURS[8].tolist() == list(SCENE_CLASSES[8].colour)
    assert not COLOURS[IGNORED].any()


def test_training_samples_are_a_function_of_seed_and_number():
    def sample(seed, index):
        scenes = TrainingScenes([Source()], [], 64, 64, SceneAugmentationConfig(), 0.0, seed)
        return scenes[index]

    first, again, other = sample(1, 7), sample(1, 7), sample(2, 7)
    assert torch.equal(first.inputs.rgb, again.inputs.rgb)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.inputs.thermal, other.inputs.thermal)


def test_every_labelled_pair_is_drawn_once_a_round():
    scenes = TrainingScenes([Source(), Source(4, 1)], [], 64, 64, STILL, 0.0, 1)
    for start in (0, 7):
        assert sorted(scenes.drawn[start + index] for index in range(7)) == list(range(7))


def test_batches_hold_what_the_networks_expect():
    config = SceneAugmentationConfig(drop_rgb=0.3, drop_thermal=0.3)
    scenes = TrainingScenes([Source(5)], [], 64, 64, config, 0.0, 3)
    batch = collate([scenes[index] for index in range(20)])
    inputs = batch.inputs
    assert inputs.rgb.shape == (20, 3, 64, 64)
    assert batch.labels.shape == (20, 64, 64)
    assert batch.labels.dtype == torch.int64
    assert 0 <= float(inputs.rgb.min()) <= float(inputs.rgb.max()) <= 1
    assert not (inputs.rgb * (1 - inputs.rgb_mask)).any()
    assert not (inputs.thermal * (1 - inputs.thermal_mask)).any()
    absent = [
        int((mask.amax(dim=(1, 2, 3)) == 0).sum())
        for mask in (inputs.rgb_mask, inputs.thermal_mask)
    ]
    assert all(2 <= count <= 12 for count in absent)
    assert not ((inputs.rgb_mask + inputs.thermal_mask).amax(dim=(1, 2, 3)) == 0).any()
    unseen = torch.maximum(inputs.rgb_mask, inputs.thermal_mask)[:, 0] == 0
    assert (batch.labels[unseen] == UNLABELLED).all()


def test_views_keep_labels_on_their_pixels():
    pair = Source().pairs[0]
    random = np.random.default_rng(2)
    config = SceneAugmentationConfig(zoom=1.0, flip=0.5, warp_error=0.0)
    for _ in range(10):
        view = random_view(pair, 64, 64, config, random)
        hot = view.thermal > 30055
        assert (hot != (view.labels == 8)).mean() < 0.06
        assert view.labels.shape == view.thermal.shape == view.rgb_mask.shape == (64, 64)
    whole = whole_view(pair, WIDTH, HEIGHT)
    np.testing.assert_array_equal(whole.labels, pair.labels)
    np.testing.assert_allclose(whole.rgb, pair.rgb)
    np.testing.assert_array_equal(mirrored(mirrored(pair)).rgb, pair.rgb)


def test_an_error_of_the_warp_moves_rgb_alone_and_leaves_no_border():
    pair = Source().pairs[0]
    config = SceneAugmentationConfig(zoom=0.0, flip=0.0, warp_error=1.0, warp_error_px=4.0)
    view = random_view(pair, WIDTH, HEIGHT, config, np.random.default_rng(1))
    np.testing.assert_array_equal(view.labels, pair.labels)
    np.testing.assert_array_equal(view.thermal, pair.thermal)
    assert not np.allclose(view.rgb, pair.rgb)
    assert not view.rgb[view.rgb_mask == 0].any()
    assert not view.rgb_mask[:, -5:].any()


def test_validation_shows_whole_undisturbed_pictures():
    source = Source()
    scenes = ValidationScenes([source], WIDTH, HEIGHT)
    batch = scenes[1]
    expected = source.pairs[1].rgb.transpose(2, 0, 1)
    torch.testing.assert_close(batch.inputs.rgb[0], torch.from_numpy(expected.copy()))
    assert torch.equal(batch.labels[0], torch.from_numpy(source.pairs[1].labels.astype(np.int64)))


def test_real_pairs_come_without_labels_and_as_often_as_asked(tmp_path):
    for kind in ("rgb", "thermal"):
        folder = tmp_path / "clip" / kind
        folder.mkdir(parents=True)
        for index in range(3):
            picture = np.full((48, 80, 3), 40 * index + 20, np.uint8)
            cv2.imwrite(str(folder / f"{index}.png"), picture)
    (real,) = aligned_folders(tmp_path, WIDTH, HEIGHT)
    pair = real.pair(2, found=True)
    assert len(real) == 3
    assert pair.rgb.shape == (HEIGHT, WIDTH, 3)
    assert pair.rgb_mask.sum() == 48 * 80
    assert float(pair.rgb[32, 40, 0]) == pytest.approx(100 / 255)
    assert (pair.labels == IGNORED).all()
    scenes = TrainingScenes([Source()], [real], WIDTH, HEIGHT, STILL, 0.5, 1)
    unlabelled = sum(bool((scenes[index].labels == IGNORED).any()) for index in range(40))
    assert 12 <= unlabelled <= 28
    (tmp_path / "clip" / "rgb" / "1.png").unlink()
    with pytest.raises(InputError, match=r"same names.*1 is in one"):
        aligned_folders(tmp_path, WIDTH, HEIGHT)
    with pytest.raises(InputError, match="no folder with rgb and thermal"):
        aligned_folders(tmp_path / "clip" / "rgb", WIDTH, HEIGHT)


class FlatWall:
    """Stands for the depth network: everything is 10 m away."""

    name = model = "flat"
    digest = "abc"
    outputs = ("depth",)

    def __init__(self) -> None:
        self.inputs = {"rgb": (1, 3, HEIGHT, WIDTH)}
        self.seen: list[dict] = []

    def run(self, inputs, outputs):
        self.seen.append(inputs)
        return {"depth": np.full((1, 1, HEIGHT, WIDTH), 10.0, np.float32)}


@pytest.fixture
def engine():
    return FlatWall()


@pytest.fixture
def decoded(recording, monkeypatch):
    """The recording of conftest as if it had been read from a file."""
    labels = np.where(np.isinf(recording.thermal_depth.astype(np.float32)), 7, 3).astype(np.uint8)

    def numbers(camera: Pinhole):
        return np.array([camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy])

    def read(path, width, height):
        names = ("rgb", "thermal", "rgb_depth", "thermal_depth", "rgb_mask", "thermal_mask")
        arrays = {name: getattr(recording, name) for name in names}
        arrays |= {
            "rgb_camera": numbers(recording.rgb_camera),
            "thermal_camera": numbers(recording.thermal_camera),
            "thermal_T_rgb": recording.thermal_T_rgb,
            "least_span": np.array(recording.least_span),
            LABELS: labels,
        }
        return arrays, recording.scene

    monkeypatch.setattr(scene_cache, "read_pairs", read)
    return labels


def test_the_cache_holds_both_warps(tmp_path, recording, engine, decoded):
    folder = cache_scenes(tmp_path / "one.mcap", engine)
    assert [path.name for path in tmp_path.iterdir()] == ["one.scenes"]
    scenes = open_scenes(folder)
    assert len(scenes) == len(recording)
    assert scenes.condition == "street/day/clear"
    assert set(engine.seen[0]) == set(DepthInputs.__dataclass_fields__)
    true, found = scenes.pair(1, found=False), scenes.pair(1, found=True)
    np.testing.assert_array_equal(true.labels, decoded[1])
    np.testing.assert_array_equal(true.thermal, recording.thermal[1])
    assert not np.array_equal(true.rgb, found.rgb)
    for pair in (true, found):
        assert pair.rgb_mask.mean() > 0.5
        assert not pair.rgb[pair.rgb_mask == 0].any()
    # The picture shows the depth: by the true warp it follows the thermal view's.
    depth = recording.thermal_depth[1].astype(np.float32)
    light = np.clip(1 / np.sqrt(np.minimum(depth, 100)), 0, 1)
    error = [
        np.abs(pair.rgb[..., 0] - light * 200 / 255)[pair.rgb_mask > 0] for pair in (true, found)
    ]
    assert np.median(error[0]) < 0.06
    assert np.mean(error[0]) < np.mean(error[1])


def test_the_cache_is_made_once_and_another_network_is_told(tmp_path, engine, decoded):
    path = tmp_path / "one.mcap"
    folder = cache_scenes(path, engine)
    calls = len(engine.seen)
    assert cache_scenes(path, engine) == folder
    assert len(engine.seen) == calls
    assert json.loads((folder / "about.json").read_text())["depth_model"] == "abc"
    engine.digest = "other"
    with pytest.raises(InputError, match=r"one\.scenes.*depth_model abc, expected other"):
        cache_scenes(path, engine)
