"""Where the files that ship with the package lie: hardware profiles and scenarios."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def hardware_profiles() -> Path:
    """Return the folder of hardware profiles, one YAML file a machine, fabric or storage."""
    return _folder("hardware_profiles")


def scenarios() -> Path:
    """Return the folder of scenarios that ship with the package, `presets/` among them."""
    return _folder("scenarios")


def scenario_files() -> list[Path]:
    """Return the scenarios that ship with the package. What lies in `step_time/` are cases of training steps."""
    return sorted(path for path in scenarios().rglob("*.yaml") if path.parent.name != "step_time")


def _folder(name: str) -> Path:
    # A wheel carries the folders inside the package; in a checkout they stand beside it, where people look for them.
    root = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
    return root / name
