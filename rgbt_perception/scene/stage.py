"""From the refined depth and both pictures to fused picture and labels: one engine call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from rgbt_perception.compiled import compiles, prepared
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
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.letterbox import Letterbox, letterbox, resample
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.scene.fusion_detail import fused_picture
from rgbt_perception.scene.inputs_loop import fill_input, keep_seen, seen_of_four
from rgbt_perception.scene.labels import full_size_labels

_SAME_PX = 0.01
_SAME_POSE = 1e-6
# A picture so many times finer than the view is shrunk before it is warped: warping does not
# average, and detail beyond the view's would flicker.
_FINER = 1.5
# Share of a network pixel that must be seen: single hidden pixels are no reason to lose it.
_MOST = np.float32(0.5)
_CAMERAS = ("rgb", "thermal")
_ALL_SEEN = np.empty((0, 0), np.float32)

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
            seen = _seen(pair)
            if seen is not None:
                # What no camera sees is ``UNLABELLED``, which is 0.
                labels *= seen.view(np.uint8)
            lap("labels")
        estimates = {}
        # Where there is one camera only, its labels are the labels.
        if wanted.estimates and pair.rgb is not None and pair.thermal is not None:
            estimates = {name: self._alone(name, view, box) for name in _CAMERAS}
            lap("label_estimates")
        return Scene(pair, fused, labels, estimates)

    def _place(self, pair: AlignedPair, box: Letterbox) -> Mask:
        """Fill the inputs; (h, w) bool, where a camera sees."""
        rows, columns = box.area
        fill = self._fill_in_one_loop if compiles() else self._fill
        for name, picture, seen, gain in (
            ("rgb", pair.rgb, pair.rgb_seen, np.float32(1 / 255)),
            ("thermal", pair.thermal, pair.thermal_seen, np.float32(1)),
        ):
            if picture is None:
                self._inputs[name][:] = self._inputs[f"{name}_mask"][:] = 0.0
            else:
                fill(name, picture, seen, gain, box)
        if (box.width, box.height) != (self.width, self.height):
            self._mirror(box)
        masks = (self._inputs[f"{name}_mask"][0, 0, rows, columns] > 0 for name in _CAMERAS)
        return np.asarray(np.logical_or(*masks))

    def _fill(
        self,
        name: str,
        picture: ColorImage | FloatImage,
        seen: Mask | None,
        gain: np.float32,
        box: Letterbox,
    ) -> None:
        """Fill one camera's area: with the mean of what is seen, where that is most of a pixel."""
        rows, columns = box.area
        small = self._inputs[name][0, :, rows, columns]
        for plane, place in zip(cv2.split(box.shrink(picture)), small, strict=True):
            np.multiply(plane, gain, out=place)
        mask = self._inputs[f"{name}_mask"][0, 0, rows, columns]
        mask[:] = 1.0
        if seen is not None:
            share = box.shrink(seen.astype(np.float32))
            mask[:] = share > _MOST
            small *= mask / np.maximum(share, _MOST)

    def _fill_in_one_loop(
        self,
        name: str,
        picture: ColorImage | FloatImage,
        seen: Mask | None,
        gain: np.float32,
        box: Letterbox,
    ) -> None:
        """As ``_fill``, bit for bit."""
        share = _ALL_SEEN
        if seen is not None and seen.shape == (2 * box.height, 2 * box.width):
            share = np.empty((box.height, box.width), np.float32)
            seen_of_four(prepared(seen), share)
        elif seen is not None:
            share = box.shrink(seen.astype(np.float32))
        planes = self._inputs[name][0]
        fill_input(
            prepared(box.shrink(picture)).reshape(box.height, -1),
            len(planes),
            gain,
            share,
            _MOST,
            (box.top, box.left),
            planes,
            self._inputs[f"{name}_mask"][0, 0],
        )

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
                color = cv2.copyTo(color, color_seen.view(np.uint8), np.zeros_like(color))
        else:
            color, color_seen = _warped(rgb, view, depth)
    picture: FloatImage | None = view.thermal
    picture_seen: Mask | None = None
    if picture is not None and thermal is not None and thermal.valid is not None:
        picture_seen = _whole(thermal.valid, *size)
        picture = _kept(picture, picture_seen)
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
        width, height = (max(1, round(n / finer)) for n in (camera.width, camera.height))
        camera = camera.resized(width, height)
        image = resample(image, camera.width, camera.height)
        if valid is not None:
            valid = _whole(valid, camera.width, camera.height)
    return align_picture(depth, view.output, image, camera, inverse(view.output_T_rgb), valid)


def _whole(mask: Mask, width: int, height: int) -> Mask:
    """A mask at another size, True where nothing of what it covers is False."""
    if mask.shape == (height, width):
        return mask
    return np.asarray(resample(mask.astype(np.uint8) * np.uint8(255), width, height) == 255)


def _seen(pair: AlignedPair) -> Mask | None:
    """Where a camera sees; None when it is everywhere."""
    found: Mask | None = None
    for picture, seen in ((pair.rgb, pair.rgb_seen), (pair.thermal, pair.thermal_seen)):
        if picture is None:
            continue
        if seen is None:
            return None
        found = seen if found is None else found | seen
    return found


def _kept(picture: FloatImage, seen: Mask) -> FloatImage:
    """A picture, 0 where it is not seen."""
    if not compiles():
        return picture * seen
    result = np.empty(picture.shape, np.float32)
    keep_seen(prepared(picture), prepared(seen), result)
    return result
