"""Topics under other names, as ROS 2 writes them on a command line."""

from __future__ import annotations

from collections.abc import Sequence

from rgbt_perception.errors import UsageError
from rgbt_perception.hosting.interfaces import input_topics, output_topics, resolve
from rgbt_perception.outputs import offered_topics
from rgbt_perception.session import Stream


def parse_remaps(words: Sequence[str], namespace: str = "/") -> dict[str, str]:
    """Words such as ``rgb/image:=/camera/image_raw`` as a table.

    Args:
        words: of the command line.
        namespace: of the node.

    Raises:
        UsageError: a word of another form, or a name that the node does not use.
    """
    used = {*input_topics(namespace).values(), *output_topics(namespace).values()}
    result = {}
    for word in words:
        source, arrow, target = word.partition(":=")
        if not (source and arrow and target):
            raise UsageError(
                f"--remap {word}: expected NAME:=NAME, e.g. rgb/image:=/camera/image_raw"
            )
        if resolve(source, namespace) not in used:
            raise UsageError(
                f"--remap {word}: no topic {source}; expected one of "
                f"{', '.join(stream.value for stream in Stream)}, "
                f"{', '.join(f'~/{topic}' for topic in offered_topics(scene=True))}"
            )
        result[source] = target
    return result
