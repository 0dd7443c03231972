"""Which texture belongs to which material."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rgbt_perception.simulation.parts import MaterialName
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures import facade, manufactured, masonry, nature
from rgbt_perception.simulation.rendering.textures.finish import Finish

TEXTURES: Mapping[MaterialName, Callable[[Sites], Finish]] = {
    MaterialName.ASPHALT: masonry.asphalt,
    MaterialName.LANE_PAINT: masonry.lane_paint,
    MaterialName.PAVING: masonry.paving,
    MaterialName.CONCRETE: masonry.concrete,
    MaterialName.BRICK: masonry.brick,
    MaterialName.PLASTER: masonry.plaster,
    MaterialName.FACADE_BRICK: facade.facade_brick,
    MaterialName.FACADE_PLASTER: facade.facade_plaster,
    MaterialName.GLASS: manufactured.glass,
    MaterialName.CAR_PAINT: manufactured.car_paint,
    MaterialName.BARE_METAL: manufactured.bare_metal,
    MaterialName.RUSTED_METAL: manufactured.rusted_metal,
    MaterialName.RUBBER: manufactured.rubber,
    MaterialName.PLASTIC: manufactured.plastic,
    MaterialName.FOLIAGE: nature.foliage,
    MaterialName.BARK: nature.bark,
    MaterialName.WOOD: nature.wood,
    MaterialName.GRASS: nature.grass,
    MaterialName.SOIL: nature.soil,
    MaterialName.SKIN: nature.skin,
    MaterialName.HAIR: nature.hair,
    MaterialName.CLOTH: nature.cloth,
    MaterialName.SIGN_FACE: manufactured.sign_face,
    MaterialName.RUBBLE: masonry.rubble,
    MaterialName.ROCK: masonry.rock,
    MaterialName.TILE: masonry.tile,
    MaterialName.LAMP_GLASS: manufactured.lamp_glass,
    MaterialName.EMBER: manufactured.ember,
}
