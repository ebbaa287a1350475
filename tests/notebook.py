"""The blocks of docs/notebook.md, run one after the other as a notebook would run them.

python -m tests.notebook      # writes what they print into the page
"""

import ast
import contextlib
import io
import os
import re
import tempfile
from typing import Any

from tests.test_architecture import ROOT

PAGE = ROOT / "docs" / "notebook.md"
_BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)


def executed(page: str) -> str:
    """Return the page with what each block prints below it. It runs in the working directory."""
    names: dict[str, Any] = {}
    return _BLOCK.sub(lambda block: _shown(block["code"], names), page)


def _shown(code: str, names: dict[str, Any]) -> str:
    printed = run(code, names).rstrip("\n")
    written = "\n".join(line.rstrip() for line in printed.splitlines())
    return f"```python\n{code}```\n" + (f"\n```text\n{written}\n```\n" if written else "")


def run(code: str, names: dict[str, Any]) -> str:
    """Return what a block prints: its own output, and its last line's value unless that is None."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, PAGE.name, "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), PAGE.name, "eval"), names)
    return printed.getvalue() + ("" if value is None else repr(value))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = PAGE.read_text(encoding="utf-8")
        os.chdir(folder)
        PAGE.write_text(executed(text), encoding="utf-8")
