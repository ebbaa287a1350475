"""Text that a notebook shows as it is."""

from html import escape


class Words(str):
    """A text: a notebook shows its lines, not their code."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the text itself."""
        return str(self)

    def _repr_html_(self) -> str:
        """Return the text for a notebook, with what could be markup escaped."""
        return f"<pre>{escape(self)}</pre>"
