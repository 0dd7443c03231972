from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.recording.pictures import open_pictures


def write_video(path, count, rate_hz=25.0, size=(64, 48)):
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, size)
    assert video.isOpened()
    for number in range(count):
        video.write(np.full((size[1], size[0], 3), 10 * number, np.uint8))
    video.release()
    return path


def test_folders_are_read_in_natural_order(tmp_path):
    for number in (10, 9, 100, 1):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), np.full((4, 6), number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "._frame1.png").write_text("a side file of another system")
    source = open_pictures(tmp_path, None)
    assert (source.rate_hz, source.length, source.is_lossy) == (10.0, 4, False)
    assert [int(picture[0, 0]) for _, picture in source] == [1, 9, 10, 100]
    assert [name for name, _ in source][-1] == str(tmp_path / "frame100.png")


def test_depth_and_channels_are_kept(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tiff"), np.full((4, 6), 40_000, np.uint16))
    cv2.imwrite(str(tmp_path / "b.png"), np.full((4, 6, 4), 7, np.uint8))
    (_, sixteen), (_, color) = open_pictures(tmp_path, None)
    assert (sixteen.dtype, sixteen.shape, sixteen[0, 0]) == (np.uint16, (4, 6), 40_000)
    assert (color.dtype, color.shape) == (np.uint8, (4, 6, 3))


@pytest.mark.parametrize(
    ("names", "lossy"), [(["a.jpg", "b.JPEG"], True), (["a.jpg", "b.png"], False)]
)
def test_jpeg_files_are_lossy(tmp_path, names, lossy):
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.zeros((4, 6), np.uint8))
    assert open_pictures(tmp_path, None).is_lossy is lossy


def test_videos_bring_their_rate(tmp_path):
    source = open_pictures(write_video(tmp_path / "a.avi", 7), None)
    assert (source.rate_hz, source.length, source.is_lossy) == (25.0, 7, True)
    pictures = [picture for _, picture in source]
    assert [round(float(p.mean()), -1) for p in pictures] == [10.0 * n for n in range(7)]
    assert open_pictures(tmp_path / "a.avi", 5.0).rate_hz == 5.0


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda p: None, "does not exist, expected a video or a folder of images"),
        (lambda p: p.mkdir(), "holds no image, expected .jpg"),
        (lambda p: p.write_text("hello"), "is not a readable video"),
        (lambda p: p.write_bytes(b""), "is not a readable video"),
    ],
)
def test_nothing_to_read(tmp_path, make, expected):
    path = tmp_path / "input.avi"
    make(path)
    with pytest.raises(InputError) as info:
        open_pictures(path, None)
    assert str(info.value).startswith(f"{path}: ")
    assert expected in str(info.value)


def test_a_single_image_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "img_01.png"), np.zeros((4, 6), np.uint8))
    with pytest.raises(InputError, match=r"img_01\.png: is a single image"):
        open_pictures(tmp_path / "img_01.png", None)


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_an_unreadable_image_is_named(tmp_path, content):
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((4, 6), np.uint8))
    (tmp_path / "2.png").write_bytes(content)
    with pytest.raises(InputError, match=r"2\.png: is not a readable image"):
        list(open_pictures(tmp_path, None))


def test_float_images_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "1.tiff"), np.zeros((4, 6), np.float32))
    with pytest.raises(InputError, match=r"1\.tiff: holds float32, expected 8 or 16 bit"):
        list(open_pictures(tmp_path, None))
