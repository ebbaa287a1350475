"""Calibration: measurements of real GPUs, ours and those of other tools, and the constants that follow from them."""

from simulator.calibration.fit import Constant, Peaks, fit
from simulator.calibration.formats import read_record
from simulator.calibration.measurements import Measurement, Record, UnreadableError, as_json

__all__ = ["Constant", "Measurement", "Peaks", "Record", "UnreadableError", "as_json", "fit", "read_record"]
