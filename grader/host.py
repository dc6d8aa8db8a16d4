"""Runs a module's functions and layers: a submission's in the sandbox, a reference's in the judge.

Both sides use this one class, so that a wrong variant run in the judge does exactly what the same
code would do in the sandbox.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from grader.wire import (
    DEEPEST,
    MOST_AXES,
    MOST_TENSORS,
    NAMES,
    PAYLOAD_LIMIT,
    Once,
    Opaque,
    Ticket,
    raw,
)

SOURCE = "<submission>"  # the file name a submission is compiled under
TEXT_LIMIT = 2000
PLAIN = (torch.float64, torch.float32, torch.bool, torch.int64)
# A metaclass can make a class lie about these, but not type itself.
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
_bases_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
Shapes = dict[str, tuple[int, ...]]
Cotangents = Sequence[Tensor] | Callable[[Any], Sequence[Tensor]]


@dataclass
class SubmissionError(Exception):
    """The code under test raised; `kinds` are the names of the exception's classes."""

    kinds: tuple[str, ...]
    text: str
    line: int | None
    cause: Literal["raised", "memory", "forbidden", "denied"] = "raised"

    @property
    def words(self) -> str:
        """The exception as Python prints it, without the line."""
        return f"{self.kinds[0]}: {self.text}" if self.text else self.kinds[0]

    def __str__(self) -> str:
        return f"{self.words} (line {self.line})" if self.line else self.words


class ForbiddenCall(BaseException):
    """The statement forbids this call; not an Exception, so that `except Exception` lets it by."""


@dataclass(frozen=True)
class Target:
    """What to call: a function of the module, an object it made, or a method of that object."""

    ticket: Ticket | None = None
    name: str | None = None


@dataclass(frozen=True)
class Setup:
    """What a layer needs before a call: these weights, in their dtype.

    Where `entry` is given, the layer is yet to be made with these arguments.
    """

    weights: dict[str, Tensor]
    entry: str | None = None
    args: Sequence[Any] = ()
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A new layer and the shapes of its parameters by name; None if it is no `nn.Module`."""

    ticket: Ticket
    shapes: Shapes | None


@dataclass(frozen=True)
class Reply:
    """Outputs of a call, the first input that it modified, and the layer made for it.

    There are no outputs where that layer's parameters are not those of the weights.
    """

    outputs: Any
    modified: int | None = None
    made: Made | None = None


@dataclass(frozen=True)
class Gradients:
    """Vector-Jacobian products: per floating input in order, and per parameter; None = no path.

    `error` is what autograd said where the outputs could be computed but not pulled back.
    """

    reply: Reply
    inputs: tuple[Tensor | None, ...] = ()
    parameters: dict[str, Tensor | None] = field(default_factory=dict)
    error: str = ""


class Host:
    """The objects of one module, addressed by name or ticket."""

    def __init__(
        self, namespace: dict[str, Any], filename: str = SOURCE, forbid: Sequence[str] = ()
    ) -> None:
        self.namespace = namespace
        self.filename = filename
        self.watch = Watch(forbid) if forbid else None
        self.kept: list[Any] = []

    def has(self, name: str) -> bool:
        return callable(self.namespace.get(name))

    def construct(self, entry: str, args: Sequence[Any], options: dict[str, Any]) -> Ticket:
        with self._guarded():
            return self._keep(self.namespace[entry](*args, **options))

    def layer(self, setup: Setup) -> Made:
        """A new layer; its weights are loaded if it has parameters of their names and shapes."""
        ticket = self.construct(setup.entry or "", setup.args, setup.options)
        module = self.kept[ticket.number]
        if not isinstance(module, nn.Module):
            return Made(ticket, None)
        with self._guarded():
            named = _without_aliases(module, setup.weights)
            made = Made(ticket, {name: tuple(value.shape) for name, value in named.items()})
            if fits(made, setup.weights):
                _load(module, named, setup.weights)
        return made

    def load_state(self, ticket: Ticket, weights: dict[str, Tensor]) -> None:
        """Converts the layer to the weights' dtype and copies them in by name."""
        with self._guarded():
            module = self.kept[ticket.number]
            _load(module, _without_aliases(module, weights), weights)

    def call(
        self,
        target: Target,
        inputs: Sequence[Any],
        keep: Sequence[int] = (),
        setup: Setup | None = None,
    ) -> Reply:
        target, made = self._set_up(target, setup)
        if made and setup and not fits(made, setup.weights):
            return Reply(None, made=made)
        arguments = [self._argument(value) for value in inputs]
        before = _values(inputs)
        with self._guarded():
            result = self._resolve(target)(*arguments)
            if keep and isinstance(result, list | tuple):
                result = [
                    self._keep(item) if index in keep else item for index, item in enumerate(result)
                ]
            outputs = sendable(result)
        return Reply(outputs, _modified(before, inputs), made)

    def _set_up(self, target: Target, setup: Setup | None) -> tuple[Target, Made | None]:
        if setup is None:
            return target, None
        if setup.entry is None and target.ticket is not None:
            self.load_state(target.ticket, setup.weights)
            return target, None
        made = self.layer(setup)
        return Target(made.ticket, target.name), made

    def vjp(
        self,
        target: Target,
        inputs: Sequence[Any],
        cotangents: Cotangents,
        setup: Setup | None = None,
    ) -> Gradients:
        """Calls, and pulls `cotangents`, one per floating output, back to inputs and parameters.

        Where the outputs are not what the cotangents are for, there are no gradients.
        """
        target, made = self._set_up(target, setup)
        if made and setup and not fits(made, setup.weights):
            return Gradients(Reply(None, made=made))
        given, leaves, before = _with_leaves(inputs)
        arguments = [self._argument(value) for value in given]
        with self._guarded():
            result = self._resolve(target)(*arguments)
            outputs = sendable(result)
        parameters = self._named(target)
        results = [out for out in flatten(result) if floating(out)]
        given_back = cotangents(outputs) if callable(cotangents) else cotangents
        if [out.shape for out in results] != [cotangent.shape for cotangent in given_back]:
            return Gradients(Reply(outputs, _modified(before, given), made))
        pairs = zip(results, given_back, strict=True)
        paths = [(out, cotangent.to(out.dtype)) for out, cotangent in pairs if out.requires_grad]
        grads, error = [], ""
        try:
            with self._guarded(watched=False):
                grads = _grad(paths, [*leaves, *parameters.values()])
        except SubmissionError as trouble:
            error = str(trouble)
        reply = Reply(outputs, _modified(before, given), made)  # the backward pass may write too
        if error:
            return Gradients(reply, error=error)
        count = len(leaves)
        named = dict(zip(parameters, grads[count:], strict=True))
        return Gradients(reply, tuple(grads[:count]), named)

    def _named(self, target: Target) -> dict[str, Tensor]:
        module = self.kept[target.ticket.number] if target.ticket else None
        if not isinstance(module, nn.Module):
            return {}
        return {name: parameter for name, parameter in _named(module) if parameter.requires_grad}

    def _resolve(self, target: Target) -> Callable[..., Any]:
        if target.ticket is None:
            return self.namespace[target.name or ""]  # type: ignore[no-any-return]
        thing = self.kept[target.ticket.number]
        return getattr(thing, target.name) if target.name else thing  # type: ignore[no-any-return]

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Ticket):
            return self.kept[value.number]
        return value.read() if isinstance(value, Once) else value

    def _keep(self, value: Any) -> Ticket:
        self.kept.append(value)
        return Ticket(len(self.kept) - 1)

    @contextmanager
    def _guarded(self, watched: bool = True) -> Iterator[None]:
        """Turns whatever the code raises into a SubmissionError."""
        watch = self.watch if watched else None
        try:
            with watch or nullcontext():
                yield
        except BaseException as error:
            raise describe(error, self.filename) from None
        if watch and watch.seen:
            raise describe(watch.seen, self.filename)


def fits(made: Made, weights: dict[str, Tensor]) -> bool:
    """Whether a layer has the weights' parameters, no others and in their shapes."""
    return made.shapes == shapes_of(weights)


def shapes_of(weights: dict[str, Tensor]) -> Shapes:
    return {name: tuple(weight.shape) for name, weight in weights.items()}


def _named(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return nn.Module.named_parameters(module, remove_duplicate=False)


def _without_aliases(module: nn.Module, names: Collection[str]) -> dict[str, nn.Parameter]:
    """The parameters by name, without further names for those in `names` (in a list of layers)."""
    named = dict(_named(module))
    known = {id(named[name]) for name in names if name in named}
    return {n: value for n, value in named.items() if n in names or id(value) not in known}


def _load(module: nn.Module, named: dict[str, nn.Parameter], weights: dict[str, Tensor]) -> None:
    """Gives the parameters these values by name; floating buffers take the weights' dtype.

    New data as in `Module.to`, which would convert the old values first.
    """
    for name, parameter in named.items():
        parameter.data = weights[name].clone()
    dtype = next((weight.dtype for weight in weights.values()), torch.float64)
    if any(floating(buffer) and buffer.dtype != dtype for buffer in module.buffers()):
        module.to(dtype)


def _tensors(value: Any) -> list[Tensor]:
    """The tensors that the judge sent as one argument.

    What a ticket stands for is the submission's own, to be changed as it likes.
    """
    return [leaf for leaf in flatten(value) if isinstance(leaf, Tensor)]


def _values(inputs: Sequence[Any]) -> list[list[Tensor]]:
    return [[leaf.detach().clone() for leaf in _tensors(value)] for value in inputs]


def _modified(before: list[list[Tensor]], inputs: Sequence[Any]) -> int | None:
    """The first argument that is no longer what it was before the call."""
    for index, (old, value) in enumerate(zip(before, inputs, strict=True)):
        if not all(map(_unchanged, old, _tensors(value))):
            return index
    return None


def _unchanged(old: Tensor, new: Tensor) -> bool:
    try:
        if old.shape != new.shape or old.dtype != new.dtype:
            return False
        return torch.equal(old, new) or torch.allclose(old, new, rtol=0, atol=0, equal_nan=True)
    except Exception:  # it is not even a dense tensor any more
        return False


class Watch(TorchFunctionMode):
    """Notices calls that the statement forbids, under whatever name they are reached."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = frozenset(names)
        self.seen: ForbiddenCall | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # torch.softmax, Tensor.softmax, torch._softmax, torch.special.softmax, aten.softmax.int
        name = getattr(func, "__name__", "").split(".")[0].strip("_").removeprefix("special_")
        if name in self.names:
            self.seen = ForbiddenCall(name)
            raise self.seen
        return func(*args, **(kwargs or {}))


def describe(error: BaseException, filename: str = SOURCE) -> SubmissionError:
    """What can be told of an exception without trusting its `__str__`."""
    if isinstance(error, SubmissionError):
        return error
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)[:TEXT_LIMIT]
    except BaseException:
        text = ""
    kinds = tuple(_name_of(kind)[:100] for kind in _bases_of(type(error))[:20])
    line = error.lineno if isinstance(error, SyntaxError) else _line(error, filename)
    line = line if type(line) is int else None
    return SubmissionError(kinds, text, line, _cause(error, text))


def _cause(error: BaseException, text: str) -> Literal["raised", "memory", "forbidden", "denied"]:
    if isinstance(error, ForbiddenCall):
        return "forbidden"
    exhausted = ("can't allocate memory", "not enough memory", "can't start new thread")
    full = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if full or isinstance(error, MemoryError) or any(words in text for words in exhausted):
        return "memory"
    return "denied" if isinstance(error, PermissionError) else "raised"


def _line(error: BaseException, filename: str) -> int | None:
    """The last line of the submission's own file in the traceback."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def flatten(value: Any) -> list[Any]:
    """The leaves of nested lists, tuples and one-pass iterables, in order."""
    if isinstance(value, Once):
        value = value.items
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flatten(item)]
    return [value]


def floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def sendable(value: Any, depth: int = 0) -> Any:
    """The value with dense, plain, detached CPU tensors; what cannot be sent becomes Opaque."""
    if isinstance(value, Tensor):
        return _plain(value)
    if type(value) is int and value.bit_length() > 64:
        return Opaque("an integer of more than 64 bits")
    if value is None or type(value) in (bool, int, float, str, Ticket):
        return value[:TEXT_LIMIT] if isinstance(value, str) else value
    if isinstance(value, list | tuple):
        if depth > DEEPEST // 2 or len(value) > MOST_TENSORS // 2:
            return Opaque(f"a {_name_of(type(value))} of {len(value)}, nested or very long")
        return tuple([sendable(item, depth + 1) for item in value])
    return Opaque(_name_of(type(value))[:200])


def _plain(tensor: Tensor) -> Tensor | Opaque:
    if _ordinary(tensor):
        return tensor.detach()
    with torch._C.DisableTorchFunctionSubclass():
        if tensor.layout is not torch.strided or tensor.device.type != "cpu":
            return Opaque(f"a tensor with layout {tensor.layout} on {tensor.device}")
        if tensor.is_quantized or tensor.is_nested or tensor.dtype not in NAMES:
            return Opaque(f"a tensor of dtype {tensor.dtype}, quantised or nested")
        if tensor.dim() > MOST_AXES or tensor.nbytes > PAYLOAD_LIMIT // 2:
            return Opaque(f"a tensor of {tensor.dim()} dimensions and {tensor.numel()} values")
        plain = torch.Tensor.detach(tensor).resolve_conj().resolve_neg().as_subclass(Tensor)
        raw(plain)  # a tensor without data fails here, where the error is the submission's
        return plain


def _ordinary(tensor: Tensor) -> bool:
    """Whether a tensor is dense, on the CPU, with data of its own kind, as nearly all are."""
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and tensor.dtype in PLAIN
        and tensor.dim() <= MOST_AXES
        and tensor.nbytes <= PAYLOAD_LIMIT // 2
        and not (tensor.is_neg() or tensor._is_zerotensor() or tensor.is_nested)
        and tensor.data_ptr() is not None  # raises for a tensor without storage
    )


def _with_leaves(
    inputs: Sequence[Any],
) -> tuple[list[Any], list[Tensor], list[list[Tensor]]]:
    """The inputs with every floating tensor replaced by a copy of a leaf that takes gradients.

    A copy, so that code which writes into its input gets a gradient and a clear message elsewhere
    instead of autograd's complaint about leaves. Also the leaves, and the inputs' values.
    """
    leaves: list[Tensor] = []

    def replace(value: Any) -> Any:
        if isinstance(value, Once):
            return Once([replace(item) for item in value.items])
        if not floating(value):
            return value
        leaves.append(value.detach().clone().requires_grad_())
        return leaves[-1].clone()

    given = [replace(value) for value in inputs]
    return given, leaves, _values(given)


def _grad(pairs: list[tuple[Tensor, Tensor]], wanted: list[Tensor]) -> list[Tensor | None]:
    if not pairs or not wanted:
        return [None] * len(wanted)
    outputs, cotangents = zip(*pairs, strict=True)
    grads = torch.autograd.grad(outputs, wanted, cotangents, allow_unused=True)
    return [None if grad is None else grad.detach() for grad in grads]


def load_module(source: str, filename: str = SOURCE) -> dict[str, Any]:
    """Executes source text as a module named `submission` and returns its namespace."""
    import linecache
    import types

    module = types.ModuleType("submission")
    module.__file__ = filename
    sys.modules["submission"] = module  # dataclasses and inspect look modules up by name
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    return module.__dict__
