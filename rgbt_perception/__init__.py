"""RGB-thermal perception: depth, confidence and coloured clouds in every weather."""

from pkgutil import extend_path

# Under colcon the generated messages live in a second folder of the same package name.
__path__ = extend_path(__path__, __name__)

__version__ = "0.1.0"
