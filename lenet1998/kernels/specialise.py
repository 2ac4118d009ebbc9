"""A kernel is an ordinary Python function; this module writes the special case of it that one layer needs.

The keyword-only arguments of a kernel are known before anything is compiled: sizes, offsets, the connection table, the
algebra. `specialise` replaces them by their values in the text of the function, repeats the body of every ``for t in
unroll(n)``, turns an array made by ``registers(n)`` or ``vectors(n)`` into n plain variables, and drops the branches
that cannot be taken. What comes out is again Python, straight-line in the sums that share what is loaded, which the
compiler then keeps in registers.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, TypeGuard

import numpy as np

Constant = int | float | bool | tuple


def unroll(count: int) -> range:
    """A loop to be written out, `count` times; as it stands it is an ordinary loop."""
    return range(count)


def registers(count: int) -> list[float]:
    """`count` numbers, at first zero, that become plain variables; they may only be indexed by unrolled counters."""
    return [0.0] * count


def vectors(count: int) -> list:
    """The same for `count` vectors of `lenet1998.kernels.lanes`."""
    return [0.0] * count


def specialise(kernel: Callable, name: str, constants: dict[str, Constant]) -> tuple[str, dict[str, np.ndarray]]:
    """Return the text of `kernel` for these constants, under `name`, and the tables that it reads as global arrays.

    A tuple among the constants that is indexed by something known disappears too; otherwise it becomes a table.
    Floating-point constants are written ``real(...)``, and 0.0 ``zero``, so that they never widen float32.

    >>> def scale(x, y, *, maps, factor):
    ...     for m in unroll(maps):
    ...         y[m] = factor * x[m]
    >>> print(specialise(scale, "scale_by_half", {"maps": 2, "factor": 0.5})[0])
    def scale_by_half(x, y):
        y[0] = real(0.5) * x[0]
        y[1] = real(0.5) * x[1]
    """
    function = _parse(kernel)
    wanted = {argument.arg for argument in function.args.kwonlyargs}
    if wanted != set(constants):
        raise TypeError(f"{kernel.__qualname__} needs the constants {sorted(wanted)}, not {sorted(constants)}")
    writer = _Writer(name, constants)
    arguments = ast.arguments([], [ast.arg(argument.arg) for argument in function.args.args], None, [], [], None, [])
    body = writer.block(function.body)
    special = copy.copy(function)
    special.name, special.args, special.body = name, arguments, body or [ast.Pass()]
    special.returns, special.decorator_list = None, []
    return ast.unparse(ast.fix_missing_locations(ast.Module([special], []))), writer.tables


@cache
def _parse(kernel: Callable) -> ast.FunctionDef:
    function = ast.parse(textwrap.dedent(inspect.getsource(kernel))).body[0]
    assert isinstance(function, ast.FunctionDef)
    if ast.get_docstring(function) is not None:
        del function.body[0]
    return function


def _calls(node: ast.expr, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


class _Writer(ast.NodeVisitor):
    """Rewrites a kernel's statements; every `visit_` method returns new nodes and leaves the parsed kernel alone."""

    def __init__(self, name: str, constants: dict[str, Constant]):
        self.name, self.known = name, dict(constants)
        self.registers: dict[str, int] = {}
        self.tables: dict[str, np.ndarray] = {}

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        written: list[ast.stmt] = []
        for statement in statements:
            new = self.visit(statement)
            written += new if isinstance(new, list) else [new]
        return written

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return type(node)(**{name: self._written(value) for name, value in ast.iter_fields(node)})

    def _written(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._written(each) for each in value]
        return self.visit(value) if isinstance(value, ast.AST) else value

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        start = _real(0.0)
        if _calls(node.value, "vectors"):
            start = ast.Call(ast.Name("spread", ast.Load()), [start], [])
        elif not _calls(node.value, "registers"):
            return ast.Assign([self.visit(target) for target in node.targets], self.visit(node.value), lineno=0)
        (target,) = node.targets
        assert isinstance(target, ast.Name)
        self.registers[target.id] = count = self._value(node.value.args[0])
        names = [ast.Name(f"{target.id}_{index}", ast.Store()) for index in range(count)]
        return [ast.Assign([name], start, lineno=0) for name in names]

    def visit_For(self, node: ast.For) -> ast.stmt | list[ast.stmt]:
        loop = self.visit(node.iter)
        once = ast.unparse(loop) == "range(1)"  # written without the loop
        if not once and not _calls(loop, "unroll"):
            return ast.For(self.visit(node.target), loop, self.block(node.body), [], lineno=0)
        assert isinstance(node.target, ast.Name)
        written: list[ast.stmt] = []
        for index in range(loop.args[0].value):
            self.known[node.target.id] = index
            written += self.block(node.body)
        self.known.pop(node.target.id, None)
        return written

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.block(node.body if test.value else node.orelse)
        return ast.If(test, self.block(node.body), self.block(node.orelse))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.visit(node.test)
        if isinstance(test, ast.Constant):
            return self.visit(node.body if test.value else node.orelse)
        return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return _literal(self.known[node.id]) if node.id in self.known else ast.Name(node.id, node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return _literal(node.value)  # type: ignore[arg-type]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        index = self.visit(node.slice)
        array = node.value.id if isinstance(node.value, ast.Name) else ""
        if array in self.registers:
            place = index.value  # type: ignore[attr-defined]
            if not 0 <= place < self.registers[array]:
                raise IndexError(f"{self.name}: there is no register {array}[{place}]")
            return ast.Name(f"{array}_{place}", node.ctx)
        if isinstance(self.known.get(array), tuple):
            table = self.known[array]
            if isinstance(index, ast.Constant):
                return _literal(table[index.value])  # type: ignore[index]
            array = f"{self.name}_{array}"
            self.tables[array] = np.array(table, np.int64)
            return ast.Subscript(ast.Name(array, ast.Load()), index, node.ctx)
        return ast.Subscript(self.visit(node.value), index, node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return _fold(ast.BinOp(self.visit(node.left), node.op, self.visit(node.right)))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return _fold(ast.Compare(self.visit(node.left), node.ops, [self.visit(right) for right in node.comparators]))

    def _value(self, node: ast.expr) -> int:
        return self.visit(node).value


def _real(value: float) -> ast.expr:
    if value == 0:
        return ast.Name("zero", ast.Load())
    return ast.Call(ast.Name("real", ast.Load()), [ast.Constant(value)], [])


def _literal(value: Constant) -> ast.expr:
    return _real(value) if isinstance(value, float) else ast.Constant(value)  # type: ignore[arg-type]


def _fold(node: ast.expr) -> ast.expr:
    """The value of an operation whose operands are all literal integers; x for 0 + x and 1 * x; else the operation."""
    operands = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if all(isinstance(operand, ast.Constant) for operand in operands):
        return ast.Constant(eval(compile(ast.fix_missing_locations(ast.Expression(node)), "", "eval"), {}))
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
        neutral = 0 if isinstance(node.op, ast.Add) else 1
        for operand, other in (operands, operands[::-1]):
            if isinstance(operand, ast.Constant) and operand.value == neutral:
                return other
    return node
