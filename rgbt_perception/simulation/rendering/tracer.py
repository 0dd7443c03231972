"""Rays against the parts of a scene, by MuJoCo's ray caster (no OpenGL).

For every bundle of rays a small model is built from the parts that the bundle can meet, grouped
in space: MuJoCo tests bodies one after the other, so few well-packed bodies are several times
faster than one body a part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.errors import RgbtError
from rgbt_perception.simulation.parts import SceneDescription, Shape
from rgbt_perception.simulation.rendering.arrays import Array, Bool, Float32, Index, single
from rgbt_perception.simulation.rendering.beam import Beam
from rgbt_perception.simulation.rendering.foliage import crowns, gaps
from rgbt_perception.simulation.rendering.hits import Hits, replaced
from rgbt_perception.simulation.rendering.solids import SHAPES, Poses, Solids

MIN_CLEARANCE_M = 0.05
"""Parts whose surface is nearer to a ray's origin are left out: no camera sees an inside."""
_FAR_M = 1e5
_CLUSTER_SIZE = 16
# Radius over distance from which a part counts as large.
_LARGE = 0.2


def import_mujoco() -> Any:
    """MuJoCo, or one line that says how to get it."""
    try:
        import mujoco
    except ImportError:
        raise RgbtError("simulation needs MuJoCo: pip install 'rgbt_perception[sim]'") from None
    return mujoco


class Sight:
    """What can be seen from one point in some directions, ready for rays."""

    def __init__(
        self,
        tracer: Tracer,
        poses: Poses,
        chosen: npt.NDArray[np.intp],
        beam: Beam,
        pixel_angle: float = 0.0,
    ) -> None:
        start = beam.start
        self._tracer = tracer
        self._poses = poses
        self._start = start
        self._pixel_angle = pixel_angle
        self._chosen = chosen
        self._beam = beam
        self._bare: Sight | None = None
        self._mujoco = mj = tracer.mujoco
        solids = tracer.solids
        away = np.linalg.norm(poses.position - start, axis=1)
        large = solids.radius > _LARGE * away
        clusters = _clusters(chosen, beam.seen(poses.position), large)
        self._order = np.concatenate([*clusters, np.zeros(0, np.intp)]).astype(np.int32)
        spec = mj.MjSpec()
        for cluster in clusters:
            body = spec.worldbody.add_body()
            for i in cluster:
                body.add_geom(
                    type=tracer.types[i],
                    size=solids.size[i],
                    pos=poses.position[i],
                    quat=poses.quaternion[i],
                )
        self._model = spec.compile()
        self._data = mj.MjData(self._model)
        mj.mj_kinematics(self._model, self._data)

    def cast(self, directions: npt.NDArray[np.floating[Any]]) -> Hits:
        """The first surface along each ray.

        Args:
            directions: (N, 3) unit vectors, world, within the bundle this was made for.
        """
        hits = self._first(np.ascontiguousarray(directions, dtype=np.float64))
        leafy = self._tracer.leafy
        index = gaps(self._tracer.solids, hits, single(directions), leafy, self._pixel_angle)
        if len(index) == 0:
            return hits
        if self._bare is None:
            rest = self._chosen[~leafy[self._chosen]]
            self._bare = Sight(self._tracer, self._poses, rest, self._beam)
        return replaced(hits, index, self._bare.cast(directions[index]))

    def _first(self, rays: Array) -> Hits:
        poses = self._poses
        normal = np.zeros((len(rays), 3))
        part, distance = self.trace(rays, normal)
        found = part >= 0
        facing = np.einsum("ni,ni->n", normal, rays) > 0
        normal[facing] *= -1
        index = np.where(found, part, 0)
        point = self._start + rays * np.where(found, distance, 0.0)[:, None]
        rotation = poses.rotation.astype(np.float32)[index]
        offset = (point - poses.position[index]).astype(np.float32)
        normal32 = np.where(found[:, None], normal, 0.0).astype(np.float32)
        return Hits(
            part,
            np.where(found, distance, np.inf).astype(np.float32),
            np.where(found[:, None], point, 0.0).astype(np.float32),
            normal32,
            _turned_back(rotation, offset),
            _turned_back(rotation, normal32),
        )

    def trace(self, rays: Array, normal: Array | None) -> tuple[Index, Array]:
        """Nearest hits of (N, 3) contiguous rays: part and distance, both -1 for none.

        Args:
            rays: unit vectors.
            normal: (N, 3), filled in when given.
        """
        count = len(rays)
        part = np.full(count, -1, dtype=np.int32)
        distance = np.full(count, -1.0)
        if len(self._order) == 0 or count == 0:
            return part, distance
        self._mujoco.mj_multiRay(
            self._model,
            self._data,
            self._start,
            rays.ravel(),
            None,
            True,
            -1,
            part,
            distance,
            None if normal is None else normal.reshape(-1),
            count,
            _FAR_M,
        )
        found = part >= 0
        part[found] = self._order[part[found]]
        return part, distance


class Tracer:
    """Casts rays into one scene.

    Raises:
        RgbtError: MuJoCo is not installed.
    """

    def __init__(self, scene: SceneDescription) -> None:
        self.solids = Solids(scene)
        self.leafy = crowns(self.solids)
        self.mujoco = import_mujoco()
        kinds = self.mujoco.mjtGeom
        types = {
            Shape.BOX: kinds.mjGEOM_BOX,
            Shape.SPHERE: kinds.mjGEOM_SPHERE,
            Shape.ELLIPSOID: kinds.mjGEOM_ELLIPSOID,
            Shape.CYLINDER: kinds.mjGEOM_CYLINDER,
            Shape.CAPSULE: kinds.mjGEOM_CAPSULE,
        }
        self.types = [types[SHAPES[s]] for s in self.solids.shape]

    def sight(
        self,
        poses: Poses,
        origin: npt.ArrayLike,
        directions: npt.NDArray[np.floating[Any]],
        pixel_angle: float = 0.0,
    ) -> Sight:
        """Prepare for rays from one point.

        Args:
            poses: of this moment.
            origin: (3,) metres, world.
            directions: (N, 3) unit vectors, world, that enclose all rays to come.
            pixel_angle: radians; what is thinner than a quarter of it is left out.
        """
        start = np.asarray(origin, dtype=np.float64)
        beam = Beam(start, np.asarray(directions, dtype=np.float64))
        chosen = beam.meets(poses.position, self.solids.radius)
        chosen &= self.solids.clearance(poses, start) > MIN_CLEARANCE_M
        away = np.linalg.norm(poses.position - start, axis=1) - self.solids.radius
        chosen &= self.solids.thickness > 0.25 * pixel_angle * away
        return Sight(self, poses, np.flatnonzero(chosen), beam, pixel_angle)

    def cast(
        self,
        origin: npt.ArrayLike,
        directions: npt.NDArray[np.floating[Any]],
        time_s: float,
    ) -> Hits:
        """The first surface along each ray.

        Args:
            origin: (3,) metres, world.
            directions: (N, 3) unit vectors, world.
            time_s: seconds since the start.
        """
        return self.sight(self.solids.poses(time_s), origin, directions).cast(directions)

    def lit(
        self, poses: Poses, light: npt.ArrayLike, points: Float32, detail_m: float = 0.03
    ) -> Bool:
        """Which points a light reaches: one bundle from the light to all of them.

        Args:
            poses: of this moment.
            light: (3,) metres, world.
            points: (N, 3) metres, world, on surfaces.
            detail_m: thinner parts cast no shadow.

        Returns:
            (N,) True where nothing stands between.
        """
        start = np.asarray(light, dtype=np.float64)
        rays = points.astype(np.float64) - start
        length = np.linalg.norm(rays, axis=1)
        rays /= length[:, None]
        beam = Beam(start, rays)
        chosen = beam.meets(poses.position, self.solids.radius)
        gap = np.linalg.norm(poses.position - start, axis=1) - self.solids.radius
        chosen &= (gap < length.max(initial=0.0)) & (self.solids.thickness >= detail_m)
        # A lamp sits inside its own housing.
        chosen &= self.solids.clearance(poses, start) > MIN_CLEARANCE_M
        _, distance = Sight(self, poses, np.flatnonzero(chosen), beam).trace(rays, None)
        # Float32 points lie up to a few millimetres beside the surface; grazing rays amplify it.
        reached: Bool = (distance < 0) | (distance > length - 0.03)
        return reached


def _turned_back(rotation: Float32, vectors: Float32) -> Float32:
    """rotation^T @ vector for each row."""
    result: Float32 = np.einsum("nji,nj->ni", rotation, vectors)
    return result


def _clusters(
    chosen: npt.NDArray[np.intp], coordinates: Array, large: Bool
) -> list[npt.NDArray[np.intp]]:
    """Groups of parts that are near in ``coordinates``, by halving along the longest side.

    Large parts share one group, so that they do not widen the bounds of the others.
    """
    result = [chosen[large[chosen]]]
    stack = [chosen[~large[chosen]]]
    while stack:
        group = stack.pop()
        if len(group) <= _CLUSTER_SIZE:
            result.append(group)
            continue
        spread = np.ptp(coordinates[group], axis=0)
        order = group[np.argsort(coordinates[group, int(np.argmax(spread))], kind="stable")]
        middle = len(order) // 2
        stack += [order[:middle], order[middle:]]
    return [group for group in result if len(group)]
