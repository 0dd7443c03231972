import numpy as np
import pytest

torch = pytest.importorskip("torch")

import cv2

from rgbt_perception.models.cross_modal import (
    EMPTY,
    close_cracks,
    inverse,
    sample,
    sampling_grid,
    splat,
    view,
)

HEIGHT, WIDTH = 32, 48


def _intrinsics(f: float, cx: float = 23.0, cy: float = 16.0) -> np.ndarray:
    return np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]], np.float64)


def _pose(rotation: tuple[float, float, float], shift: tuple[float, float, float]) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, :3] = cv2.Rodrigues(np.array(rotation, np.float64))[0]
    pose[:3, 3] = shift
    return pose


def _tensor(array: np.ndarray):
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))[None]


def _splat(depth, mask, source_K, target_K, pose) -> np.ndarray:
    rays = view(_tensor(source_K), *depth.shape)
    result = splat(
        _tensor(depth)[None], _tensor(mask)[None], rays, _tensor(target_K), _tensor(pose)
    )
    return result[0, 0].numpy()


def _plain_z_buffer(depth, mask, source_K, target_K, pose) -> np.ndarray:
    """The definition: point by point in float64."""
    buffer = np.full(depth.shape, np.inf)
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            if not mask[v, u]:
                continue
            point = depth[v, u] * (np.linalg.inv(source_K) @ (u, v, 1.0))
            x, y, z = pose[:3, :3] @ point + pose[:3, 3]
            if z <= 0.05:
                continue
            column = round(target_K[0, 0] * x / z + target_K[0, 2])
            row = round(target_K[1, 1] * y / z + target_K[1, 2])
            if 0 <= row < depth.shape[0] and 0 <= column < depth.shape[1]:
                buffer[row, column] = min(buffer[row, column], z)
    return buffer


def _plain_closing(buffer: np.ndarray) -> np.ndarray:
    landed = np.isfinite(buffer).astype(np.uint8)
    closed = cv2.erode(cv2.dilate(landed, np.ones((3, 3))), np.ones((3, 3)))
    result = np.where(closed > 0, buffer, 0.0)
    for v, u in zip(*np.nonzero((closed > 0) & (landed == 0)), strict=True):
        result[v, u] = buffer[max(v - 1, 0) : v + 2, max(u - 1, 0) : u + 2].min()
    return result


@pytest.mark.parametrize("seed", range(4))
def test_splat_equals_a_plain_z_buffer(seed):
    random = np.random.default_rng(seed)
    depth = random.uniform(2.0, 12.0, (HEIGHT, WIDTH))
    depth[8:20, 10:30] = 3.0
    mask = random.random((HEIGHT, WIDTH)) > 0.1
    source_K, target_K = _intrinsics(35.0), _intrinsics(44.0 - 8 * seed, 20.5, 17.2)
    pose = _pose(tuple(random.uniform(-0.1, 0.1, 3)), tuple(random.uniform(-0.3, 0.3, 3)))
    wanted = _plain_closing(_plain_z_buffer(depth, mask, source_K, target_K, pose))
    found = _splat(depth, mask, source_K, target_K, pose)
    # Float32 may round a point to the neighbouring cell: at most 0.5 % of the pixels.
    assert np.mean(np.abs(found - wanted) > 1e-4 * np.maximum(wanted, 1)) <= 0.005


def test_identity_gives_the_depth_back_where_there_is_a_picture():
    depth = np.random.default_rng(0).uniform(1, 9, (HEIGHT, WIDTH))
    mask = np.ones_like(depth)
    mask[:, :10] = 0
    found = _splat(depth, mask, _intrinsics(40.0), _intrinsics(40.0), np.eye(4))
    np.testing.assert_allclose(found, depth * mask, rtol=1e-5)


def test_points_behind_the_camera_do_not_land():
    depth = np.full((HEIGHT, WIDTH), 5.0)
    back = _pose((0, np.pi, 0), (0, 0, 0))
    assert not _splat(depth, np.ones_like(depth), _intrinsics(40), _intrinsics(40), back).any()


def test_a_sparser_source_leaves_no_cracks():
    depth = np.full((HEIGHT, WIDTH), 5.0)
    ones = np.ones_like(depth)
    found = _splat(depth, ones, _intrinsics(20.0), _intrinsics(50.0), np.eye(4))
    np.testing.assert_allclose(found, 5.0, rtol=1e-5)


def test_large_holes_keep_their_border_and_nearer_neighbours_fill_cracks():
    buffer = np.full((20, 30), 4.0)
    buffer[:, 9] = EMPTY
    buffer[:, :9] = 2.0
    buffer[5:12, 15:25] = EMPTY
    closed = close_cracks(_tensor(buffer)[None])[0, 0].numpy()
    assert (closed[:, 9] == 2.0).all()
    assert (closed[5:12, 15:25] == 0).all()
    assert (np.delete(closed, 9, axis=1)[:5] > 0).all()


def test_features_are_found_at_their_disparity():
    depth, baseline, f = 4.0, 0.4, 40.0
    pose = _pose((0, 0, 0), (baseline, 0, 0))
    columns = np.tile(np.arange(WIDTH, dtype=np.float32), (HEIGHT, 1))
    K = _tensor(_intrinsics(f))
    known = torch.ones(1, 1, HEIGHT, WIDTH)
    grid = sampling_grid(depth * known, known, view(K, HEIGHT, WIDTH), K, inverse(_tensor(pose)), 1)
    found = sample(_tensor(columns)[None], grid)[0, 0].numpy()
    disparity = f * baseline / depth
    inside = slice(5, WIDTH - 5)
    np.testing.assert_allclose(found[:, inside], columns[:, inside] - disparity, atol=1e-3)
    assert (found[:, :3] == 0).all()


def test_what_is_not_known_is_sampled_from_nowhere():
    K = _tensor(_intrinsics(40.0))
    known = torch.zeros(1, 1, HEIGHT, WIDTH)
    grid = sampling_grid(
        torch.ones(1, 1, HEIGHT, WIDTH), known, view(K, HEIGHT, WIDTH), K, torch.eye(4)[None], 1
    )
    assert not sample(torch.ones(1, 1, HEIGHT, WIDTH), grid).any()


def test_rays_of_blocks_pass_through_their_centres():
    K = _tensor(_intrinsics(40.0))
    fine, coarse = view(K, 32, 48), view(K, 32, 48, 4)
    wanted = fine.x.reshape(1, 32, 48)[:, 0].reshape(-1, 4).mean(dim=1)
    np.testing.assert_allclose(coarse.x.reshape(1, 8, 12)[0, 0], wanted, rtol=1e-5, atol=1e-6)


def test_inverse_undoes_the_transform():
    pose = _tensor(_pose((0.2, -0.4, 0.1), (0.3, 0.1, -2.0)))
    np.testing.assert_allclose((inverse(pose) @ pose)[0], np.eye(4), atol=1e-6)
