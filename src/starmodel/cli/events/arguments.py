"""Parses `--name value` options into the values of a form payload."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from starmodel.app.commands.binding.binder import Binder
from starmodel.app.commands.binding.form_texts import is_list
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.cli.terminal.errors import UsageError
from starmodel.core.fields.field_types import plain_types


def form_of(words: Sequence[str], pairs: Sequence[str], binder: Binder) -> dict[str, Any]:
    """The arguments of an event as unvalidated texts by parameter name.

    Shapes: words are `--delta -5`, `--delta=-5`, `--active` or `--no-active`;
    pairs are `delta=-5`. Dashes in names mean underscores. A repeated
    parameter of a list type is a list of texts.

    Raises: UsageError, for an unknown parameter or a missing value.
    """
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise UsageError(
                f"{word!r} is not understood. Give each parameter by its name: --name value. "
                f"Signature: {binder.signature}."
            )
        name, equals, value = word[2:].partition("=")
        parameter, negated = _parameter(name, binder)
        if negated:
            value = "false"
        elif not equals:
            if rest and not rest[0].startswith("--"):
                value = rest.pop(0)
            elif bool in plain_types(parameter.annotation):
                value = "true"
            else:
                raise UsageError(f"--{name} needs a value. Signature: {binder.signature}.")
        _put(found, parameter, value)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--arg {pair!r} has no value. Write --arg {pair}=VALUE.")
        _put(found, _parameter(name, binder)[0], value)
    return found


def _put(found: dict[str, Any], parameter: Parameter, value: str) -> None:
    name = parameter.name
    if name not in found:
        found[name] = value
    elif is_list(parameter.annotation):
        values = found[name]
        found[name] = [*(values if isinstance(values, list) else [values]), value]
    else:
        raise UsageError(f"{name!r} is given twice. Give it once.")


def _parameter(name: str, binder: Binder) -> tuple[Parameter, bool]:
    """The parameter with this name, and whether the prefix `no-` negates it."""
    parameters = binder.parameters
    name = name.replace("-", "_")
    if name in parameters:
        return parameters[name], False
    positive = name.removeprefix("no_")
    parameter = None if positive == name else parameters.get(positive)
    if parameter is not None and bool in plain_types(parameter.annotation):
        return parameter, True
    near = get_close_matches(name, parameters, n=1)
    hint = f" Did you mean --{near[0]}?" if near else ""
    raise UsageError(
        f"{binder.where} has no parameter {name!r}.{hint} Signature: {binder.signature}."
    )
