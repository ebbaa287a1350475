"""Whether the site of the docs needs a network: what its pages load, and from where.

python -m tests.site build/site      # names what is loaded from elsewhere, and ends with 1 if anything is
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# What a browser fetches by itself, by tag; a link that a reader follows is none of it.
_LOADED = {
    "audio": ("src",), "embed": ("src",), "iframe": ("src",), "img": ("src", "srcset"), "input": ("src",),
    "object": ("data",), "script": ("src",), "source": ("src", "srcset"), "track": ("src",), "video": ("src", "poster"),
}  # fmt: skip
_NOT_LOADED = {"alternate", "author", "canonical", "help", "license", "next", "prev", "search"}  # of <link rel=...>
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
# The theme's script fetches the library of diagrams from elsewhere as soon as a page has one.
_DIAGRAM = "mermaid"


def foreign(html: str) -> list[str]:
    """Return the addresses elsewhere that a page of HTML loads something from."""
    reader = _Reader()
    reader.feed(html)
    return [*reader.found, *_IN_STYLE.findall(html)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        names = _LOADED.get(tag, ())
        if tag == "link" and not _NOT_LOADED & set(given.get("rel", "").split()):
            names = ("href",)
        addresses = [address for name in names for address in given.get(name, "").split(",")]
        self.found += [address.strip() for address in addresses if _ELSEWHERE.match(address.strip())]
        if _DIAGRAM in given.get("class", "").split():
            self.found.append(_DIAGRAM)


def foreign_in(site: Path) -> Iterator[str]:
    """Yield what a folder of pages and styles loads from elsewhere, with the file that does."""
    files = [file for file in sorted(site.rglob("*")) if file.suffix in (".html", ".css", ".svg")]
    if not any(file.suffix == ".html" for file in files):
        yield f"{site}: there is no page"
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = foreign(text) if file.suffix == ".html" else _IN_STYLE.findall(text)
        yield from (f"{file.relative_to(site)}: {address}" for address in found)


if __name__ == "__main__":
    wrong = list(foreign_in(Path(sys.argv[1])))
    print("\n".join(wrong) or "nothing is loaded from elsewhere")
    sys.exit(bool(wrong))
