"""Every shape annotation of `attention` is checked while its tests run."""

import pytest
import torch
from jaxtyping import install_import_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

install_import_hook("attention", "beartype.beartype")


@pytest.fixture(autouse=True)
def _reproducible() -> None:
    """Unseeded draws are the same in every run and every order of tests."""
    torch.manual_seed(20)


class Largest(TorchDispatchMode):
    """Notes the number of elements of the largest tensor that any operation makes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if not func._schema.name.endswith(("view", "expand", "as_strided", "t", "transpose")):
            for item in tree_leaves(result):
                if isinstance(item, torch.Tensor):
                    self.elements = max(self.elements, item.numel())
        return result


@pytest.fixture
def largest() -> Largest:
    """`with largest: ...` and then `largest.elements`: did it build a full matrix?"""
    return Largest()
