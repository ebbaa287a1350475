"""Writes docs/questions/: planners' questions, each with its command, what that says, a figure and a caveat.

`make validation`, or `python tests/question_pages.py`, writes the pages; with --figures (`make questions`) the figures
too, which needs a browser; names write these pages only. Tests run every command and compare.
"""

import sys

from questions import buying, checkpoints, designs, failing
from questions.asking import Question, Told, ask
from questions.drawing import draw
from questions.pages import FOLDER, IMAGES, index, page

QUESTIONS: tuple[Question, ...] = (
    *buying.QUESTIONS, *checkpoints.QUESTIONS, *failing.QUESTIONS, *designs.QUESTIONS,
)  # fmt: skip


def wanted() -> tuple[Question, ...]:
    """Return the questions that are named on the command line, or all."""
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    return tuple(question for question in QUESTIONS if not names or question.name in names)


def main() -> int:
    """Write the pages, or with --check say whether they are up to date."""
    stale, figures, said = 0, {}, dict[str, Told]()
    for question in wanted():
        told = said[question.command] = said.get(question.command) or ask(question.command)
        path, figure = FOLDER / f"{question.name}.md", question.figure(told)
        figures[IMAGES / f"{question.name}.svg"] = figure
        text = page(question, told, figure)
        if "--check" in sys.argv[1:]:
            stale += not path.is_file() or path.read_text(encoding="utf-8") != text
            continue
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    if "--check" in sys.argv[1:]:
        return int(stale > 0)
    if all((FOLDER / f"{question.name}.md").is_file() for question in QUESTIONS):
        (FOLDER / "README.md").write_text(index(QUESTIONS), encoding="utf-8")
    if "--figures" in sys.argv[1:]:
        draw(figures)
        print(f"drew {len(figures)} figures in {IMAGES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
