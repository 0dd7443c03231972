import numpy as np
import pytest
from both_ways import both_ways
from plain_projection import nearest_depth, project_depth

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry import alignment
from rgbt_perception.geometry.alignment import FARTHEST_M, GHOST_PX, align_picture
from rgbt_perception.geometry.transforms import rotation_from_quaternion, transform

WIDTH, HEIGHT, FOCAL = 160, 120, 120.0
CAMERA = Pinhole(WIDTH, HEIGHT, FOCAL, FOCAL, 79.5, 59.5)
SHIFT_M = 0.2
FAR, NEAR = 20.0, 2.0


way = both_ways("geometry.alignment")


def _pose(x: float) -> np.ndarray:
    pose = np.eye(4)
    pose[0, 3] = x
    return pose


def _world():
    """A near red board before a far blue wall, seen by two cameras side by side.

    The picture's camera stands ``SHIFT_M`` to the left, so that things lie further right in it.
    """
    depth = np.full((HEIGHT, WIDTH), FAR, np.float32)
    depth[40:80, 60:90] = NEAR
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 2] = 200
    moved = round(FOCAL * SHIFT_M / NEAR)
    image[40:80, 60 + moved : 90 + moved] = (200, 0, 0)
    return depth, image, moved


def test_equal_cameras_give_the_picture_back():
    depth, image, _ = _world()
    found, seen = align_picture(depth, CAMERA, image, CAMERA, np.eye(4))
    assert seen.all()
    np.testing.assert_array_equal(found, image)


def test_what_the_board_hides_is_not_seen_and_shows_no_ghost():
    depth, image, moved = _world()
    found, seen = align_picture(depth, CAMERA, image, CAMERA, _pose(SHIFT_M))
    board = np.s_[42:78, 62:88]
    assert seen[board].all()
    assert (found[board] == (200, 0, 0)).all()
    # The wall's points that fall behind the board lie beside it here.
    small = round(FOCAL * SHIFT_M / FAR)
    hidden = np.s_[42:78, 92 : 90 + moved - small - 2]
    assert not seen[hidden].any()
    assert not found[hidden].any()
    red = seen & (found[..., 0] > 100)
    red[39:81, 59:91] = False
    assert not red.any()
    far_away = np.s_[:, : WIDTH // 3]
    assert seen[far_away].all()
    assert seen.mean() > 0.9


def test_slanted_ground_does_not_hide_itself():
    rows = np.arange(HEIGHT, dtype=np.float32)[:, None] - 59.5
    with np.errstate(divide="ignore"):
        ground = np.where(rows > 0, 1.5 * FOCAL / np.maximum(rows, 1e-3), np.inf)
    depth = np.repeat(ground, WIDTH, axis=1).astype(np.float32)
    image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    _, seen = align_picture(depth, CAMERA, image, CAMERA, _pose(SHIFT_M))
    assert seen[:, : WIDTH - 20].all()


def test_unknown_depth_and_content_are_not_seen():
    depth, image, _ = _world()
    depth[:10] = np.nan
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[-10:] = False
    found, seen = align_picture(depth, CAMERA, image, CAMERA, np.eye(4), valid)
    assert not seen[:10].any()
    assert not seen[-10:].any()
    assert seen[10:-10].all()
    assert not found[~seen].any()


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
def test_the_picture_may_have_another_size(factor):
    depth, image, moved = _world()
    size = round(WIDTH * factor), round(HEIGHT * factor)
    cv2 = pytest.importorskip("cv2")
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    found, seen = align_picture(depth, CAMERA, scaled, CAMERA.resized(*size), _pose(SHIFT_M))
    assert (found[44:76, 64:86] == (200, 0, 0)).all()
    assert not seen[44:76, 94 : 90 + moved - 6].any()
    assert seen.mean() > 0.85


def plain(depth, camera, image, image_camera, pose):
    """The rule of ``align_picture`` with whole pictures, one step after the other."""
    cv2 = pytest.importorskip("cv2")
    reach = np.minimum(depth, FARTHEST_M)
    columns, rows, depths = np.float32(project_depth(reach, camera, image_camera, pose))
    seen = (depths > 0.05) & (columns >= 0) & (rows >= 0)
    seen &= (columns <= image_camera.width - 1) & (rows <= image_camera.height - 1)
    scale = min(1.0, camera.fx / image_camera.fx)
    width, height = int(image_camera.width * scale), int(image_camera.height * scale)
    x = (columns + 0.5) * (width / image_camera.width) - 0.5
    y = (rows + 0.5) * (height / image_camera.height) - 0.5
    x[~seen] = np.nan
    nearest = nearest_depth(x, y, depths, width, height)
    padded = np.pad(nearest, 1, constant_values=np.inf)
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    front = np.min(around, axis=0)
    parallax = image_camera.fx * np.linalg.norm(pose[:3, 3])
    for i, j in zip(*np.nonzero(seen), strict=True):
        before = front[round(float(y[i, j])), round(float(x[i, j]))]
        seen[i, j] = parallax * (1 / before - 1 / depths[i, j]) <= GHOST_PX
    picture = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    picture[~seen] = 0
    return picture, seen


@pytest.mark.parametrize("size", [(160, 120), (320, 240), (100, 90)])
@pytest.mark.parametrize("exact", [1 << 24, 1])
def test_is_the_plain_rule(size, exact, monkeypatch):
    monkeypatch.setattr(alignment, "_EXACT", exact)
    random = np.random.default_rng(size[0])
    depth, _, _ = _world()
    depth[10:50, 100:130] = 6.0
    depth += random.normal(0, 0.02, depth.shape).astype(np.float32)
    depth[90:] = np.linspace(15, 3, 30)[:, None]
    depth[5, :40], depth[6, :40] = np.nan, np.inf
    image = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
    image_camera = CAMERA.resized(*size)
    turn = rotation_from_quaternion([0, np.sin(0.01), 0, np.cos(0.01)])
    pose = transform(turn, (0.15, -0.02, 0.03))
    found, seen = align_picture(depth, CAMERA, image, image_camera, pose)
    expected, expected_seen = plain(depth, CAMERA, image, image_camera, pose)
    assert 0.03 < 1 - expected_seen.mean() < 0.5
    # What lies on a cell's border may round to either side.
    assert (seen != expected_seen).mean() < 0.002
    both = seen & expected_seen
    differences = np.abs(found[both].astype(int) - expected[both])
    # Places are rounded to 1/32 pixel, to either side where they lie between.
    assert (differences.max(axis=1) > 1).mean() < 0.02
    assert not found[~seen].any()


def test_sizes_that_do_not_fit_are_refused():
    depth, image, _ = _world()
    with pytest.raises(ValueError, match="broadcast"):
        align_picture(depth[:, :-1], CAMERA, image, CAMERA, _pose(SHIFT_M))
