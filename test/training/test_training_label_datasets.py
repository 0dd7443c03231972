from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.training.label_datasets import fmb, mfnet, msrs
from rgbt_perception.training.label_datasets.aligned_folders import open_aligned_folders
from rgbt_perception.training.label_datasets.fmb import open_fmb
from rgbt_perception.training.label_datasets.mfnet import open_mfnet
from rgbt_perception.training.label_datasets.msrs import open_msrs

SHAPE = (6, 8)


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(path.suffix, picture)
    data.tofile(path)


class Pictures:
    """Random pictures of one pair, the same for the same seed."""

    def __init__(self, seed, classes):
        rng = np.random.default_rng(seed)
        self.rgb = rng.integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
        self.thermal = rng.integers(0, 256, SHAPE).astype(np.uint8)
        self.labels = rng.integers(0, classes, SHAPE).astype(np.uint8)
        self.bgr = self.rgb[..., ::-1]

    def equal(self, pair, labelled=True):
        np.testing.assert_array_equal(pair.rgb, self.rgb)
        np.testing.assert_array_equal(pair.thermal, self.thermal)
        if labelled:
            np.testing.assert_array_equal(pair.labels, self.labels)
        else:
            assert pair.labels is None


@pytest.fixture
def fmb_root(tmp_path):
    root = tmp_path / "FMB"
    for split, names in (("train", ("00002", "00001")), ("test", ("00003",))):
        for name in names:
            pictures = Pictures(int(name), 15)
            write(root / split / "Visible" / f"{name}.png", pictures.bgr)
            # Published as grey in three channels.
            write(root / split / "Infrared" / f"{name}.png", np.dstack([pictures.thermal] * 3))
            write(root / split / "Label" / f"{name}.png", pictures.labels)
            write(root / split / "color" / f"{name}.png", pictures.bgr)
    return root


@pytest.fixture
def mfnet_root(tmp_path):
    root = tmp_path / "MFNet"
    for name in ("00001D", "00002N"):
        pictures = Pictures(int(name[:-1]), 9)
        write(root / "images" / f"{name}.png", np.dstack([pictures.bgr, pictures.thermal]))
        write(root / "labels" / f"{name}.png", pictures.labels)
    (root / "train.txt").write_text("00002N\n00001D\n")
    (root / "test.txt").write_text("00001D\n")
    return root


@pytest.fixture
def msrs_root(tmp_path):
    root = tmp_path / "MSRS"
    for name in ("00001D", "00002N"):
        pictures = Pictures(int(name[:-1]), 9)
        write(root / "test" / "vi" / f"{name}.png", pictures.bgr)
        write(root / "test" / "ir" / f"{name}.png", pictures.thermal)
        write(root / "test" / "Segmentation_labels" / f"{name}.png", pictures.labels)
    return root


def test_fmb(fmb_root):
    pairs = open_fmb(fmb_root, "train")
    assert (pairs.names, len(pairs)) == (("00001", "00002"), 2)
    assert pairs.classes == fmb.CLASSES
    assert (len(fmb.CLASSES), fmb.CLASSES.index("person")) == (15, 8)
    for pair in pairs:
        Pictures(int(pair.name), 15).equal(pair)
    assert open_fmb(fmb_root, "test").names == ("00003",)


def test_mfnet(mfnet_root):
    pairs = open_mfnet(mfnet_root, "train")
    assert pairs.names == ("00002N", "00001D")
    assert (len(pairs.classes), mfnet.CLASSES.index("person")) == (9, 2)
    for pair in pairs:
        Pictures(int(pair.name[:-1]), 9).equal(pair)
        assert pair.rgb.flags["C_CONTIGUOUS"]
    assert len(open_mfnet(mfnet_root, "test")) == 1


def test_msrs(msrs_root):
    pairs = open_msrs(msrs_root, "test")
    assert pairs.names == ("00001D", "00002N")
    assert pairs.classes == msrs.CLASSES == mfnet.CLASSES
    Pictures(2, 9).equal(pairs[-1])


def test_msrs_without_labels(msrs_root):
    for path in (msrs_root / "test" / "Segmentation_labels").iterdir():
        path.unlink()
    (msrs_root / "test" / "Segmentation_labels").rmdir()
    pairs = open_msrs(msrs_root, "test")
    assert pairs.classes == ()
    Pictures(1, 9).equal(pairs[0], labelled=False)


def test_a_part_of_a_data_set(fmb_root):
    part = open_fmb(fmb_root, "train")[1:]
    assert (part.names, len(part), part.classes) == (("00002",), 1, fmb.CLASSES)
    assert part[0].name == "00002"
    with pytest.raises(IndexError):
        part[1]


def test_aligned_clips(tmp_path):
    for clip, name in (("b", "0001"), ("a", "0000"), ("a", "0001")):
        pictures = Pictures(int(name), 2)
        write(tmp_path / clip / "rgb" / f"{name}.bmp", pictures.bgr)
        write(tmp_path / clip / "thermal" / f"{name}.png", pictures.thermal)
    (tmp_path / "papers").mkdir()
    pairs = open_aligned_folders(tmp_path)
    assert pairs.names == ("a/0000", "a/0001", "b/0001")
    for pair in pairs:
        Pictures(int(pair.name[-1]), 2).equal(pair, labelled=False)
    assert open_aligned_folders(tmp_path / "a").names == ("0000", "0001")
    write(tmp_path / "a" / "rgb" / "0007.png", pictures.bgr)
    with pytest.raises(InputError, match="a: 0007 is in one of rgb and thermal"):
        open_aligned_folders(tmp_path)


def test_thermal_of_16_bits_stays_so(tmp_path):
    counts = np.arange(48, dtype=np.uint16).reshape(SHAPE) * 1000
    write(tmp_path / "rgb" / "0.png", Pictures(0, 2).bgr)
    write(tmp_path / "thermal" / "0.png", counts)
    np.testing.assert_array_equal(open_aligned_folders(tmp_path)[0].thermal, counts)


@pytest.mark.parametrize("opened", [open_fmb, open_mfnet, open_msrs])
def test_not_the_data_set(tmp_path, opened):
    with pytest.raises(InputError, match=r"no such folder, expected the \w+ data set"):
        opened(tmp_path, "train")
    with pytest.raises(InputError, match="has no split 'evening', expected one of train"):
        opened(tmp_path, "evening")


def test_not_aligned_folders(tmp_path):
    with pytest.raises(InputError, match="holds no pair, expected pictures in folders rgb and"):
        open_aligned_folders(tmp_path)
    with pytest.raises(InputError, match="none: no such folder"):
        open_aligned_folders(tmp_path / "none")


GREY = np.zeros(SHAPE, np.uint8)


@pytest.mark.parametrize(
    ("file", "picture", "told"),
    [
        ("Label/00003.png", GREY + 15, "Label/00003.png: holds class id 15, expected 0 to 14"),
        ("Label/00003.png", Pictures(0, 2).bgr, "3 channels of uint8, expected one channel of"),
        ("Label/00003.png", GREY[1:], "00003: labels of 8x5, expected the RGB picture's 8x6"),
        ("Infrared/00003.png", GREY[:, 1:], "00003: thermal picture of 7x6"),
        ("Visible/00003.png", GREY, "1 channel of uint8, expected a colour picture"),
        ("Infrared/00003.png", None, "Infrared/00003.png: no such file"),
    ],
)
def test_a_wrong_file_is_named_when_it_is_read(fmb_root, file, picture, told):
    path = fmb_root / "test" / file
    path.unlink()
    if picture is not None:
        write(path, picture)
    pairs = open_fmb(fmb_root, "test")
    with pytest.raises(InputError, match=told):
        pairs[0]


def test_labels_in_three_equal_channels_and_ignored_pixels(fmb_root):
    labels = Pictures(3, 15).labels
    labels[0] = 255
    write(fmb_root / "test" / "Label" / "00003.png", np.dstack([labels] * 3))
    np.testing.assert_array_equal(open_fmb(fmb_root, "test")[0].labels, labels)


def test_mfnet_of_three_channels_and_lists_of_names(mfnet_root):
    write(mfnet_root / "images" / "00001D.png", Pictures(1, 9).bgr)
    with pytest.raises(InputError, match="expected four channels of 8 bits"):
        open_mfnet(mfnet_root, "test")[0]
    with pytest.raises(InputError, match=r"val.txt: .*expected one name a line"):
        open_mfnet(mfnet_root, "val")
    (mfnet_root / "val.txt").write_text("00009D\n")
    with pytest.raises(InputError, match=r"00009D.png: no such file, but val.txt names it"):
        open_mfnet(mfnet_root, "val")[0]
    (mfnet_root / "val.txt").write_text("\n")
    with pytest.raises(InputError, match="names no picture"):
        open_mfnet(mfnet_root, "val")
