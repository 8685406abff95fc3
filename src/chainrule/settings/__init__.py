"""What is asked of a training and of a fit: each setting is defined once, in `records`."""

from chainrule.settings.records import FitSettings, Settings, plain
from chainrule.settings.setting import (
    NETWORK,
    ROWS,
    TRAINING,
    Setting,
    called_otherwise,
    documented,
    refuse_unknown_settings,
    settings_of,
)
from chainrule.settings.values import BALANCED

__all__ = [
    "BALANCED", "NETWORK", "ROWS", "TRAINING", "FitSettings", "Setting", "Settings", "called_otherwise",
    "documented", "plain", "refuse_unknown_settings", "settings_of",
]  # fmt: skip
