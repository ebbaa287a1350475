"""Hardware profiles and scenarios are found in a checkout and in an installed wheel alike."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from simulator import resources

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("hardware_profiles", "scenarios")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation nothing is fetched: the build backend is among the development dependencies.
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("cluster_derisk-*.whl")
    return path


def test_a_checkout_finds_its_own_folders() -> None:
    assert resources.hardware_profiles() == ROOT / "hardware_profiles"
    assert resources.scenarios() == ROOT / "scenarios"


def test_the_wheel_carries_every_profile_and_scenario(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"simulator/_data/{path.relative_to(ROOT)}" for name in FOLDERS for path in (ROOT / name).rglob("*.yaml")}
    assert wanted
    assert wanted <= shipped


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    shipped = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in shipped} == {"simulator", "cluster_derisk"}


def test_an_installed_package_finds_its_own_folders(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from simulator import resources\n"
        "print(resources.hardware_profiles(), resources.scenarios())"
    )
    # From another working directory, and with nothing but the wheel: finding files needs no dependency.
    found = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(installed / "simulator" / "_data" / name) for name in FOLDERS]
