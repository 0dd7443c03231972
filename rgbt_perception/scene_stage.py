"""From the refined depth and both pictures to fused picture and labels: one engine call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from rgbt_perception.engines.engine import Engine, check_exchange, input_arrays
from rgbt_perception.engines.scene_exchange import INPUTS, OUTPUTS
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import (
    AlignedPair,
    ColorImage,
    FloatImage,
    LabelImage,
    Mask,
    Matrix,
    Pinhole,
    RgbFrame,
    Scene,
    ThermalFrame,
)
from rgbt_perception.fusion_detail import fused_picture
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.letterbox import Letterbox, letterbox, resample
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.scene_classes import SCENE_CLASSES, UNLABELLED
from rgbt_perception.scene_labels import full_size_labels

_SAME_PX = 0.01
_SAME_POSE = 1e-6
# A picture so many times finer than the view is shrunk before it is warped: warping does not
# average, and detail beyond the view's would flicker.
_FINER = 1.5
# Share of a network pixel that must be seen: single hidden pixels are no reason to lose it.
_MOST = np.float32(0.5)
_CAMERAS = ("rgb", "thermal")

Lap = Callable[[str], None]


@dataclass(frozen=True)
class SceneWanted:
    """Which results somebody asked for.

    Attributes:
        fused: the fused picture.
        labels: class ids.
        estimates: labels from each of two cameras alone as well.
        aligned: the pictures that the network gets, at full size.
    """

    fused: bool = False
    labels: bool = False
    estimates: bool = False
    aligned: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to compute."""
        return self.fused or self.labels or self.estimates or self.aligned


@dataclass(frozen=True)
class SceneView:
    """Where the pictures come from and where the results go.

    Attributes:
        output: pinhole of the results and of the depth.
        rgb: pinhole of the colour picture.
        output_T_rgb: (4, 4), metres.
        thermal: (H, W) float32, 0 to 1, the thermal picture at the output's size; None without.
    """

    output: Pinhole
    rgb: Pinhole
    output_T_rgb: Matrix
    thermal: FloatImage | None


class SceneStage:
    """The scene network and what stands around it.

    Attributes:
        engine: with the network.
        width, height: of the network, pixels.
    """

    def __init__(self, engine: Engine) -> None:
        """Take a loaded engine.

        Raises:
            RgbtError: its model is no scene network, or one of other classes.
        """
        check_exchange(engine, INPUTS, OUTPUTS)
        names = ",".join(item.name for item in SCENE_CLASSES)
        if engine.metadata.get("classes", names) != names:
            raise RgbtError(
                f"model {engine.model}: knows the classes {engine.metadata['classes']}, "
                f"expected {names}"
            )
        self.engine = engine
        _, _, self.height, self.width = engine.inputs["rgb"]
        self._inputs = input_arrays(engine, INPUTS)

    def process(
        self,
        rgb: RgbFrame | None,
        thermal: ThermalFrame | None,
        view: SceneView,
        depth: FloatImage,
        wanted: SceneWanted,
        lap: Lap,
    ) -> Scene:
        """Compute one result.

        Args:
            rgb, thermal: the rectified pictures, at least one.
            view: geometry.
            depth: (H, W) float32, metres in the output view, NaN where unknown.
            wanted: what to compute.
            lap: told the name of every stage when it ends.
        """
        pair = aligned_pair(rgb, thermal, view, depth)
        box = letterbox(view.output, self.width, self.height)
        known = self._place(pair, box)
        lap("align")
        names = [*["fused", "weight"] * wanted.fused, *["logits"] * wanted.labels]
        results = self.engine.run(self._inputs, names) if names else {}
        rows, columns = box.area
        found = {name: values[0, :, rows, columns] for name, values in results.items()}
        lap("scene_engine")
        fused = labels = None
        if wanted.fused:
            everywhere = None if known.all() else known
            fused = fused_picture(found["fused"][0], found["weight"][0], everywhere, pair)
            lap("fuse")
        if wanted.labels:
            labels = full_size_labels(found["logits"], view.output.width, view.output.height)
            unseen = _unseen(pair)
            if unseen is not None:
                labels[unseen] = UNLABELLED
            lap("labels")
        estimates = {}
        # Where there is one camera only, its labels are the labels.
        if wanted.estimates and pair.rgb is not None and pair.thermal is not None:
            estimates = {name: self._alone(name, view, box) for name in _CAMERAS}
            lap("label_estimates")
        return Scene(pair, fused, labels, estimates)

    def _place(self, pair: AlignedPair, box: Letterbox) -> Mask:
        """Fill the inputs; (h, w) bool, where a camera sees."""
        for array in self._inputs.values():
            array[:] = 0.0
        rows, columns = box.area
        for name, picture, seen, gain in (
            ("rgb", pair.rgb, pair.rgb_seen, np.float32(1 / 255)),
            ("thermal", pair.thermal, pair.thermal_seen, np.float32(1)),
        ):
            if picture is None:
                continue
            small = self._inputs[name][0, :, rows, columns]
            for plane, place in zip(cv2.split(box.shrink(picture)), small, strict=True):
                np.multiply(plane, gain, out=place)
            mask = self._inputs[f"{name}_mask"][0, 0, rows, columns]
            mask[:] = 1.0
            if seen is not None:
                # The mean of what is seen, where that is most of the pixel.
                share = box.shrink(seen.astype(np.float32))
                mask[:] = share > _MOST
                small *= mask / np.maximum(share, _MOST)
        if (box.width, box.height) != (self.width, self.height):
            self._mirror(box)
        masks = (self._inputs[f"{name}_mask"][0, 0, rows, columns] > 0 for name in _CAMERAS)
        return np.asarray(np.logical_or(*masks))

    def _mirror(self, box: Letterbox) -> None:
        """Continue the pictures beyond their borders: the network fades both cameras out there."""
        rows, columns = box.area
        below, right = self.height - box.top - box.height, self.width - box.left - box.width
        borders = (box.top, below, box.left, right)
        for array in self._inputs.values():
            for plane in array[0]:
                inner = np.ascontiguousarray(plane[rows, columns])
                cv2.copyMakeBorder(inner, *borders, cv2.BORDER_REFLECT, dst=plane)

    def _alone(self, camera: str, view: SceneView, box: Letterbox) -> LabelImage:
        """Labels with the other camera masked."""
        inputs = {
            name: values if name.removesuffix("_mask") == camera else np.zeros_like(values)
            for name, values in self._inputs.items()
        }
        rows, columns = box.area
        logits = self.engine.run(inputs, ["logits"])["logits"][0, :, rows, columns]
        return full_size_labels(logits, view.output.width, view.output.height)


def aligned_pair(
    rgb: RgbFrame | None, thermal: ThermalFrame | None, view: SceneView, depth: FloatImage
) -> AlignedPair:
    """Both pictures in the output view; cameras that share one view are not warped.

    Args:
        rgb, thermal: the rectified pictures, at least one.
        view: geometry, and the thermal picture at the output's size.
        depth: (H, W) float32, metres in the output view, NaN where unknown.
    """
    size = (view.output.width, view.output.height)
    color: ColorImage | None = None
    color_seen: Mask | None = None
    if rgb is not None:
        if _is_aligned(view):
            color = resample(rgb.image, *size)
            if rgb.valid is not None:
                color_seen = _whole(rgb.valid, *size)
                color = color * color_seen[..., None]
        else:
            color, color_seen = _warped(rgb, view, depth)
    picture: FloatImage | None = view.thermal
    picture_seen: Mask | None = None
    if picture is not None and thermal is not None and thermal.valid is not None:
        picture_seen = _whole(thermal.valid, *size)
        picture = picture * picture_seen
    return AlignedPair(color, color_seen, picture, picture_seen)


def _is_aligned(view: SceneView) -> bool:
    """Whether both cameras see the same rays; their resolutions may differ."""
    same = view.rgb.resized(view.output.width, view.output.height)
    return bool(
        np.allclose(view.output_T_rgb, np.eye(4), rtol=0.0, atol=_SAME_POSE)
        and np.allclose(same.matrix, view.output.matrix, rtol=0.0, atol=_SAME_PX)
    )


def _warped(rgb: RgbFrame, view: SceneView, depth: FloatImage) -> tuple[ColorImage, Mask]:
    image, camera, valid = rgb.image, view.rgb, rgb.valid
    finer = camera.fx / view.output.fx
    if finer > _FINER:
        camera = camera.resized(round(camera.width / finer), round(camera.height / finer))
        image = resample(image, camera.width, camera.height)
        if valid is not None:
            valid = _whole(valid, camera.width, camera.height)
    return align_picture(depth, view.output, image, camera, inverse(view.output_T_rgb), valid)


def _whole(mask: Mask, width: int, height: int) -> Mask:
    """A mask at another size, True where nothing of what it covers is False."""
    if mask.shape == (height, width):
        return mask
    return np.asarray(resample(mask.astype(np.uint8) * np.uint8(255), width, height) == 255)


def _unseen(pair: AlignedPair) -> Mask | None:
    """Where no camera sees; None when there is no such pixel."""
    masks = [
        seen
        for picture, seen in ((pair.rgb, pair.rgb_seen), (pair.thermal, pair.thermal_seen))
        if picture is not None
    ]
    if any(mask is None for mask in masks):
        return None
    seen = np.logical_or.reduce([mask for mask in masks if mask is not None])
    return np.asarray(~seen)
