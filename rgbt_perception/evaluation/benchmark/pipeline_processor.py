"""Our own session as a contestant: with our engines, or with another runtime in their place."""

from __future__ import annotations

import time
from collections.abc import Mapping, Set

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.identity import runtimes
from rgbt_perception.evaluation.benchmark.inputs import Messages, Sizes, bench_rig
from rgbt_perception.outputs import usual_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.session import Session, Stream


class PipelineProcessor:
    """See ``Processor``.

    Attributes:
        config: all parameters.
    """

    def __init__(
        self,
        engine: Engine,
        scene: Engine | None,
        sizes: Sizes,
        cloud_every: int = 1,
        config: Config | None = None,
        weights: str = "",
    ) -> None:
        """Take loaded engines.

        Args:
            engine: with the depth network.
            scene: with the scene network, if there is one.
            sizes: of the cameras.
            cloud_every: see ``Contestant``.
            config: all parameters.
            weights: see ``Processor``.
        """
        self.engine = runtimes(engine, scene)
        self.weights = weights
        self.config = config or Config()
        self._pipeline = DepthPipeline(self.config.output, engine, scene)
        self.network = (self._pipeline.width, self._pipeline.height)
        self._rig = bench_rig(sizes)
        self._topics = usual_topics(scene is not None)
        self._cloud_every = cloud_every
        self._session = self.session(self.config)

    def session(self, config: Config) -> Session:
        """A new one with the same engines and takers for every topic but those for debugging.

        Args:
            config: all parameters.
        """
        return Session(config, self._pipeline, RosbagsFactory(), rig=self._rig, select=self._wanted)

    def _wanted(self, index: int) -> Set[str]:
        return self._topics - {"points"} if index % self._cloud_every else self._topics

    def process(self, pair: Messages) -> Mapping[str, float]:
        """See ``Processor.process``; the first pair may wait for the second, without stages."""
        rgb, thermal = pair
        now_ns = stamp_of(thermal)
        outputs = self._session.handle(Stream.RGB_IMAGE, rgb, now_ns)
        started = time.perf_counter()
        outputs += self._session.handle(Stream.THERMAL_IMAGE, thermal, now_ns)
        total = (time.perf_counter() - started) * 1e3
        status = next((output for output in outputs if output.topic == "status"), None)
        stages = () if status is None else status.message.stages
        return {**{stage.stage: stage.milliseconds for stage in stages}, "total": total}
