"""Lengths of the human body as shares of its height (anthropometric tables, rounded)."""

from __future__ import annotations

THIGH, SHIN, FOOT = 0.245, 0.246, 0.04
HIP_HALF, SHOULDER_HALF = 0.052, 0.12
SPINE = 0.29
UPPER_ARM, FOREARM = 0.17, 0.2
