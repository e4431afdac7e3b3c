"""An unpickler that knows data and nothing else."""

import pickle
import pickletools
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from rmfn_tf.datasets.sources.pickles.bounded_stream import BoundedStream
from rmfn_tf.datasets.sources.pickles.pickle_keys import check_keys
from rmfn_tf.datasets.sources.pickles.pickled_names import PickledNames, Unbuilt

_T = TypeVar("_T")

# Instructions that make instances, that look things up outside of the file, and that take data
# from beside it.
_REFUSED = {
    *("INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"),
    *("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4"),
    *("NEXT_BUFFER", "READONLY_BUFFER"),
}
_LAST_PROTOCOL = 5  # what a later one may add is not known to be harmless
_INSTRUCTIONS = {ord(opcode.code): opcode for opcode in pickletools.opcodes}


class RefusedError(pickle.UnpicklingError):
    """The pickle asks for something that no data need."""


class _Memo(dict):
    """What a pickle has put aside; an array that was described since is found as the array."""

    def __getitem__(self, index: int) -> Any:
        value = super().__getitem__(index)
        return value.built if isinstance(value, Unbuilt) and value.built is not None else value


class RestrictedUnpickler(pickle._Unpickler):
    """Python's own unpickler (the one written in Python), cut down to plain data and arrays.

    Of a pickle nothing is ever imported or called: the names it may use lead to the stand-ins of
    `PickledNames`, and any other is refused. Containers are filled only where they are just that
    container, and keyed by text and small numbers only.

    Args:
        stream: the file.
        size: its size in bytes, which bounds what is made of it.
    """

    dispatch: ClassVar[dict[int, Callable]] = {}
    # Python's own, which its type stubs leave out.
    stack: list[Any]
    read: Callable[[int], bytes]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: BoundedStream, size: int) -> None:
        super().__init__(stream, encoding="latin1")  # Python 2 files: a letter a byte
        self.memo = _Memo()
        self._names = PickledNames(size)

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in for a name; the name is not looked up anywhere else."""
        try:
            return self._names.by_name[module, name]
        except KeyError:
            full_name = ascii(f"{module[:60]}.{name[:60]}")[1:-1]
            raise RefusedError(f"it asks for {full_name}") from None

    def load_frame(self) -> None:
        """Frames only say how far one may read ahead."""
        self.read(8)

    def load_bytearray8(self) -> None:
        """Python's own makes room for what is declared before it reads."""
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    def load_append(self) -> None:
        value = self.stack.pop()
        self._top(list).append(value)

    def load_appends(self) -> None:
        values = self.pop_mark()
        self._top(list).extend(values)

    def load_dict(self) -> None:
        items = self.pop_mark()  # puts the outer stack back, to which is appended
        self.append(_to_dict(items))

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict).update(_to_dict([key, value]))

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._top(dict).update(_to_dict(items))

    def load_additems(self) -> None:
        items = self.pop_mark()
        self._top(set).update(check_keys(items))

    def load_frozenset(self) -> None:
        items = self.pop_mark()
        self.append(frozenset(check_keys(items)))

    def load_reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not self._names.may_call(function) or not isinstance(arguments, tuple):
            raise RefusedError(f"it would call a {type(function).__name__}")
        self.append(function(*arguments))

    def load_build(self) -> None:
        state = self.stack.pop()
        unbuilt = self._top(Unbuilt)
        unbuilt.built = unbuilt.build(state)
        self.stack[-1] = unbuilt.built

    def _top(self, kind: type[_T]) -> _T:
        value = self.stack[-1]
        if type(value) is not kind:
            raise RefusedError(f"it would change a {type(value).__name__} like a {kind.__name__}")
        return value


def _to_dict(items: list) -> dict:
    check_keys(items[::2])
    return dict(zip(items[::2], items[1::2], strict=True))


def _refuse(code: int) -> Callable[[RestrictedUnpickler], None]:
    def refuse(unpickler: RestrictedUnpickler) -> None:
        if code in _INSTRUCTIONS:
            raise RefusedError(f"it holds the instruction {_INSTRUCTIONS[code].name}")
        raise pickle.UnpicklingError(f"no instruction has the number {code}")

    return refuse


def _choose(code: int) -> Callable:
    """The method for an instruction: the one above where there is one, else Python's own."""
    instruction = _INSTRUCTIONS.get(code)
    if not instruction or instruction.name in _REFUSED or instruction.proto > _LAST_PROTOCOL:
        return _refuse(code)
    return getattr(RestrictedUnpickler, pickle._Unpickler.dispatch[code].__name__)


RestrictedUnpickler.dispatch = {code: _choose(code) for code in range(256)}
