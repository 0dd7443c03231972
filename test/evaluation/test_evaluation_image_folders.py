from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.image_folders import (
    match_folders,
    match_sources,
    read_luminance,
)


def write(path, picture=None, size=(48, 44)):
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture is None:
        picture = np.full(size[::-1], 60, np.uint8)
    _, data = cv2.imencode(path.suffix, picture)
    data.tofile(path)
    return picture


@pytest.fixture
def folders(tmp_path):
    for name in ("b", "a", "c"):
        write(tmp_path / "vi" / f"{name}.jpg", np.full((44, 48, 3), 90, np.uint8))
        write(tmp_path / "ir" / f"{name}.png")
    for name in ("c", "a"):
        write(tmp_path / "fused" / f"{name}.bmp")
    (tmp_path / "vi" / "notes.txt").write_text("no picture")
    return [tmp_path / part for part in ("vi", "ir", "fused")]


def test_the_fused_pictures_say_what_is_scored(folders):
    matched = match_folders(folders[:2], folders[2])
    assert [images.name for images in matched.sets] == ["a", "c"]
    assert matched.unused == 1
    first = [path.relative_to(folders[0].parent).as_posix() for path in matched.sets[0].paths]
    assert first == ["vi/a.jpg", "ir/a.png", "fused/a.bmp"]
    assert {picture.shape for picture in read_luminance(matched.sets[0])} == {(44, 48)}


def test_sources_by_name(folders):
    assert [images.name for images in match_sources(folders[:2], None).sets] == ["a", "b", "c"]
    some = match_sources(folders[:2], ["c", "b"])
    assert [images.name for images in some.sets] == ["b", "c"]
    assert some.unused == 1


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda root: (root / "ir" / "a.png").unlink(), "ir: no picture for 1 of 2"),
        (lambda root: write(root / "fused" / "d.png"), r"no picture for 1 of 3 .*fused: d$"),
        (lambda root: write(root / "ir" / "a.jpg"), "both a.jpg and a.png"),
        (lambda root: [p.unlink() for p in (root / "fused").iterdir()], "holds no picture"),
        (lambda root: (root / "vi").rename(root / "other"), "vi: no such folder"),
    ],
)
def test_folders_that_do_not_match(folders, spoil, told):
    spoil(folders[0].parent)
    with pytest.raises(InputError, match=told):
        match_folders(folders[:2], folders[2])


def test_a_source_without_its_other_is_told(folders):
    (folders[0] / "b.jpg").unlink()
    with pytest.raises(InputError, match="vi: no picture for 1 of 3 names: b"):
        match_sources(folders[:2], None)


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (np.zeros((44, 40), np.uint8), r"ir/a.png: is 40x44, expected 48x44 as .*vi/a.jpg"),
        (np.zeros((44, 48), np.uint16), "ir/a.png: holds uint16, expected pixels of 8 bits"),
    ],
)
def test_pictures_that_do_not_compare(folders, picture, told):
    write(folders[1] / "a.png", picture)
    with pytest.raises(InputError, match=told):
        read_luminance(match_folders(folders[:2], folders[2]).sets[0])


def test_too_small_for_the_metrics(folders):
    for folder, suffix in zip(folders, ("jpg", "png", "bmp"), strict=True):
        write(folder / f"a.{suffix}", size=(64, 40))
    with pytest.raises(InputError, match="is 64x40, expected at least 41 pixels each way"):
        read_luminance(match_folders(folders[:2], folders[2]).sets[0])


def test_luminance_of_colour_and_transparency(folders):
    blue_green_red = np.zeros((44, 48, 4), np.uint8)
    blue_green_red[..., :3] = 10, 100, 200
    write(folders[1] / "a.png", blue_green_red)
    pictures = read_luminance(match_folders(folders[:2], folders[2]).sets[0])
    assert np.unique(pictures[1]).tolist() == [round(0.114 * 10 + 0.587 * 100 + 0.299 * 200)]
