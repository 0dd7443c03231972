"""What a recording gives in replay: results by topic and stamp, as bytes.

Two hosts are compared to the bit; ``live_outputs`` is the same for the one on DDS.
"""

from __future__ import annotations

from rgbt_perception.config import Config, with_values
from rgbt_perception.outputs import LATCHED_TOPICS, offered_topics
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import typestore
from rgbt_perception.replay import ReplayOptions, replay
from rgbt_perception.sensing.decode import stamp_of

# Those of which there is one for each pair.
TOPICS = {
    topic: kind for topic, kind in offered_topics(scene=True).items() if topic not in LATCHED_TOPICS
}

# Nothing here is about time: a loaded machine must not look like a lost camera.
CONFIG = with_values(
    Config(),
    {
        "pairing.timeout_s": 30.0,
        "host.status_period_s": 0.1,
        "watchdog.warn_ms": 60_000.0,
        "watchdog.error_ms": 60_000.0,
    },
)


def content(message, kind):
    """Everything that is computed: stages are times, which differ from run to run."""
    if kind.endswith("PerceptionStatus"):
        message.stages = []
    return bytes(typestore().serialize_cdr(message, kind))


def by_stamp(messages):
    """Content by topic and stamp."""
    found = {}
    for topic, message in messages:
        if topic in TOPICS and (topic != "status" or message.mode):
            found[topic, stamp_of(message)] = content(message, TOPICS[topic])
    return found


def replayed(bag, out):
    replay(bag, out, CONFIG, ReplayOptions(debug_outputs=True))
    with RecordingReader(out / "perception.mcap") as reader:
        return by_stamp((m.topic.removeprefix("/perception/"), m.value) for m in reader.messages())
