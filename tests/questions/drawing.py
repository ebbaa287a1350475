"""Figures as SVG files: drawn by Plotly in Chromium, without a network; each says of which numbers it is."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from browsers import chromium

from simulator.report.figures import Figure
from simulator.report.figures.style import style

WIDTH = 820  # [px]
MARK = "derisk figure "


def digest(figure: Figure) -> str:
    """Return what tells one figure from another: its words, and its numbers as far as anybody sees them."""
    table = figure.table.to_csv(index=False, float_format="%.5g", lineterminator="\n")
    return hashlib.sha256("\n".join((figure.title, figure.alt, table)).encode()).hexdigest()[:16]


def digest_in(path: Path) -> str:
    """Return of which figure a file is; empty where it does not say."""
    found = re.search(rf"<!-- {MARK}(\w+) -->", path.read_text(encoding="utf-8"))
    return found[1] if found else ""


def draw(wanted: Mapping[Path, Figure]) -> None:
    """Draw figures into files. Raises RuntimeError without a browser."""
    with _page() as page:
        for path, figure in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_svg(page, figure), encoding="utf-8")


@contextmanager
def _page() -> Iterator[Any]:
    """Open a page that knows Plotly."""
    from plotly.offline import get_plotlyjs

    with chromium() as browser:
        page = browser.new_page()
        page.set_content("<html><body></body></html>")
        page.add_script_tag(content=get_plotlyjs())
        yield page


def _svg(page: Any, figure: Figure) -> str:
    plot = style(figure.plot)
    height = plot.layout.height or 400
    call = "async ([told, width, height]) => await Plotly.toImage(JSON.parse(told), {format: 'svg', width, height})"
    address = page.evaluate(call, [plot.to_json(), WIDTH, height])
    svg = unquote(address.partition(",")[2])
    # Plotly names parts of a drawing by chance; the same figure shall be the same file.
    names = re.findall(r'id="[a-z]*?-?([0-9a-f]{6})|\btrace([0-9a-f]{6})\b', svg)
    for number, name in enumerate(dict.fromkeys("".join(pair) for pair in names)):
        svg = re.sub(rf"(?<![0-9.]){name}", f"f{number:05d}", svg)
    head, end, rest = svg.partition(">")
    return f"{head}{end}<!-- {MARK}{digest(figure)} -->{rest}\n"
