"""YAML whose scalars are all text: ``011`` is no number and ``no`` is no truth value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigurationError


def load_text_yaml(path: Path) -> Any:
    """Read YAML with every scalar as text; raises ConfigurationError."""
    try:
        return yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"can't be read as YAML: {error}", where=str(path)) from error
