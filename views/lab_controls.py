"""The lab's controls, in the order in which data flows, and the set-up that they make.

Values outlive the widgets that show them: Streamlit forgets a widget that one run does not draw,
but a person who looks at another variant or page and comes back expects their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

import attention
from views.i18n import language, strings, t
from views.lab_setup import DTYPES, MAX_SEED, TABS, Knobs, Mask, Setup, largest_size

MEMORY = "lab_memory"
_NARROW = 106


def adopt(setup: Setup) -> None:
    """Set every control to a set-up; called before any control is drawn."""
    values: dict[str, Any] = {
        "lab_variant": setup.variant,
        **({"lab_other": setup.other} if setup.other else {}),
        "lab_tab": setup.tab,
        "lab_mask": setup.mask.kind,
        "lab_mask_window": setup.mask.window,
        "lab_mask_valid": setup.mask.valid,
        "lab_mask_keep": setup.mask.keep,
        "lab_seed": setup.seed,
        "lab_dtype": setup.dtype,
        "lab_claim": setup.claim,
        "lab_claim_width": setup.claim_width,
        "lab_claim_precision": setup.claim_precision,
        "lab_claim_base": str(setup.claim_base),
        "lab_claim_rank": str(setup.claim_rank),
        "lab_train_heads": str(setup.train_heads),
        **({"lab_text": setup.text.text} if setup.text.text else {}),
        "lab_text_source": "pretrained" if setup.text.model else "own",
        **({"lab_text_model": setup.text.model} if setup.text.model else {}),
    }
    values |= {"lab_layers": setup.layers, "lab_rollout": setup.rollout}
    code = setup.code
    values |= {"lab_compare_mode": "code" if code.slug else "variants"}
    values |= {"lab_code_source": code.source, "lab_code_inputs": code.inputs}
    values |= {"lab_code_slug": code.slug} if code.slug else {}
    cost = setup.cost
    values |= {"lab_cost_names": list(cost.names), "lab_cost_longest": str(cost.longest)}
    values |= {"lab_cost_heads": cost.heads, "lab_cost_dim": str(cost.dim)}
    values |= {"lab_cost_models": list(cost.models), "lab_cost_context": str(cost.context)}
    values |= {"lab_cost_batch": cost.batch, "lab_cost_stored": cost.stored}
    values |= {f"lab_size_{name}": size for name, size in setup.sizes.items()}
    values |= {f"lab_a_{setup.variant}_{n}": v for n, v in setup.parameters.items()}
    values |= {f"lab_b_{setup.other}_{n}": v for n, v in setup.other_parameters.items()}
    st.session_state.setdefault(MEMORY, {}).update(values)
    for key, value in values.items():
        st.session_state[key] = value


def text_of(kind: str, name: str) -> str:
    """The interface's word for a size, a parameter or a stage, or its name in the code."""
    key = f"lab.{kind}_{name}"
    return t(key) if key in strings() else name


def variant_title(name: str) -> str:
    """A variant's title in the current language."""
    return attention.variants()[name].title[language()]


def titles() -> dict[str, str]:
    """Every variant's title in the current language: looked up once for a list of them."""
    chosen = language()
    return {name: variant.title[chosen] for name, variant in attention.variants().items()}


def choose_variant(names: Sequence[str]) -> str:
    """The control that decides which others there are."""
    return str(_select("lab_variant", t("lab.variant"), names, names[0], titles().__getitem__))


def choose(key: str, label: str, options: Sequence[Any], say: Callable[[Any], str]) -> Any:
    """A choice among a few, the first of them at first."""
    return _select(key, label, options, options[0], say)


def choose_several(
    key: str, label: str, options: Sequence[str], most: int, say: Callable[[str], str]
) -> tuple[str, ...]:
    """A choice of up to `most` among many."""
    _prepare(key, [])
    chosen = st.multiselect(label, options, format_func=say, key=key, max_selections=most)
    return tuple(_kept(key, chosen))


def choose_whole(key: str, label: str, low: int, high: int) -> int:
    """A whole number between two others."""
    return _whole(key, label, low, low, high)


def text_area(key: str, label: str, default: str, most: int) -> str:
    """A text of several lines, at first the default; what is too long is cut, and that is said.

    The browser's own limit would drop a text that is pasted without a word.
    """
    _prepare(key, default)
    asked = str(st.session_state[key])
    st.session_state[key] = asked[:most]
    text = str(_kept(key, st.text_area(label, key=key, height=120)))
    if len(asked) > most:
        st.session_state[f"{key}_cut"] = (text, len(asked) - most)
    cut, lost = st.session_state.get(f"{key}_cut", ("", 0))
    if lost and text == cut:  # until the text is another one
        st.caption(t("lab.text_too_long", most=most, lost=lost))
    return text


def text_line(key: str, label: str, default: str, most: int, help_text: str) -> str:
    """A text of one line, at first the default; spaces around it do not count."""
    _prepare(key, default)
    return str(_kept(key, st.text_input(label, key=key, max_chars=most, help=help_text))).strip()


def choose_truth(key: str, label: str, help_text: str) -> bool:
    """Whether something is on, off at first."""
    _prepare(key, False)
    return bool(_kept(key, st.toggle(label, key=key, help=help_text)))


def choose_seed() -> int:
    """The seed of what is drawn."""
    return _whole("lab_seed", t("lab.seed"), 0, 0, MAX_SEED, help_text=t("lab.seed_help"))


def choose_tab() -> str:
    """Which view of the call to draw."""
    _prepare("lab_tab", TABS[0])
    tab = st.segmented_control(
        t("lab.view"),
        TABS,
        required=True,
        format_func=lambda name: t(f"lab.tab_{name}"),
        key="lab_tab",
        label_visibility="collapsed",
    )
    return str(_kept("lab_tab", tab))


def controls(setup: Setup, knobs: Knobs, others: Knobs | None, settled: Mapping[str, int]) -> Setup:
    """Draw the controls below the variant's, and return the set-up that they now make.

    Sizes that are `settled` (by own tensors) are shown, but cannot be changed.
    """
    sizes = (others.sizes if others else {}) | knobs.sizes
    with st.container(horizontal=True, gap="small"):
        chosen = {
            name: _told(name, settled[name]) if name in settled else _size(name, default)
            for name, default in sizes.items()
        }
        seed = choose_seed()
        dtype = _select("lab_dtype", t("lab.dtype"), DTYPES, DTYPES[0], str, width=_NARROW)
    parameters = _parameters(knobs, "a")
    mask = _mask(knobs.masks, others.masks if others else ())
    return replace(setup, sizes=chosen, seed=seed, dtype=dtype, parameters=parameters, mask=mask)


def other_controls(
    usual: str, names: Sequence[str], knobs_of: Callable[[str], Knobs]
) -> tuple[str, dict[str, Any]]:
    """The second variant of a comparison, at first the `usual` one, and its parameters."""
    name = _select("lab_other", t("lab.other"), names, usual, titles().__getitem__)
    return name, _parameters(knobs_of(name), "b")


def _size(name: str, default: int) -> int:
    return _whole(f"lab_size_{name}", text_of("size", name), default, 1, largest_size(name))


def _told(name: str, size: int) -> int:
    """A size that something else decides."""
    label = text_of("size", name)
    st.number_input(label, value=size, disabled=True, width=_NARROW, key=f"lab_told_{name}_{size}")
    return size


def _parameters(knobs: Knobs, side: str) -> dict[str, Any]:
    """A control for each of the variant's own parameters."""
    if not knobs.parameters:
        return {}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        prefix = f"lab_{side}_{knobs.variant.name}_"
        return {n: _parameter(prefix + n, n, e) for n, e in knobs.parameters.items()}


def _parameter(key: str, name: str, entry: Mapping[str, Any]) -> Any:
    label, default = text_of("parameter", name), entry["default"]
    if "choices" in entry:
        return _select(key, label, entry["choices"], default, str, width=2 * _NARROW)
    if isinstance(default, bool):
        _prepare(key, default)
        return _kept(key, st.toggle(label, key=key))
    low, high, step = entry["min"], entry["max"], entry["step"]
    if isinstance(default, int):
        return _whole(key, label, default, int(low), int(high), step=int(step))
    _prepare(key, float(default))
    value = st.slider(label, float(low), float(high), step=float(step), key=key)
    return _kept(key, value)


def _mask(kinds: Sequence[str], other_kinds: Sequence[str]) -> Mask:
    """The mask's kind and the one number that belongs to it."""
    if not kinds and not other_kinds:
        st.caption(t("lab.own_mask"))
        return Mask()
    offered = kinds if len(kinds) >= len(other_kinds) else other_kinds
    kind = _select("lab_mask", t("lab.mask"), offered, "none", lambda k: t(f"lab.mask_{k}"))
    memory = st.session_state[MEMORY]
    window = int(memory.get("lab_mask_window", Mask.window))
    valid = int(memory.get("lab_mask_valid", Mask.valid))
    keep = float(memory.get("lab_mask_keep", Mask.keep))
    if kind == "window":
        window = _whole("lab_mask_window", t("lab.mask_window_size"), window, 1, 4096)
    elif kind == "padding":
        valid = _whole("lab_mask_valid", t("lab.mask_valid"), valid, 0, 4096)
    elif kind == "random":
        _prepare("lab_mask_keep", keep)
        keep = st.slider(t("lab.mask_keep"), 0.0, 1.0, step=0.05, key="lab_mask_keep")
        _kept("lab_mask_keep", keep)
    return Mask(kind, window, valid, keep)


def _whole(
    key: str, label: str, default: int, low: int, high: int, step: int = 1, help_text: str = ""
) -> int:
    _prepare(key, default)
    st.session_state[key] = min(max(int(st.session_state[key]), low), high)
    value = st.number_input(
        label, low, high, step=step, key=key, width=_NARROW, help=help_text or None
    )
    return int(_kept(key, value))


def _select(
    key: str, label: str, options: Sequence[Any], default: Any, say: Any, width: Any = "stretch"
) -> Any:
    _prepare(key, default)
    if st.session_state[key] not in options:
        st.session_state[key] = default
    return _kept(key, st.selectbox(label, options, format_func=say, key=key, width=width))


def _prepare(key: str, default: Any) -> None:
    """Give a control that is about to be drawn its last value, or the default."""
    if key not in st.session_state:
        st.session_state[key] = st.session_state.setdefault(MEMORY, {}).get(key, default)


def _kept(key: str, value: Any) -> Any:
    st.session_state.setdefault(MEMORY, {})[key] = value
    return value
