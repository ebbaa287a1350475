"""Faults of one token in a source: what `tests.plant` plants."""

import ast
import copy
import importlib
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

SWAPS: dict[type, tuple[type, str]] = {
    ast.Lt: (ast.LtE, "comparison"), ast.LtE: (ast.Lt, "comparison"), ast.Gt: (ast.GtE, "comparison"),
    ast.GtE: (ast.Gt, "comparison"), ast.Eq: (ast.NotEq, "comparison"), ast.NotEq: (ast.Eq, "comparison"),
    ast.Is: (ast.IsNot, "comparison"), ast.IsNot: (ast.Is, "comparison"), ast.In: (ast.NotIn, "comparison"),
    ast.NotIn: (ast.In, "comparison"), ast.Add: (ast.Sub, "sign"), ast.Sub: (ast.Add, "sign"),
    ast.Mult: (ast.Div, "operator"), ast.Div: (ast.Mult, "operator"), ast.FloorDiv: (ast.Div, "operator"),
    ast.Pow: (ast.Mult, "operator"), ast.And: (ast.Or, "operator"), ast.Or: (ast.And, "operator"),
}  # fmt: skip
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
TYPES = ("annotation", "returns", "decorator_list", "type_params")  # of what runs nothing


class Fault(NamedTuple):
    """One change of a source."""

    source: str
    kind: str
    lines: range  # of its statement
    text: str  # the line as it is
    begin: tuple[int, int]  # line from 1, byte in it
    end: tuple[int, int]
    instead: str

    def __str__(self) -> str:
        """Return where it is and what it changes, without the number of the line, which moves."""
        (_, first), (_, last) = self.begin, self.end
        if self.begin[0] == self.end[0]:
            return f"{self.kind} {self.source}: {self.text[:first]}[[{self.instead}]]{self.text[last:]}".rstrip()
        return f"{self.kind} {self.source}: {self.text[:first]}[[{self.instead}]]"

    def planted_in(self, source: str) -> str:
        """Return the source with the fault."""
        lines = source.encode().splitlines(keepends=True)
        at = [sum(map(len, lines[: line - 1])) + byte for line, byte in (self.begin, self.end)]
        return (source.encode()[: at[0]] + f"({self.instead})".encode() + source.encode()[at[1] :]).decode()


def faults_of(source: str, text: str) -> list[Fault]:
    """Return all faults that can be planted in a source."""
    tree, lines, found = ast.parse(text), text.splitlines(), []
    enums = _enums(source)
    siblings = _siblings(tree)
    for node, around in _run(tree):
        for kind, changed in _changes(node, enums, siblings):
            end = (node.end_lineno or 0, node.end_col_offset or 0)
            instead = ast.unparse(changed)
            begin = (node.lineno, node.col_offset)
            found.append(Fault(source, kind, around, lines[node.lineno - 1], begin, end, instead))
    return found


def _run(tree: ast.AST) -> Iterator[tuple[Any, range]]:
    """Yield the expressions that are run, and the lines of their statements, or their own where it holds others."""
    made_up = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_random"]
    left_out = {id(node) for function in made_up for node in ast.walk(function)}  # how random plans are made up
    for statement in ast.walk(tree):
        for node in _below(statement) if isinstance(statement, ast.stmt) and id(statement) not in left_out else ():
            whole = node if hasattr(statement, "body") else statement
            yield node, range(whole.lineno, whole.end_lineno + 1)


def _below(node: ast.AST) -> Iterator[Any]:
    """Yield the expressions of a statement: no types, no texts, and none of other statements within."""
    for name, value in ast.iter_fields(node):
        for below in value if isinstance(value, list) else [value]:
            if name in TYPES or not isinstance(below, ast.AST) or isinstance(below, ast.stmt | ast.JoinedStr):
                continue
            if isinstance(below, ast.expr):
                yield below
            yield from _below(below)


def _enums(source: str) -> dict[str, list[str]]:
    """Return the members of the enumerations that a source names: columns, purposes, effects."""
    module = importlib.import_module(source.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    return {
        name: [member.name for member in value]
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, IntEnum)
    }


def _siblings(tree: ast.AST) -> dict[str, list[str]]:
    """Return the attributes that are asked of a name anywhere in a source."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = found.setdefault(node.value.id, [])
            if node.attr not in names:
                names.append(node.attr)
    return found


def _changes(node: Any, enums: dict[str, list[str]], siblings: dict[str, list[str]]) -> Iterator[tuple[str, ast.expr]]:
    changed = copy.deepcopy(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        value = node.value
        changed.value = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value * 2 + 1
        yield "constant", changed
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        other, kind = SWAPS[type(node.ops[0])]
        changed.ops = [other()]
        yield kind, changed
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        other, kind = SWAPS[type(node.op)]
        changed.op = other()
        yield kind, changed
    elif isinstance(node, ast.UnaryOp):
        yield "sign" if isinstance(node.op, ast.USub) else "operator", node.operand
    elif isinstance(node, ast.IfExp):
        changed.body, changed.orelse = changed.orelse, changed.body
        yield "condition", changed
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        changed.func.id = FUNCTIONS[node.func.id]
        yield "operator", changed
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        names = enums.get(node.value.id) or siblings[node.value.id]
        if len(names) > 1 and node.attr in names:
            changed.attr = names[(names.index(node.attr) + 1) % len(names)]
            yield "column", changed
