"""What the theme cannot say: measures, cards and the answer's sentence. Colours come from the theme's variables."""

import re
from html import escape

STYLE = """
<style>
.block-container {max-width: 1480px; padding: 4.4rem 2.4rem 4rem 2.4rem}
[data-testid="stSidebarContent"] textarea, [class*="st-key-field-yaml"] textarea
  {font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .78rem; white-space: pre;
  line-height: 1.5; overflow-x: auto}
[class*="st-key-card-"] {display: flex; flex-direction: column}
[class*="st-key-card-"] > :last-child {margin-top: auto}
[data-testid="stSidebarContent"] input {font-size: .86rem}
[data-testid="stSidebarContent"] .derisk-note {font-size: .82rem; opacity: .75}
.derisk-brand {font-size: 1.12rem; font-weight: 720; letter-spacing: -.01em; margin: -1.2rem 0 .1rem 0}
.derisk-brand span {font-weight: 420; opacity: .72; font-size: .84rem; display: block; letter-spacing: 0}
.derisk-eyebrow {font-size: .86rem; opacity: .78; margin: 0 0 .2rem 0}
.derisk-answer {font-size: clamp(1.2rem, 1.05rem + .55vw, 1.55rem); line-height: 1.42; font-weight: 450;
  letter-spacing: -.005em; margin: 0 0 .35rem 0; max-width: 62rem}
.derisk-answer b {font-weight: 680}
.derisk-says {font-size: .95rem; line-height: 1.45; margin: -.3rem 0 .2rem 0; opacity: .92; max-width: 60rem}
.derisk-note {font-size: .9rem; line-height: 1.5; opacity: .9; margin: 0 0 .45rem 0; max-width: 62rem}
.derisk-card-title {font-weight: 640; font-size: 1rem; line-height: 1.3; margin: 0 0 .3rem 0}
.derisk-card-text {font-size: .88rem; line-height: 1.42; opacity: .82; margin: 0}
.derisk-figures {display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: .8rem;
  margin: .4rem 0 .3rem 0 !important; padding: 0 !important}
.derisk-figure {border: 1px solid color-mix(in srgb, currentColor 16%, transparent); border-radius: 10px;
  padding: .75rem .95rem .8rem .95rem}
.derisk-figure dt {font-size: .84rem; opacity: .78; margin: 0}
.derisk-figure dd {margin: 0}
.derisk-figure .value {font-size: 1.62rem; font-weight: 640; line-height: 1.25; letter-spacing: -.01em;
  font-variant-numeric: tabular-nums}
.derisk-figure .more {font-size: .84rem; opacity: .82; line-height: 1.35}
.derisk-story {font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .8rem}
[data-testid="stTopNavLink"] {padding-left: .45rem; padding-right: .45rem}
[data-testid="stTopNavLink"] span {font-size: .86rem}
@media (prefers-color-scheme: dark) {
  [data-testid="stMain"] button[aria-checked="true"] *, [data-testid="stSliderThumbValue"] {color: #8FB2F5 !important}
}
@media (max-width: 1560px) {
  .st-key-charts [data-testid="stHorizontalBlock"] {flex-direction: column}
  .st-key-charts [data-testid="stColumn"] {width: 100% !important; flex: 1 1 auto !important; min-width: 100%}
}
</style>
"""


def brand() -> str:
    """Return the name of the app, at the top of the panel."""
    return '<p class="derisk-brand">Derisk<span>Forecasts of large training runs</span></p>'


def eyebrow(text: str) -> str:
    """Return the small line above a title."""
    return f'<p class="derisk-eyebrow">{escape(text)}</p>'


def answer(sentence: str) -> str:
    """Return the answer's sentence, with its numbers and dates in bold."""
    return f'<p class="derisk-answer" role="status">{_bold(escape(sentence))}</p>'


def says(sentence: str) -> str:
    """Return the sentence under a chart."""
    return f'<p class="derisk-says">{escape(sentence)}</p>'


def note(text: str) -> str:
    """Return a note."""
    return f'<p class="derisk-note">{escape(text)}</p>'


def card(title: str, text: str) -> str:
    """Return the words of a card."""
    return f'<p class="derisk-card-title">{escape(title)}</p><p class="derisk-card-text">{escape(text)}</p>'


def numbers(rows: list[tuple[str, str, str]]) -> str:
    """Return a row of numbers: each with what it is, its value and unit, and what belongs to it."""
    boxes = "".join(
        f'<div class="derisk-figure"><dt>{escape(label)}</dt><dd class="value">{escape(value)}</dd>'
        f'<dd class="more">{escape(more)}</dd></div>'
        for label, value, more in rows
    )
    return f'<dl class="derisk-figures">{boxes}</dl>'


_NUMBER = re.compile(
    r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}|\d[\d_,.]*\d?(?:%| (?:ms|s|min|h|d)\b)"
)


def _bold(text: str) -> str:
    # Only the first number and the shares are what people look for; all of them in bold would be none.
    found = list(_NUMBER.finditer(text))
    keep = [match for number, match in enumerate(found) if number == 0 or match[0].endswith("%")]
    for match in reversed(keep):
        text = f"{text[: match.start()]}<b>{match[0]}</b>{text[match.end() :]}"
    return text
