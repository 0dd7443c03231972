"""Which waiting frames of two streams are a pair, as soon as it is certain.

**Which.** Of all pairs (one frame of each camera, stamps without the sensors' known delays) the
one with the smallest difference is taken first, then the next smallest whose frames are both free
and which does not cross a pair already taken, and so on up to the tolerance; of two equal
differences the earlier pair wins. This contains every pair of mutually nearest frames and uses no
frame twice. Since pairs do not cross, only frames that follow each other in the merged order of
stamps can become one, and a chain of such candidates with shrinking differences is settled from
its end.

**When.** A candidate is settled as soon as no nearer partner can come. Stamps of a stream only
grow, so the one thing to wait for is the next frame of the camera whose frame is the earlier of
the two. With the difference d, that frame matters only if it comes less than 2 d after the frame
before it. When 2 d is at most the stream's shortest interval (two thirds of its usual one, see
``PairedStream.shortest_ns``) the pair is released at once, else when the next frame is here
(ours). With intervals regular within 20 % this never takes a wrong partner.

**Half a period apart** the frames before and after are equally near, jitter decides between them,
and each change of side costs a frame. A steady delay between the cameras is therefore to be told
(``pairing.thermal_offset_s``): what is left of it is small whatever the rate.
"""

from __future__ import annotations

from typing import TypeVar

from rgbt_perception.sensing.paired_stream import Drop, PairedStream, Waiting

T = TypeVar("T")


def settle(
    rgb: PairedStream[T],
    thermal: PairedStream[T],
    tolerance_ns: int,
    ended: tuple[PairedStream[T], ...] = (),
) -> list[tuple[Waiting[T], Waiting[T]]]:
    """Take from the queues, from the oldest frame on, what no later frame can change.

    Args:
        rgb, thermal: the streams; pairs leave their queues, frames without partner are dropped.
        tolerance_ns: largest difference within a pair, nanoseconds.
        ended: streams of which no more frames can come. Once one queue is empty the rest of the
            other is then left to the caller.

    Returns:
        Pairs (RGB, thermal) in time order.
    """
    pairs: list[tuple[Waiting[T], Waiting[T]]] = []
    while rgb.queue or thermal.queue:
        first, other = rgb, thermal
        if not rgb.queue or (thermal.queue and thermal.queue[0].time_ns < rgb.queue[0].time_ns):
            first, other = thermal, rgb
        first_ns = first.queue[0].time_ns
        if not other.queue:
            passed = other.newest_ns is not None and other.newest_ns - first_ns >= tolerance_ns
            if ended or not passed:
                break
            first.drop(Drop.UNMATCHED)
            continue
        partner_ns = other.queue[0].time_ns
        next_is_nearer = len(first.queue) > 1 and first.queue[1].time_ns <= partner_ns
        if next_is_nearer or partner_ns - first_ns > tolerance_ns:
            first.drop(Drop.UNMATCHED)
            continue
        length, certain = _chain(first, other, ended)
        if not certain:
            break
        if length % 2 == 0:
            first.drop(Drop.UNMATCHED)
        for _ in range((length + 1) // 2):
            pairs.append((rgb.queue.popleft(), thermal.queue.popleft()))
    rgb.matched += len(pairs)
    thermal.matched += len(pairs)
    return pairs


def _chain(
    first: PairedStream[T], other: PairedStream[T], ended: tuple[PairedStream[T], ...]
) -> tuple[int, bool]:
    """Follow the candidates from the oldest frame as long as their differences shrink.

    The last candidate of the chain is nearer than both its neighbours and wins; counted back from
    it every second one wins, the others have lost a frame to a nearer pair.

    Returns:
        How many candidates the chain has, and whether its end is certain.
    """
    early, late = first, other
    i = j = 0
    length = 1
    while True:
        late_ns = late.queue[j].time_ns
        gap_ns = late_ns - early.queue[i].time_ns
        if i + 1 == len(early.queue):
            # Only the next frame of this camera could be nearer, and it is not here yet.
            return length, early in ended or 2 * gap_ns <= early.shortest_ns
        next_ns = early.queue[i + 1].time_ns
        if next_ns - late_ns >= gap_ns:
            return length, True
        if j + 1 < len(late.queue) and late.queue[j + 1].time_ns <= next_ns:
            return length, True
        early, late, i, j = late, early, j, i + 1
        length += 1
