"""`derisk calibrate`: constants of models, fitted to measurements."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import AsJson
from simulator.cli.terminal import Code, Refusal, say, width, write_json, write_text

if TYPE_CHECKING:
    from simulator.calibration import Peaks, Record
    from simulator.words.hardware import Gpu
    from simulator.words.quantity import Quantity

calibrate = typer.Typer(no_args_is_help=True, help="Fit constants to measurements.")

MeasurementFiles = Annotated[
    list[Path],
    typer.Argument(
        metavar="MEASUREMENTS",
        help="Files of derisk bench-gpu, or outputs of nccl-tests or mamf-finder.",
        show_default=False,
    ),
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="NAME", help="The hardware profile to compare with.", show_default="that of the device"
    ),
]
OutputFile = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE.yaml", help="Write a calibration for the profile.", show_default=False
    ),
]


@calibrate.callback()
def _group() -> None:
    """Fit constants to measurements."""  # with a callback a group of one command stays a group


@calibrate.command("hardware")
def calibrate_hardware(
    files: MeasurementFiles, profile: ProfileName = None, output: OutputFile = None, json: AsJson = False
) -> None:
    """Fit the constants of a GPU's profile, with their uncertainty and how well they fit."""
    from simulator.calibration import fit
    from simulator.cli.output import new_file
    from simulator.report.machine import calibration_sheet

    records = _read_all(files)
    gpu, name = _profile(profile, records)
    measurements = [one for record in records.values() for one in record.measurements]
    constants, notes = fit(measurements, _peaks(gpu))
    notes = [f"{file}: {note}" for file, record in records.items() for note in record.notes] + notes
    sheet = calibration_sheet.Sheet(name, gpu.name, records, constants, notes)
    if output is not None:
        try:
            fragment = calibration_sheet.as_yaml(sheet, gpu.peak)
        except ValueError as error:
            raise Refusal(f"{output} is not written: {error}", Code.USAGE) from None
        with new_file(output) as write:
            write(fragment)
    if json:
        write_json(calibration_sheet.as_json(sheet))
        return
    write_text(calibration_sheet.as_text(sheet, width()))
    if output is not None:
        write_text(f"\nWritten: {output}, to be put into the profile {name}.")


def _read_all(files: list[Path]) -> "dict[str, Record]":
    """Return the records by their files. Raises ScenarioErrors for those that cannot be read, all at once."""
    from simulator.calibration import UnreadableError, read_record
    from simulator.scenario import ScenarioError, ScenarioErrors
    from simulator.scenario.errors import Spot

    records: dict[str, Record] = {}
    errors: list[ScenarioError] = []
    first = None
    for file in files:
        try:
            text = _text(file)
            record = records[str(file)] = read_record(text, file.name)
        except UnreadableError as error:
            lines = [*text.splitlines(), *[""] * error.line]
            shown = lines[error.line - 1] if len(lines[error.line - 1]) <= 200 else ""
            spot = Spot(str(file), error.line, error.column, 1, shown)
            errors.append(ScenarioError(spot, error.path, error.message, error.remedy))
            continue
        except ScenarioErrors as failed:
            errors += failed.errors
            continue
        first = first or (record.device and (file, record.device))
        if first and record.device and record.device != first[1]:
            what = f"was measured on {record.device}, but {first[0]} on {first[1]}"
            errors.append(ScenarioError(Spot(str(file)), "", what, "calibrate one kind of GPU at a time"))
    if errors:
        raise ScenarioErrors(errors)
    return records


def _text(file: Path) -> str:
    """Return the text of a file; a log may hold bytes of any encoding, which stand in no number."""
    from simulator.calibration.formats import MOST_BYTES
    from simulator.scenario import ScenarioError, ScenarioErrors
    from simulator.scenario.errors import Spot

    def refuse(what: str, remedy: str = "") -> ScenarioErrors:
        return ScenarioErrors([ScenarioError(Spot(str(file)), "", what, remedy)])

    try:
        if file.exists() and not file.is_file() and not file.is_dir():
            raise refuse("is not a file with an end", "give a file with the text that the tool printed")
        content = file.read_bytes() if file.stat().st_size <= MOST_BYTES else b"\0"
    except OSError as error:
        raise refuse(f"cannot be read ({error.strerror})") from None
    if b"\0" in content:
        raise refuse("is too large, or a binary file", "give the text that the tool printed")
    return content.decode("utf-8", "replace").removeprefix("\ufeff")


def _profile(name: str | None, records: "dict[str, Record]") -> "tuple[Gpu, str]":
    """Return the profile of that name, or that of the device. Raises Refusal, or ScenarioErrors for a bad profile."""
    from simulator.scenario.profiles import find_profile, gpu_names, load_gpu

    device = next((record.device for record in records.values() if record.device), None)
    if name is not None:
        found = None if name.endswith(".yaml") else find_profile(name)
        gpu, own = load_gpu(name), _recognised(device or "")
        if found is not None and own not in (None, found.stem):
            say(f"measured on {device}, whose profile is {own}; it is compared with {found.stem} all the same")
        return gpu, name if found is None else found.stem
    if device is None:
        words = (
            "the files do not say on which GPU they were measured; name its profile with --profile, such as h200_sxm"
        )
        raise Refusal(words, Code.USAGE)
    known = _recognised(device)
    if known is None:
        words = f"no profile is known to be that of '{device}'; name one with --profile: {', '.join(gpu_names())}"
        raise Refusal(words, Code.USAGE)
    return load_gpu(known), known


def _recognised(device: str) -> str | None:
    """Return the profile of a device by the name that its driver gives it, such as "NVIDIA H100 80GB HBM3".

    A name with a word that is not understood, such as PCIe or NVL, is another product, with other speeds.
    """
    import re

    from simulator.scenario.profiles import find_profile, load_gpu

    words = re.split(r"[\s-]+", device)
    sizes = [int(word[:-2]) * 1e9 for word in words if re.fullmatch(r"\d+GB", word)]
    said = re.compile(r"NVIDIA|AMD|Instinct|SXM\d?|HBM\d\w*|\d+GB", re.IGNORECASE)
    found = find_profile("-".join(word for word in words if not said.fullmatch(word)))
    if found is None:
        return None
    memory = load_gpu(found.stem).memory
    fitting = memory is None or all(abs(size / memory.median - 1) < 0.1 for size in sizes)
    return found.stem if fitting else None


def _peaks(gpu: "Gpu") -> "Peaks":
    from simulator.calibration import Peaks

    def median(quantity: "Quantity | None") -> float | None:
        return None if quantity is None else quantity.median

    return Peaks(
        {precision: speed.median for precision, speed in gpu.peak.items()},
        median(gpu.memory_bandwidth),
        median(gpu.scale_up_bandwidth),
        median(gpu.scale_out_bandwidth),
    )
