"""Whether perception could use the pictures that were seen, and pair them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from rgbt_perception.config import PairingConfig, ThermalConfig
from rgbt_perception.errors import InputError
from rgbt_perception.live.sampling import Sampler
from rgbt_perception.sensing.decode import color_picture, thermal_picture
from rgbt_perception.sensing.intake import RgbIntake, ThermalIntake
from rgbt_perception.session import Stream

# Of the slower camera's pictures, so many should find a partner.
_ENOUGH = 0.5


def picture_fault(
    stream: Stream, picture: Sampler, info: Sampler | None, config: ThermalConfig
) -> str:
    """Why the last picture could not be used; empty if it could.

    Args:
        stream: which of the two cameras' pictures.
        picture: what came of them.
        info: its camera_info; None, or one that cannot be used, leaves the size unjudged.
        config: how many telemetry rows are cut.
    """
    colour = stream is Stream.RGB_IMAGE
    intake = RgbIntake() if colour else ThermalIntake(config)
    if info is not None and info.last is not None:
        with suppress(InputError, AttributeError):
            intake.set_info(info.last)
    try:
        if intake.model is None:
            (color_picture if colour else thermal_picture)(picture.last)
        elif isinstance(intake, RgbIntake):
            intake.frame(picture.last)
        else:
            intake.frame(picture.last, False)
    except InputError as error:
        return str(error).removeprefix(f"{stream.value}: ")
    return ""


def pairing_fault(rgb: Sampler, thermal: Sampler, config: PairingConfig) -> str:
    """Why the two streams do not pair; empty if they do, or too little came to tell.

    Args:
        rgb, thermal: the pictures that came.
        config: tolerance and known offsets.
    """
    stamps = [
        np.sort(np.array(sampler.stamps_ns, dtype=np.int64)) - round(offset_s * 1e9)
        for sampler, offset_s in ((rgb, config.rgb_offset_s), (thermal, config.thermal_offset_s))
    ]
    few, many = sorted(stamps, key=len)
    if len(few) < 2:
        return ""
    place = np.clip(np.searchsorted(many, few), 1, len(many) - 1)
    apart_s = np.minimum(np.abs(few - many[place - 1]), np.abs(many[place] - few)) / 1e9
    share = float((apart_s <= config.tolerance_s).mean())
    if share >= _ENOUGH:
        return ""
    older_s = float(np.median(thermal.ages_s) - np.median(rgb.ages_s))
    side = "older than" if older_s > 0 else "ahead of"
    return (
        f"only {100 * share:.0f} % of the pictures find one of the other camera within "
        f"{config.tolerance_s:g} s (pairing.tolerance_s); on arrival the thermal stamps are "
        f"{abs(older_s):.3f} s {side} the RGB ones; wanted one clock and trigger, or a constant "
        "delay told by pairing.rgb_offset_s or pairing.thermal_offset_s"
    )
