"""Every shape annotation of `attention` is checked while its tests run."""

import pytest
import torch
from jaxtyping import install_import_hook

install_import_hook("attention", "beartype.beartype")


@pytest.fixture(autouse=True)
def _reproducible() -> None:
    """Unseeded draws are the same in every run and every order of tests."""
    torch.manual_seed(20)
