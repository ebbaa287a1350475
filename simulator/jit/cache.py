"""Compiled code, kept for the next process: one file for each function, its arguments and the processor.

A file begins with a digest of what follows. What is cut short, changed or not to be read is compiled and written
again. Numba's own cache has no such digest, and fails on a damaged file every time.
"""

import hashlib
import os
import pickle
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba

_DIGEST = hashlib.sha256
_WIDTH = _DIGEST().digest_size


class Cache:
    """The cache of one function, in the place of the one that Numba gives it: it never raises."""

    def __init__(self, function: Any, folder: Path) -> None:
        self._code = function.__code__
        # What a closure holds is in no digest, so what hangs on it is not kept.
        self._kept = function.__closure__ is None
        self._folder = folder
        self._stem = f"{function.__module__}.{function.__name__}-{self._code.co_firstlineno}"

    @property
    def cache_path(self) -> str:
        """The folder in which the files stand."""
        return str(self._folder)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function for some types of arguments, or None where it has to be compiled."""
        from numba.core.compiler import CompileResult

        target_context.refresh()
        content = _content(self._file(sig, target_context)) if self._kept else None
        if content is None:
            return None
        # The file is as it was written. That this Numba cannot use it is a reason to compile, and no error.
        with suppress(Exception):
            return CompileResult._rebuild(target_context, *pickle.loads(content))
        return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keep a compiled function, if it can be and there is room."""
        from numba.core.serialize import dumps

        if not self._kept or cres.lifted or cres.library.has_dynamic_globals:
            return
        file = self._file(sig, cres.target_context)
        content = dumps(cres._reduce())
        unfinished = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if file.is_dir():
                shutil.rmtree(file)
            unfinished.write_bytes(_DIGEST(content).digest() + content)
            os.replace(unfinished, file)  # at once, so that another process sees all of it or nothing
        except OSError:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def flush(self) -> None:
        """Forget what is kept of the function."""
        for file in self._folder.glob(f"{self._stem}-*"):
            with suppress(OSError):
                file.unlink()

    def is_empty(self) -> bool:
        """Return whether no file of the function is whole."""
        return all(_content(file) is None for file in self._folder.glob(f"{self._stem}-*.code"))

    def _file(self, sig: Any, target_context: Any) -> Path:
        # The last two are settings by which Numba compiles other code.
        config: Any = numba.config
        settings = (config.BOUNDSCHECK, config.DEBUGINFO_DEFAULT)
        key = repr((str(sig), target_context.codegen().magic_tuple(), self._code.co_code, settings))
        return self._folder / f"{self._stem}-{_DIGEST(key.encode()).hexdigest()[:16]}.code"


def _content(file: Path) -> bytes | None:
    """What a file holds behind its digest; None where it does not stand there as it was written."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content[_WIDTH:] if _DIGEST(content[_WIDTH:]).digest() == content[:_WIDTH] else None
