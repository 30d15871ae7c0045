"""The processes of a registration service, one file each; importing this package registers them all."""

from importlib import import_module
from pkgutil import iter_modules

ALL: tuple[str, ...] = tuple(
    sorted(import_module(f"{__name__}.{module.name}").__name__ for module in iter_modules(__path__))
)
"""Their modules' names."""
