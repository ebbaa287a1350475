"""What a kernel passes between its functions: one word for a NamedTuple of arrays, and arrays that are bare.

Numba passes a NamedTuple by value, hundreds of words to each of two hundred small functions, and looks at every index
whether it is negative and counts from the end. `by_reference` puts the tuple on the kernel's stack and passes its
address; the arrays in it appear as `Table`s: an address and extents, whose indices are never negative and are not
checked, unless DERISK_CHECKED=1 is set. See docs/decisions/0012-bare-arrays-and-parts.md.
"""

import operator
from itertools import zip_longest
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel, StructModel
from numba.core.errors import TypingError
from numba.core.imputils import lower_builtin, lower_getattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_getattr, infer_global, signature
from numba.extending import register_model

_INDEX = numba.types.intp
_NUMBERS = (numba.types.Integer, numba.types.Boolean, numba.types.IntEnumMember)


class Reference(numba.types.Type):
    """The address of a NamedTuple."""

    def __init__(self, target: Any) -> None:
        self.target = target
        super().__init__(name=f"Reference({target.name})")


class Table(numba.types.Type):
    """An array of one to three dimensions, contiguous, as kernels see it."""

    def __init__(self, dtype: Any, ndim: int) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(name=f"Table({dtype}, {ndim})")


@register_model(Reference)
class _ReferenceModel(PrimitiveModel):
    def __init__(self, manager: Any, reference: Reference) -> None:
        super().__init__(manager, reference, manager.lookup(reference.target).get_value_type().as_pointer())


@register_model(Table)
class _TableModel(StructModel):
    def __init__(self, manager: Any, table: Table) -> None:
        extents = numba.types.UniTuple(_INDEX, table.ndim)
        super().__init__(manager, table, [("data", numba.types.CPointer(table.dtype)), ("extents", extents)])


def refers(types: Any) -> bool:
    """Whether something among the types of a function's arguments exists within kernels only."""
    return any(isinstance(each, Reference | Table) or refers(getattr(each, "types", ())) for each in types)


def refer(typing: Any, value: Any) -> Any:
    """Return how a NamedTuple is put on the stack; Numba's form of an intrinsic."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return cgutils.alloca_once_value(builder, arguments[0])

    return Reference(value)(value), build


def unlikely(typing: Any, condition: Any) -> Any:
    """Return how LLVM is told that a condition seldom holds (its intrinsic `expect`); Numba's form of an intrinsic."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bit = ir.IntType(1)
        expect = builder.module.declare_intrinsic("llvm.expect", [bit], ir.FunctionType(bit, [bit, bit]))
        return builder.call(expect, [arguments[0], ir.Constant(bit, 0)])

    return numba.types.boolean(numba.types.boolean), build


# fields


@infer_getattr
class _Fields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, name: str) -> Any:  # type: ignore[override]  # no method there
        target = reference.target
        if name not in target.fields:
            return None
        field = target.types[target.fields.index(name)]
        if not isinstance(field, numba.types.Array):
            return field
        if field.layout != "C":
            raise TypingError(f"{name} is not contiguous, so a kernel cannot see it as a table")
        return Table(field.dtype, field.ndim)


@lower_getattr_generic(Reference)
def _field(context: Any, builder: Any, reference: Reference, address: Any, name: str) -> Any:
    number = reference.target.fields.index(name)
    value = builder.load(cgutils.gep_inbounds(builder, address, 0, number))
    field = reference.target.types[number]
    if not isinstance(field, numba.types.Array):
        return value
    array = context.make_array(field)(context, builder, value)
    return _table(context, builder, Table(field.dtype, field.ndim), array.data, array.shape)


def _table(context: Any, builder: Any, typ: Table, data: Any, extents: Any) -> Any:
    table = cgutils.create_struct_proxy(typ)(context, builder)
    table.data, table.extents = data, extents
    return table._getvalue()


# elements


def _indexed(table: Table, index: Any) -> tuple[Any, Any] | None:
    """Types of the index and of what stands there: an element, or a table of fewer dimensions."""
    numbers = getattr(index, "types", (index,))
    count = len(numbers)
    if count > table.ndim or not all(isinstance(number, _NUMBERS) for number in numbers):
        return None
    wanted = numba.types.UniTuple(_INDEX, count) if isinstance(index, numba.types.BaseTuple) else _INDEX
    return wanted, Table(table.dtype, table.ndim - count) if count < table.ndim else table.dtype


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        table, index = arguments
        found = _indexed(table, index) if isinstance(table, Table) else None
        return None if found is None else signature(found[1], table, found[0])


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        table, index, _ = arguments
        found = _indexed(table, index) if isinstance(table, Table) else None
        if found is None or found[1] != table.dtype:
            return None
        return signature(numba.types.none, table, found[0], table.dtype)


@infer_global(len)
class _Length(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        return signature(_INDEX, *arguments) if isinstance(arguments[0], Table) else None


@lower_builtin(len, Table)
def _length(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    table = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
    return builder.extract_value(table.extents, 0)


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> tuple[Any, list[Any]]:
    """The address of an element or of a row, and the extents of what stands there."""
    typ, index = signature.args[:2]
    table = cgutils.create_struct_proxy(typ)(context, builder, arguments[0])
    extents = cgutils.unpack_tuple(builder, table.extents)
    tuple_given = isinstance(index, numba.types.BaseTuple)
    numbers = cgutils.unpack_tuple(builder, arguments[1]) if tuple_given else [arguments[1]]
    if context.enable_boundscheck:
        for axis, (extent, number) in enumerate(zip(extents, numbers, strict=False)):
            cgutils.do_boundscheck(context, builder, number, extent, axis)
    address = table.data
    step = None
    for extent, number in reversed(list(zip_longest(extents, numbers))):
        if number is not None:
            address = builder.gep(address, [number if step is None else builder.mul(number, step)], inbounds=True)
        step = extent if step is None else builder.mul(step, extent)
    return address, extents[len(numbers) :]


@lower_builtin(operator.getitem, Table, numba.types.Any)
def _get(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    address, extents = _place(context, builder, signature, arguments)
    if not extents:
        return builder.load(address)
    packed = cgutils.pack_array(builder, extents, ir.IntType(64))
    return _table(context, builder, signature.return_type, address, packed)


@lower_builtin(operator.setitem, Table, numba.types.Any, numba.types.Any)
def _set(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    address, _ = _place(context, builder, signature, arguments)
    builder.store(arguments[2], address)
    return context.get_dummy_value()
