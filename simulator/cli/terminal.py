"""The border between the program and its user: every failure becomes words on stderr and an exit code."""

import errno
import os
import sys
from contextlib import suppress
from enum import IntEnum
from traceback import format_exception
from typing import Any

import typer
from typer.core import TyperGroup

TRACEBACK = "--traceback"
MOST_ERRORS = 100  # that are told at once
LONGEST_LINE = 1_000  # characters


class Code(IntEnum):
    """What the shell is told."""

    OK = 0
    INTERNAL = 1  # or the machine's: a disk that is full
    USAGE = 2
    SCENARIO = 3
    PRECISION = 4
    GATE = 5
    INTERRUPTED = 130


class Refusal(Exception):  # noqa: N818 - it is not always an error
    """A command cannot do what it is asked for; the text is for the user, and needs no traceback."""

    def __init__(self, text: str, code: Code = Code.INTERNAL) -> None:
        super().__init__(text)
        self.code = code


class Border(TyperGroup):
    """The group of all commands. What a command raises is told here, in one place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--traceback` wherever it stands: people write it behind the command that failed."""
        before_names = args[: args.index("--")] if "--" in args else args
        if TRACEBACK in before_names:
            args.remove(TRACEBACK)
            args.insert(0, TRACEBACK)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raise nothing but what ends the program with a code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(Code.INTERRUPTED) from None
        except Exception as error:
            if hasattr(error, "format_message"):
                raise  # a usage error, which shows itself and ends with 2
            if _is_broken_pipe(error):
                silence_stdout()
                raise typer.Exit(Code.OK) from None
            raise typer.Exit(told(error, bool(ctx.params.get("traceback")))) from None


def say(text: str) -> None:
    """Print a line for people on stderr, where it does not get into anybody's data."""
    with suppress(OSError):  # nobody listens, and that is no reason to fail
        print(f"derisk: {text}", file=sys.stderr, flush=True)


def told(error: Exception, traceback: bool = False) -> Code:
    """Print what went wrong, with a traceback where wanted and it is no mistake of the user's; return the exit code."""
    of_scenarios = sys.modules.get("simulator.scenario.errors")  # where none was read, none can be wrong
    if of_scenarios is not None and isinstance(error, of_scenarios.ScenarioErrors):
        number = len(error.errors)
        lines = "\n".join(str(one) for one in error.errors[:MOST_ERRORS]).split("\n")
        print(
            "\n".join(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..." for line in lines),
            file=sys.stderr,
        )
        if number > MOST_ERRORS:
            print(f"... and {number - MOST_ERRORS:_} more errors", file=sys.stderr)
        say(f"{number} error{'s' if number > 1 else ''}; nothing was run and nothing written")
        return Code.SCENARIO
    if traceback and (error.__cause__ is not None or not isinstance(error, Refusal)):
        print("".join(format_exception(error)), file=sys.stderr)
    if isinstance(error, Refusal):
        say(str(error))
        return error.code
    if isinstance(error, MemoryError):
        say("there is not enough memory; ask for fewer replications at a time, with --shard")
    elif isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        say(f"{where}{error.strerror}")
    else:
        words = " ".join(str(error).split()) or "no message"
        say(f"internal error: {type(error).__name__}: {words}; {TRACEBACK} shows where")
    return Code.INTERNAL


def silence_stdout() -> None:
    """Let nothing be written when the program ends: whoever read our output (`| head`) has left."""
    with suppress(OSError, ValueError):  # not a real file, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_broken_pipe(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def write_json(content: Any) -> None:
    """Write one JSON document to stdout."""
    import json

    # Infinity is no JSON: whoever made the content has turned it into null, or this raises.
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(text: str) -> None:
    """Write text to stdout, with what its encoding lacks replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def width() -> int | None:
    """Return the columns of the terminal, or None where stdout is a file or a pipe, which needs no wrapping."""
    import shutil

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
