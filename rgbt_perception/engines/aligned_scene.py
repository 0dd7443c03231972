"""The scene network with the alignment before it: all that it reads is on the GPU already.

The host warps the colour picture into the thermal view at full size and shrinks the result. Here
the same is done on the network's canvas, by the depth network's own depth: its inputs and its
output are then all inputs of the scene network, and two engines on one stream need no trip to the
host between them. What is seen is decided as in ``geometry.alignment``, with one cell of its grid a
pixel of the canvas. Results differ from the host's where that matters at the network's size: the
host brings the depth up along the edges of the pictures first.

Needs the package onnx, at build time only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rgbt_perception.engines.depth_exchange import input_shapes
from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.errors import RgbtError
from rgbt_perception.geometry.alignment import FARTHEST_M, GHOST_PX

TAKEN = (
    "depth",
    "rgb",
    "rgb_mask",
    "thermal",
    "thermal_mask",
    "rgb_intrinsics",
    "thermal_intrinsics",
    "thermal_T_rgb",
)
"""Inputs of the result: ``depth`` is an output of the depth network, the others are its inputs."""

_NEAREST_M = 0.05

# ONNX in its textual form; sizes are put in. Points are (1, 3, pixels), all else (1, pixels).
_ALIGNMENT = """
<ir_version: 10, opset_import: ["" : 18]>
alignment (float[1,1,{h},{w}] depth, float[1,3,{h},{w}] rgb, float[1,1,{h},{w}] rgb_mask,
    float[1,3,3] rgb_intrinsics, float[1,3,3] thermal_intrinsics, float[1,4,4] thermal_T_rgb)
    => (float[1,3,{h},{w}] al_rgb, float[1,1,{h},{w}] al_rgb_mask)
<float[1,{n}] al_u, float[1,{n}] al_v, float[1,1,{n}] al_ones, float[1,{m}] al_none,
 float[1,1] al_least, int64[1] al_0, int64[1] al_1, int64[1] al_2, int64[1] al_3, int64[1] al_4,
 int64[1] al_n, int64[1] al_axis1, int64[1] al_axis2, int64[2] al_flat, int64[4] al_plane,
 int64[4] al_grid, int64[1,{n}] al_nowhere>
{{
  al_depth = Reshape(depth, al_flat)
  al_far = Constant <value = float {{{farthest}}}> ()
  al_reach = Min(al_depth, al_far)

  # rgb_T_thermal = (R', -R' t)
  al_rows = Slice(thermal_T_rgb, al_0, al_3, al_axis1)
  al_R = Slice(al_rows, al_0, al_3, al_axis2)
  al_t = Slice(al_rows, al_3, al_4, al_axis2)
  al_back = Transpose <perm = [0, 2, 1]> (al_R)
  al_turn = MatMul(rgb_intrinsics, al_back)
  al_moved = MatMul(al_turn, al_t)
  al_shift = Neg(al_moved)

  # Rays of the canvas' pixels.
  al_Kx = Slice(thermal_intrinsics, al_0, al_1, al_axis1)
  al_Ky = Slice(thermal_intrinsics, al_1, al_2, al_axis1)
  al_fx3 = Slice(al_Kx, al_0, al_1, al_axis2)
  al_cx3 = Slice(al_Kx, al_2, al_3, al_axis2)
  al_fy3 = Slice(al_Ky, al_1, al_2, al_axis2)
  al_cy3 = Slice(al_Ky, al_2, al_3, al_axis2)
  al_uc = Sub(al_u, al_cx3)
  al_vc = Sub(al_v, al_cy3)
  al_x = Div(al_uc, al_fx3)
  al_y = Div(al_vc, al_fy3)
  al_rays = Concat <axis = 1> (al_x, al_y, al_ones)

  # In the colour camera's canvas: column, row, 1 / depth.
  al_turned = MatMul(al_turn, al_rays)
  al_scaled = Mul(al_turned, al_reach)
  al_points = Add(al_scaled, al_shift)
  al_p0, al_p1, al_p2 = Split <axis = 1, num_outputs = 3> (al_points)
  al_z = Squeeze(al_p2, al_axis1)
  al_px = Squeeze(al_p0, al_axis1)
  al_py = Squeeze(al_p1, al_axis1)
  al_nearness = Reciprocal(al_z)
  al_column = Mul(al_px, al_nearness)
  al_row = Mul(al_py, al_nearness)

  al_zero = Constant <value = float {{0.0}}> ()
  al_closest = Constant <value = float {{{closest}}}> ()
  al_right = Constant <value = float {{{right}}}> ()
  al_bottom = Constant <value = float {{{bottom}}}> ()
  al_s0 = Greater(al_nearness, al_zero)
  al_s1 = Less(al_nearness, al_closest)
  al_s2 = GreaterOrEqual(al_column, al_zero)
  al_s3 = LessOrEqual(al_column, al_right)
  al_s4 = GreaterOrEqual(al_row, al_zero)
  al_s5 = LessOrEqual(al_row, al_bottom)
  al_s6 = And(al_s0, al_s1)
  al_s7 = And(al_s2, al_s3)
  al_s8 = And(al_s4, al_s5)
  al_s9 = And(al_s6, al_s7)
  al_inside = And(al_s9, al_s8)

  # The nearest of the points in 3 x 3 cells; one more cell takes what is not seen.
  al_width = Constant <value = float {{{w}.0}}> ()
  al_cc = Round(al_column)
  al_cr = Round(al_row)
  al_ccz = Where(al_inside, al_cc, al_zero)
  al_crz = Where(al_inside, al_cr, al_zero)
  al_line = Mul(al_crz, al_width)
  al_cellf = Add(al_line, al_ccz)
  al_celli = Cast <to = 7> (al_cellf)
  al_cells = Where(al_inside, al_celli, al_nowhere)
  al_known = Where(al_inside, al_nearness, al_zero)
  al_nearest = ScatterElements <axis = 1, reduction = "max"> (al_none, al_cells, al_known)
  al_within = Slice(al_nearest, al_0, al_n, al_axis1)
  al_picture = Reshape(al_within, al_plane)
  al_spread = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (al_picture)
  al_front = Reshape(al_spread, al_flat)

  # Nearer by so much parallax than a point, something hides it; nothing does without a baseline.
  al_fr = Slice(rgb_intrinsics, al_0, al_1, al_axis1)
  al_fr3 = Slice(al_fr, al_0, al_1, al_axis2)
  al_focal = Squeeze(al_fr3, al_axis2)
  al_norm = ReduceL2 <keepdims = 0> (al_t, al_axis1)
  al_parallax = Mul(al_norm, al_focal)
  al_tiny = Constant <value = float {{1e-6}}> ()
  al_divisor = Max(al_parallax, al_tiny)
  al_ghost = Constant <value = float {{{ghost}}}> ()
  al_step = Div(al_ghost, al_divisor)
  al_less = Sub(al_front, al_step)
  al_fronts = Concat <axis = 1> (al_less, al_least)
  al_limit = GatherElements <axis = 1> (al_fronts, al_cells)
  al_free = GreaterOrEqual(al_nearness, al_limit)
  al_seen = And(al_inside, al_free)

  # Bilinear, 0 where not seen.
  al_two = Constant <value = float {{2.0}}> ()
  al_one = Constant <value = float {{1.0}}> ()
  al_out = Constant <value = float {{-10.0}}> ()
  al_gx0 = Mul(al_column, al_two)
  al_gx1 = Div(al_gx0, al_right)
  al_gx2 = Sub(al_gx1, al_one)
  al_gx3 = Where(al_seen, al_gx2, al_out)
  al_gy0 = Mul(al_row, al_two)
  al_gy1 = Div(al_gy0, al_bottom)
  al_gy2 = Sub(al_gy1, al_one)
  al_gy3 = Where(al_seen, al_gy2, al_out)
  al_gx = Unsqueeze(al_gx3, al_2)
  al_gy = Unsqueeze(al_gy3, al_2)
  al_both = Concat <axis = 2> (al_gx, al_gy)
  al_where = Reshape(al_both, al_grid)
  al_color = GridSample <align_corners = 1, mode = "bilinear"> (rgb, al_where)
  al_share = GridSample <align_corners = 1, mode = "bilinear"> (rgb_mask, al_where)
  al_most = Constant <value = float {{0.999}}> ()
  al_whole = Greater(al_share, al_most)
  al_rgb_mask = Cast <to = 1> (al_whole)
  al_rgb = Mul(al_color, al_rgb_mask)
}}
"""


def with_alignment(content: bytes) -> bytes:
    """Put the alignment before a scene network.

    Args:
        content: of an ONNX file with the inputs of ``scene_exchange``.

    Returns:
        A network with the inputs ``TAKEN`` of the depth network of the same size and the same
        outputs as before.

    Raises:
        RgbtError: no ONNX, no such inputs, or onnx is not installed.
    """
    onnx = optional_package("onnx", "aligned scene: the package onnx", "`pip install onnx`")
    try:
        scene = onnx.load_model_from_string(content)
    except Exception:  # protobuf's errors share no public base class
        raise RgbtError("aligned scene: not a usable ONNX file") from None
    inputs = {value.name: value for value in scene.graph.input}
    if not {"rgb", "rgb_mask", "thermal", "thermal_mask"} <= inputs.keys():
        raise RgbtError("aligned scene: the network lacks the inputs of a scene network")
    height, width = (s.dim_value for s in inputs["rgb"].type.tensor_type.shape.dim[2:])
    front = onnx.parser.parse_model(_text(height, width))
    _number(front.graph, height, width)
    for node in scene.graph.node:
        renamed = [f"al_{n}" if n in ("rgb", "rgb_mask") else n for n in node.input]
        node.input[:] = renamed
    shapes = {**input_shapes(height, width), "depth": (1, 1, height, width)}
    taken = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shapes[name])
        for name in TAKEN
    ]
    nodes = [*front.graph.node, *scene.graph.node]
    del scene.graph.input[:], scene.graph.node[:], scene.graph.value_info[:]
    scene.graph.input.extend(taken)
    scene.graph.node.extend(nodes)
    scene.graph.initializer.extend(front.graph.initializer)
    onnx.checker.check_model(scene)
    return bytes(scene.SerializeToString())


def _text(height: int, width: int) -> str:
    pixels = height * width
    return _ALIGNMENT.format(
        h=height,
        w=width,
        n=pixels,
        m=pixels + 1,
        farthest=FARTHEST_M,
        closest=1 / _NEAREST_M,
        right=float(width - 1),
        bottom=float(height - 1),
        ghost=GHOST_PX,
    )


def _number(graph: Any, height: int, width: int) -> None:
    """Give the constants of the text their values."""
    from onnx import numpy_helper

    rows, columns = np.mgrid[:height, :width].reshape(2, 1, -1).astype(np.float32)
    pixels = height * width
    values: dict[str, Any] = {
        "u": columns,
        "v": rows,
        "ones": np.ones((1, 1, pixels), np.float32),
        "none": np.zeros((1, pixels + 1), np.float32),
        "least": np.full((1, 1), -1e9, np.float32),
        "n": np.array([pixels]),
        "axis1": np.array([1]),
        "axis2": np.array([2]),
        "flat": np.array([1, pixels]),
        "plane": np.array([1, 1, height, width]),
        "grid": np.array([1, height, width, 2]),
        "nowhere": np.full((1, pixels), pixels),
        **{str(number): np.array([number]) for number in range(5)},
    }
    del graph.initializer[:], graph.value_info[:]
    for name, value in values.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), f"al_{name}"))
