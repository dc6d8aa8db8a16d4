"""Small changes to a solution, each of which the checks should notice (mutation analysis)."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {
    "tril": "triu",
    "triu": "tril",
    "sin": "cos",
    "cos": "sin",
    "amax": "amin",
    "max": "min",
    "maximum": "minimum",
    "sum": "mean",
    "mean": "sum",
    "zeros_like": "ones_like",
    "zeros": "ones",
    "ones": "zeros",
    "cumsum": "cumprod",
    "relu": "gelu",
    "exp": "exp2",
}


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a solution."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every single change to `source`; a change that leaves the text as it was is left out."""
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    for index, node in enumerate(ast.walk(tree)):
        for number, (change, _) in enumerate(_changes(node)):
            altered = copy.deepcopy(tree)
            twin = next(n for at, n in enumerate(ast.walk(altered)) if at == index)
            _changes(twin)[number][1]()
            text = ast.unparse(ast.fix_missing_locations(altered))
            if text != plain:
                yield Mutant(getattr(node, "lineno", 0), change, text)


def _changes(node: ast.AST) -> list[tuple[str, Any]]:
    """What can be done to one node: a description, and the function that does it."""
    match node:
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) if type(operator) in OPERATORS:
            return [_operator(node, "op", operator)]
        case ast.Compare(ops=[operator]) if type(operator) in OPERATORS:
            other = OPERATORS[type(operator)]
            text = f"{type(operator).__name__} -> {other.__name__}"
            return [(text, lambda: setattr(node, "ops", [other()]))]
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            return [_operator(node, "op", node.op, ast.UAdd if _numeric(node) else None)]
        case ast.Constant(value=bool() as value):
            return [_constant(node, not value)]
        case ast.Constant(value=int() as value):
            return [_constant(node, value + 1), _constant(node, value - 1)]
        case ast.Constant(value=float() as value):
            return [_constant(node, value * 2 + 1)]
        case ast.Attribute(attr=name) if name in NAMES:
            return [(f"{name} -> {NAMES[name]}", lambda: setattr(node, "attr", NAMES[name]))]
    return _dropped(node)


def _numeric(node: ast.UnaryOp) -> bool:
    return isinstance(node.op, ast.Invert)


def _operator(
    node: ast.AST, field: str, operator: ast.AST, other: type[ast.AST] | None = None
) -> tuple[str, Any]:
    """Replaces an operator; `not x` becomes `not not x`, `~x` becomes `+x`."""
    chosen = other or OPERATORS.get(type(operator))
    if chosen is None and isinstance(node, ast.UnaryOp):
        inner = ast.UnaryOp(ast.Not(), node.operand)
        return ("not removed", lambda: setattr(node, "operand", inner))
    assert chosen is not None
    text = f"{type(operator).__name__} -> {chosen.__name__}"
    return (text, lambda: setattr(node, field, chosen()))


def _constant(node: ast.Constant, value: float) -> tuple[str, Any]:
    return (f"{node.value!r} -> {value!r}", lambda: setattr(node, "value", value))


def _dropped(node: ast.AST) -> list[tuple[str, Any]]:
    """Drops one statement of a body that does not bind a new name."""
    found: list[tuple[str, Any]] = []
    body = getattr(node, "body", None)
    if not isinstance(body, list) or isinstance(node, ast.Module | ast.ClassDef):
        return found
    for at, statement in enumerate(body):
        if isinstance(statement, ast.If | ast.AugAssign) or _call(statement):
            text = f"dropped: {ast.unparse(statement).splitlines()[0]}"
            found.append((text, lambda at=at: body.__setitem__(at, ast.Pass())))
    return found


def _call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
