"""Which tool wrote a file of measurements, and its record."""

from simulator.calibration import mamf_finder, nccl_tests
from simulator.calibration.measurements import Record, UnreadableError, from_json

MOST_BYTES = 64 * 2**20  # no output of these tools comes near it


def read_record(text: str, name: str = "") -> Record:
    """Return the record in a text of any known format; `name` is its file's. Raises UnreadableError."""
    if text.lstrip().startswith("{"):
        return from_json(text)
    if nccl_tests.recognises(text):
        return nccl_tests.read(text, name)
    if mamf_finder.recognises(text):
        return mamf_finder.read(text)
    what = "is empty" if not text.strip() else "holds no measurements that are known here"
    remedy = "give the JSON of derisk bench-gpu, or the output of nccl-tests or mamf-finder as it was printed"
    raise UnreadableError(what, remedy)
