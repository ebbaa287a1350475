"""Compiled code on disk: kept for the next process, and compiled again where it is not as it was written."""

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simulator import jit
from simulator.jit.cache import Cache
from simulator.numbers.chance import replication_key, uniform

pytestmark = pytest.mark.skipif(not jit.COMPILED, reason="nothing is compiled here")
ROOT = Path(jit.__file__).parents[2]

# One draw, how many functions came from the disk, and how many were compiled.
DRAW = """
import numpy as np
from simulator.numbers import chance
number = float(chance.uniform(np.uint64(chance.replication_key(1, 2)), 3, 4, 5)).hex()
counts = [each.stats for each in (chance.uniform, chance.replication_key)]
print(number, sum(sum(each.cache_hits.values()) for each in counts), len(counts))
"""


def drawn(home: Path) -> tuple[str, int]:
    """The number, and how many of the two functions were found in the cache under `home`."""
    environment = os.environ | {"XDG_CACHE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert not done.stderr
    number, found, _ = done.stdout.split()
    return number, int(found)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("home")
    number, found = drawn(home)
    assert found == 0
    return home, number


def files_of(home: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in home.rglob("*.code")}


def of_another_version(content: bytes) -> bytes:
    """A file that is whole, and holds what this version cannot make a function of."""
    payload = b"\x80\x05K\x07."  # the number 7
    return hashlib.sha256(payload).digest() + payload


def changed_in_the_middle(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "cut by one byte": lambda content: content[:-1],
    "no more than a digest": lambda content: content[:32],
    "garbage": lambda content: b"no compiled code.",
    "one bit": changed_in_the_middle,
    "the digest": lambda content: b"\0" * 32 + content[32:],
    "longer": lambda content: content + b"\0",
    "of another version": of_another_version,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_compiled_and_written_again(kept: tuple[Path, str], harm: str) -> None:
    home, number = kept
    before = files_of(home)
    assert len(before) >= 2 and drawn(home) == (number, 2)
    for file, content in before.items():
        file.write_bytes(HARMS[harm](content))
    assert drawn(home) == (number, 0)
    assert drawn(home) == (number, 2)
    assert set(files_of(home)) == set(before)


def test_a_folder_in_the_place_of_a_file_is_replaced(kept: tuple[Path, str]) -> None:
    home, number = kept
    for file in files_of(home):
        file.unlink()
        file.mkdir()
        (file / "more").write_text("in the way")
    assert drawn(home) == (number, 0)
    assert drawn(home) == (number, 2)


def test_nothing_is_left_beside_the_files(kept: tuple[Path, str]) -> None:
    assert all(file.suffix == ".code" for file in kept[0].rglob("*") if file.is_file())


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], int]:
    """A function with a cache of its own, compiled through the decorator."""
    monkeypatch.setattr(jit, "CACHE_FOLDER", tmp_path / "kernels")
    monkeypatch.setattr(jit, "_kernels", [])
    return jit.kernel(_twice)


def _twice(number: int) -> int:
    return 2 * number


def test_what_cannot_be_read_or_written_is_compiled(
    lonely: Callable[[int], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The superuser may read and write everything, so the refusal is made here."""

    def refuse(*arguments: object, **options: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert lonely(4) == 8
    assert not list(tmp_path.rglob("*.code"))
    assert jit.cache_is_cold()


def test_a_file_that_others_took_the_rights_of_is_written_again(
    lonely: Callable[[int], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lonely(4) == 8
    (file,) = tmp_path.rglob("*.code")
    file.chmod(0)
    read = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if not path.stat().st_mode & stat.S_IRUSR:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert jit.cache_is_cold()
    assert jit.kernel(_twice)(4) == 8
    assert file.stat().st_mode & stat.S_IRUSR
    assert not jit.cache_is_cold()


def test_a_disk_that_is_full_leaves_no_half_a_file(
    lonely: Callable[[int], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def write_half(path: Path, content: bytes) -> int:
        write(path, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    assert lonely(4) == 8
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_the_cache_is_cold_until_all_kernels_are_whole(lonely: Callable[[int], int], tmp_path: Path) -> None:
    assert jit.cache_is_cold()
    lonely(1)
    assert not jit.cache_is_cold()
    (file,) = tmp_path.rglob("*.code")
    file.write_bytes(file.read_bytes()[:-1])
    assert jit.cache_is_cold()
    lonely.recompile()  # type: ignore[attr-defined]
    assert not jit.cache_is_cold() and lonely(3) == 6


def test_what_a_closure_holds_is_not_mistaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two functions of one name and place that differ in what surrounds them."""
    monkeypatch.setattr(jit, "CACHE_FOLDER", tmp_path)
    monkeypatch.setattr(jit, "_kernels", [])

    def times(factor: int) -> Callable[[int], int]:
        @jit.kernel
        def multiply(number: int) -> int:
            return factor * number

        return multiply

    assert (times(2)(5), times(3)(5)) == (10, 15)


def test_a_setting_of_numbas_that_changes_code_has_files_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numba

    context = jit.kernel.__globals__["numba"].core.registry.cpu_target.target_context
    cache = Cache(_twice, tmp_path)
    plain = cache._file((numba.int64,), context)
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 1)
    assert cache._file((numba.int64,), context) != plain
    assert cache._file((numba.int64,), context).parent == plain.parent == tmp_path


def test_the_draws_of_this_process_are_those_of_a_fresh_one(kept: tuple[Path, str]) -> None:
    assert float(uniform(np.uint64(replication_key(1, 2)), 3, 4, 5)).hex() == kept[1]
