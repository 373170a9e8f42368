"""Faults in Python, by its syntax tree: operators, conditions, numbers, results, statements, arguments. Never text.

Left alone, because no test could or should notice: docstrings and other strings, annotations, imports, what only a type
checker reads, decorators, protocols, `__all__`, what is said in the debug log, and how patient something is (31 seconds
instead of 30).
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

from quality.sabotage.mutant import Mutant, mutant

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is")}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"), ast.Pow: ("**", "*"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.BitXor: ("^", "&")}


def faults(path: str, source: str) -> list[Mutant]:
    """Every fault that can be made in a file, in the order of the file; not each of them ``compiles``."""
    finder = _Finder(path, source)
    finder.statements(ast.parse(source).body)
    return sorted(set(finder.found), key=lambda one: (one.start, one.end, one.replacement))


PATIENCE = re.compile(r"seconds|timeout|patience|minutes|(?:^|_)wait$", re.IGNORECASE)


def compiles(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: str) -> None:
        self.path, self.source, self.found = path, source, list[Mutant]()
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._statement = (0, 0)
        self._in_function = 0
        self._bound: Counter[str] = Counter()

    # places

    def _offset(self, line: int, column: int) -> int:
        """ast counts a line's bytes; a source counts characters."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _start(self, node: Any) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: Any) -> int:
        return self._offset(node.end_lineno, node.end_col_offset)

    def _text(self, node: Any) -> str:
        return self.source[self._start(node):self._end(node)]

    def _change(self, start: int, end: int, replacement: str) -> None:
        self.found.append(mutant(self.path, self.source, start, end, replacement, self._statement,
                                 at_load=not self._in_function))

    def _replace(self, node: Any, replacement: str) -> None:
        self._change(self._start(node), self._end(node), replacement)

    def _operator(self, left: Any, right: Any, old: str, new: str) -> None:
        """The operator between two operands, with whatever brackets stand about it."""
        pattern = r"\s+".join(map(re.escape, old.split()))
        pattern = rf"\b{pattern}\b" if old[0].isalpha() else pattern
        between = re.search(pattern, self.source[self._end(left):self._start(right)])
        if between:
            self._change(self._end(left) + between.start(), self._end(left) + between.end(), new)

    # statements

    def statements(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            outer = self._statement
            inner: list[ast.stmt] = getattr(node, "body", [])
            last = inner[0].lineno - 1 if inner else node.end_lineno
            self._statement = (node.lineno, max(node.lineno, last or node.lineno))
            self.visit(node)
            self._statement = outer

    def generic_visit(self, node: ast.AST) -> None:
        for _, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                self.visit(value)
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.statements(value)
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, ast.AST):
                        self.visit(one)

    def visit_Import(self, node: ast.Import) -> None:
        pass

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        pass

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._defaults(node.args)
        outer, self._bound = self._bound, Counter(
            name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store))
        self._in_function += 1
        self.statements(node.body)
        self._in_function -= 1
        self._bound = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        self._in_function += 1
        self.visit(node.body)
        self._in_function -= 1

    def _defaults(self, arguments: ast.arguments) -> None:
        named = [*arguments.posonlyargs, *arguments.args]
        named = [*named[len(named) - len(arguments.defaults):], *arguments.kwonlyargs]
        for argument, default in zip(named, (*arguments.defaults, *arguments.kw_defaults), strict=True):
            if default is not None and not (_is_number(default) and PATIENCE.search(argument.arg)):
                self.visit(default)

    def visit_keyword(self, node: ast.keyword) -> None:
        if not (_is_number(node.value) and PATIENCE.search(node.arg or "")):
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not any(_last_name(base) == "Protocol" for base in node.bases):
            self.statements(node.body)

    def visit_If(self, node: ast.If) -> None:
        if _last_name(node.test) != "TYPE_CHECKING":
            self._condition(node.test)
            self.visit(node.test)
            self.statements(node.body)
        self.statements(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._condition(test)
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        # What has an operator of its own is turned around there.
        if not isinstance(test, (ast.Constant, ast.Compare)) and not _is_not(test):
            self._replace(test, f"not ({self._text(test)})")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.statements(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and _last_name(node.annotation) != "TypeAlias" \
                and not (_is_number(node.value) and PATIENCE.search(_last_name(node.target))):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(_last_name(target) == "__all__" for target in node.targets) or self._is_type_alias(node):
            return
        if _is_number(node.value) and PATIENCE.search(_last_name(node.targets[0])):
            return
        if all(isinstance(target, (ast.Attribute, ast.Subscript)) or
               isinstance(target, ast.Name) and self._bound[target.id] > 1 for target in node.targets):
            self._replace(node, "pass")
        self.visit(node.value)

    def _is_type_alias(self, node: ast.Assign) -> bool:
        value = node.value
        return not self._in_function and (
            isinstance(value, ast.Subscript) or isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
            and not any(isinstance(part, (ast.Call, ast.Dict)) for part in ast.walk(value)))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) or _is_debug_log(node.value):
            return
        if isinstance(node.value, ast.Call):
            self._replace(node, "pass")
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(node, "pass")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None or _is_none(node.value):
            return
        if not isinstance(node.value, ast.Constant) or node.value.value:    # what is false already reads the same
            self._replace(node.value, "None")
        self.visit(node.value)

    def visit_Break(self, node: ast.Break) -> None:
        self._replace(node, "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._replace(node, "break")

    # expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, operands[:-1], node.comparators, strict=True):
            self._operator(left, right, *COMPARISONS[type(operator)])
        for operand in operands:
            if not _is_none(operand):
                self.visit(operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in itertools.pairwise(node.values):
            self._operator(left, right, *words)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        # Most divisions join paths; to multiply those is a fault that any test sees.
        joins_paths = isinstance(node.op, ast.Div) and not (_is_number(node.left) or _is_number(node.right))
        if type(node.op) in ARITHMETIC and not joins_paths and not _is_text(node.left) and not _is_text(node.right):
            self._operator(node.left, node.right, *ARITHMETIC[type(node.op)])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if _is_not(node):
            written = re.match(r"not\s*", self._text(node))
            if written:
                self._change(self._start(node), self._start(node) + written.end(), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._replace(node, str(not value))
        elif isinstance(value, (int, float)):
            self._replace(node, repr(value + 1))
        elif value is None:
            self._replace(node, "1")

    def visit_Call(self, node: ast.Call) -> None:
        same_either_way = _last_name(node.func) in ("min", "max")
        for one, other in itertools.pairwise(node.args):
            pair = (one, other)
            if not same_either_way and not all(map(_is_text, pair)) and self._text(one) != self._text(other) \
                    and not any(isinstance(argument, ast.Starred) for argument in pair):
                between = self.source[self._end(one):self._start(other)]
                self._change(self._start(one), self._end(other), self._text(other) + between + self._text(one))
        self.generic_visit(node)


def _last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _is_text(node: ast.AST) -> bool:
    """A string written out, also as the end of a sum of such."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _is_debug_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "debug" \
        and "log" in _last_name(node.func.value).lower()
