"""A second compile, slow and plain: from a scenario's document to every field of a plan, by the documents alone.

`simulator/compile/`, the cards in `simulator/mechanisms/` and their questions stand before both engines, so a fault
there is in both and their comparison is blind to it. What stands here was written from `docs/`, the meanings of the
schema and the comments of `simulator/numbers/plan.py`, and shares nothing with them: dictionaries, lists, Python
numbers and loops.
"""
