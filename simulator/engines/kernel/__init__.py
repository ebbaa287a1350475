"""The fast engine: the model of docs/semantics.md as a compiled next-event loop that jumps over checkpoint cycles."""
