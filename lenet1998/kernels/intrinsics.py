"""What the functions of `lenet1998.kernels.lanes` are for the compiler: one LLVM instruction each.

Importing this module makes them known to numba. A vector is a value of a type of its own, which lives in registers; it
has +, - and *. LLVM divides it among the registers that the processor has, and by IEEE 754 the numbers are the same.
"""

import operator
import platform
from typing import Any

import numba
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel
from numba.extending import lower_builtin, register_jitable, register_model, type_callable

from lenet1998.kernels import elementary, lanes

_SINGLE, _DOUBLE = ir.FloatType(), ir.DoubleType()
_INDEX = ir.IntType(64)


class Vector(types.Type):
    """The type of a vector of float32 or float64."""

    def __init__(self, dtype: types.Float):
        self.dtype, self.count = dtype, 8 * lanes.BYTES // dtype.bitwidth
        super().__init__(f"Vector({dtype}x{self.count})")


@register_model(Vector)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector):
        number = _SINGLE if kind.dtype == types.float32 else _DOUBLE
        super().__init__(manager, kind, ir.VectorType(number, kind.count))


_NUMBERS = (types.float32, types.float64)
_VECTORS = tuple(Vector(number) for number in _NUMBERS)


def has_fma() -> bool:
    """Whether the processor that is compiled for multiplies and adds at once; x86-64 from before 2013 does not."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    features = numba.config.CPU_FEATURES  # type: ignore[attr-defined]
    return "+fma" in (binding.get_host_cpu_features().flatten() if features is None else features).split(",")


# ------------------------------------------------------------------------------------------------------- types


@type_callable(lanes.fma)
def _type_fma(context: Any) -> Any:
    def typer(a: Any, b: Any, c: Any) -> Any:
        return a if a == b == c and isinstance(a, (types.Float, Vector)) else None

    return typer


@type_callable(lanes.spread)
def _type_spread(context: Any) -> Any:
    return lambda value: Vector(value) if value in _NUMBERS else None


@type_callable(lanes.load)
def _type_load(context: Any) -> Any:
    return lambda array, index, count=None: Vector(array.dtype)


@type_callable(lanes.store)
def _type_store(context: Any) -> Any:
    def typer(array: Any, index: Any, vector: Any, count: Any = None) -> Any:
        return types.none if vector == Vector(array.dtype) else None

    return typer


@type_callable(lanes.add_lanes)
def _type_add_lanes(context: Any) -> Any:
    return lambda vector: vector.dtype if isinstance(vector, Vector) else None


@type_callable(lanes.two_to)
def _type_two_to(context: Any) -> Any:
    return lambda n: n if n == types.float64 else None


def _type_operation(context: Any) -> Any:
    return lambda a, b: a if isinstance(a, Vector) and a == b else None


for _each in (operator.add, operator.sub, operator.mul):
    type_callable(_each)(_type_operation)


# ------------------------------------------------------------------------------------------------ instructions


def _fma(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    a, b, c = arguments
    if not has_fma():  # in software it would take a hundred times as long
        return builder.fadd(builder.fmul(a, b), c)
    kind = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(_intrinsic(builder, "llvm.fma", kind, a.type), arguments)


def _intrinsic(builder: ir.IRBuilder, name: str, kind: ir.FunctionType, number: Any) -> Any:
    """LLVM's function of this name for these numbers, or vectors."""
    count = f"v{number.count}" if isinstance(number, ir.VectorType) else ""
    bits = "f32" if _SINGLE in (number, getattr(number, "element", None)) else "f64"
    pointer = "" if name == "llvm.fma" else ".p0"
    return cgutils.get_or_insert_function(builder.module, kind, f"{name}.{count}{bits}{pointer}")


def _spread(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    return _fill(builder, arguments[0], signature.return_type.count)


def _fill(builder: ir.IRBuilder, value: Any, count: int) -> Any:
    kind = ir.VectorType(value.type, count)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _INDEX(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


def _place(context: Any, builder: ir.IRBuilder, arguments: Any, kinds: Any, vector: Any) -> Any:
    """The address of a vector: the first arguments are an array whose last axis is contiguous, and an index."""
    array, index, *_ = arguments
    struct = context.make_array(kinds[0])(context, builder, array)
    places = cgutils.unpack_tuple(builder, index) if isinstance(kinds[1], types.BaseTuple) else [index]
    signed = getattr(kinds[1], "dtype", kinds[1])  # a tuple's, or the index's own
    places = [context.cast(builder, place, signed, types.intp) for place in places]
    strides = cgutils.unpack_tuple(builder, struct.strides)
    start = struct.data
    if len(places) == 2:
        start = cgutils.pointer_add(builder, start, builder.mul(places[0], strides[0]))
    start = builder.gep(start, [places[-1]])
    return builder.bitcast(start, vector.as_pointer())


def _mask(builder: ir.IRBuilder, count: Any, size: int) -> Any:
    """The lanes before `count`."""
    lane = ir.Constant(ir.VectorType(_INDEX, size), list(range(size)))
    return builder.icmp_signed("<", lane, _fill(builder, count, size))


def _load(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    vector = context.get_value_type(signature.return_type)
    place = _place(context, builder, arguments, signature.args, vector)
    size = signature.args[0].dtype.bitwidth // 8
    if len(arguments) == 2:
        return builder.load(place, align=size)
    mask = _mask(builder, context.cast(builder, arguments[2], signature.args[2], types.intp), vector.count)
    kind = ir.FunctionType(vector, [place.type, ir.IntType(32), mask.type, vector])
    function = _intrinsic(builder, "llvm.masked.load", kind, vector)
    return builder.call(function, [place, ir.IntType(32)(size), mask, ir.Constant(vector, None)])


def _store(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    vector = context.get_value_type(signature.args[2])
    place = _place(context, builder, arguments, signature.args, vector)
    size = signature.args[0].dtype.bitwidth // 8
    if len(arguments) == 3:
        builder.store(arguments[2], place, align=size)
    else:
        mask = _mask(builder, context.cast(builder, arguments[3], signature.args[3], types.intp), vector.count)
        kind = ir.FunctionType(ir.VoidType(), [vector, place.type, ir.IntType(32), mask.type])
        function = _intrinsic(builder, "llvm.masked.store", kind, vector)
        builder.call(function, [arguments[2], place, ir.IntType(32)(size), mask])
    return context.get_dummy_value()


def _add_lanes(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    (vector,) = arguments
    count = signature.args[0].count
    while count > 1:
        count //= 2
        nothing = ir.Constant(vector.type, ir.Undefined)
        lower, upper = (
            builder.shuffle_vector(vector, nothing, ir.Constant(ir.VectorType(ir.IntType(32), count), list(places)))
            for places in (range(count), range(count, 2 * count))
        )
        vector = builder.fadd(lower, upper)
    return builder.extract_element(vector, _INDEX(0))


def _two_to(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
    """Added to 1.5 * 2^52, n stands in the lowest bits; and the exponent of float64 starts at bit 52."""
    shifted = builder.fadd(arguments[0], ir.Constant(_DOUBLE, 1.5 * 2.0**52 + 1023))
    return builder.bitcast(builder.shl(builder.bitcast(shifted, _INDEX), _INDEX(52)), _DOUBLE)


for _kind in (*_NUMBERS, Vector):
    lower_builtin(lanes.fma, _kind, _kind, _kind)(_fma)
lower_builtin(lanes.spread, types.Float)(_spread)
lower_builtin(lanes.load, types.Array, types.Any)(_load)
lower_builtin(lanes.load, types.Array, types.Any, types.Any)(_load)
lower_builtin(lanes.store, types.Array, types.Any, Vector)(_store)
lower_builtin(lanes.store, types.Array, types.Any, Vector, types.Any)(_store)
lower_builtin(lanes.add_lanes, Vector)(_add_lanes)
lower_builtin(lanes.two_to, types.float64)(_two_to)


def _operation(name: str) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        return getattr(builder, name)(*arguments)

    return emit


for _operator, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    lower_builtin(_operator, Vector, Vector)(_operation(_name))

for _function in (elementary.exp, elementary.log, elementary.tanh, elementary.power):
    register_jitable(_function)
