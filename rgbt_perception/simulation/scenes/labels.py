"""Class ids of the FMB data set that the simulator writes."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """FMB ids; rubble, walls and stairs count as building, pipes as pole, grass as vegetation."""

    UNLABELLED = 0
    ROAD = 1
    SIDEWALK = 2
    BUILDING = 3
    TRAFFIC_LIGHT = 4
    TRAFFIC_SIGN = 5
    VEGETATION = 6
    SKY = 7
    PERSON = 8
    CAR = 9
    TRUCK = 10
    BUS = 11
    MOTORCYCLE = 12
    BICYCLE = 13
    POLE = 14
