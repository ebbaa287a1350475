"""What mkdocs asks while it builds the site: pages that stand above docs/, links that lead out of it, and folders."""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
# Pages above docs/, by their name on the site.
ABOVE = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}
_LINK = re.compile(r"(?P<before>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Spell out the folders of the navigation."""
    for entry in config.nav:
        for title, value in entry.items():
            if isinstance(value, str) and value.endswith("/*"):
                folder = ROOT / "docs" / value.removesuffix("/*")
                pages = sorted(folder.glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
                entry[title] = [page.relative_to(ROOT / "docs").as_posix() for page in pages]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand above docs/."""
    for name, above in ABOVE.items():
        text = (ROOT / above).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=moved(text, ROOT)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Return a page whose links stay on the site."""
    if page.file.src_uri in ABOVE:
        return markdown
    return moved(markdown, (ROOT / "docs" / page.file.src_uri).parent, (ROOT / "docs" / page.file.src_uri).parent)


def moved(markdown: str, folder: Path, base: Path = ROOT / "docs") -> str:
    """Return Markdown of a folder for a page in `base`: links to the site lead there, others are plain text."""
    on_site = {(ROOT / above).resolve(): ROOT / "docs" / name for name, above in ABOVE.items()}

    def link(found: re.Match[str]) -> str:
        path, hash_sign, anchor = found["target"].partition("#")
        if "://" in path or not path:
            return found[0]
        target = (folder / path).resolve()
        target = on_site.get(target, target)
        if not target.is_relative_to(ROOT / "docs"):
            return found["text"]
        place = Path(os.path.relpath(target, base)).as_posix()
        return f"{found['before']}[{found['text']}]({place}{hash_sign}{anchor})"

    return _LINK.sub(link, markdown)
