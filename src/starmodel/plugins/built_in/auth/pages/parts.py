"""The parts of forms: inputs with label, help and error, and how a form is read and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fastcore.xml import Button, Div, Form, Input, Label, P, Small

from starmodel.core.errors import RequestError
from starmodel.plugins import Exchange
from starmodel.plugins.built_in.auth.passwords.rules import MIN_CHARS
from starmodel.plugins.built_in.auth.passwords.texts import MAX_BYTES
from starmodel.texts.catalogue import Catalogue

NEW_PASSWORD: Mapping[str, Any] = MappingProxyType(
    {
        "type": "password",
        "autocomplete": "new-password",
        "minlength": MIN_CHARS,
        "maxlength": MAX_BYTES,
        "passwordrules": f"minlength: {MIN_CHARS};",
    }
)
PRESENT_PASSWORD: Mapping[str, Any] = MappingProxyType(
    {"type": "password", "autocomplete": "current-password", "maxlength": MAX_BYTES}
)
ADDRESS: Mapping[str, Any] = MappingProxyType(
    {
        "type": "email",
        "autocomplete": "username",
        "inputmode": "email",
        "autocapitalize": "none",
        "spellcheck": "false",
        "maxlength": 254,
    }
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form was sent with, and what was wrong with it.

    Shapes: errors are texts by the name of an input, "" for the whole form. Passwords are never
    among the values.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class Parts:
    """Renders the inputs of one form in the words of the application.

    The first input with an error has the focus, else the one named `focus`.

    Shapes: form is the prefix of element ids.
    """

    def __init__(
        self, texts: Catalogue, form: str, filled: Filled | None = None, *, focus: str = ""
    ) -> None:
        self._texts, self._form = texts, form
        self._filled = filled or Filled()
        self._focus = next(filter(None, self._filled.errors), focus)

    def text(self, key: str, **params: Any) -> str:
        return self._texts.text(key, **params)

    def input(
        self,
        name: str,
        label: str,
        attributes: Mapping[str, Any] = MappingProxyType({}),
        *,
        help_text: str = "",
        value: str = "",
        required: bool = True,
    ) -> Any:
        """An input with its label, tied to its help text and its error."""
        own = f"{self._form}-{name}"
        error = self._texts.render(self._filled.errors.get(name, ""))
        attributes = dict(attributes)
        if attributes.get("type") != "password":
            attributes["value"] = self._filled.values.get(name, value)
        described = [f"{own}-problem"] + ([f"{own}-help"] if help_text else [])
        is_wrong = bool(error)
        if self._filled.errors.get(""):  # an error of the whole form, such as a wrong password
            described.append(f"{self._form}-problem")
            is_wrong = True
        return Div(
            Label(self.text(label), cls="uk-form-label", fr=own),
            Input(
                id=own, name=name, cls="uk-input", required=required,
                aria_describedby=" ".join(described), aria_invalid=str(is_wrong).lower(),
                autofocus=name == self._focus, **attributes,
            ),
            P(help_text, id=f"{own}-help", cls="sm-help") if help_text else "",
            Small(error, id=f"{own}-problem", cls="sm-problem"),
            cls="sm-field",
        )  # fmt: skip

    def hidden(self, name: str, value: str, **attributes: Any) -> Any:
        """An input that only password managers read."""
        return Input(type="text", name=name, value=value, hidden=True, readonly=True, **attributes)

    def carried(self, name: str, value: str) -> Any:
        """A value that the form sends back."""
        return Input(type="hidden", name=name, value=value)

    def form(self, action: str, submit: str, *inputs: Any, next_path: str = "") -> Any:
        """A form with its error above the inputs and its button below."""
        error = self._texts.render(self._filled.errors.get("", ""))
        return Form(
            P(error, id=f"{self._form}-problem", cls="sm-form-problem", role="alert")
            if error
            else "",
            self.carried("next", next_path) if next_path else "",
            *inputs,
            Div(
                Button(self.text(submit), type="submit", cls="uk-btn uk-btn-primary"),
                cls="sm-form-end",
            ),
            method="post", action=action, cls="sm-form", id=self._form,
        )  # fmt: skip


async def fields_of(exchange: Exchange) -> dict[str, str]:
    """The texts of a submitted form. Raises: RequestError, for another type of body."""
    if not exchange.request.is_form:
        raise RequestError("Send a form.", status=415)
    fields, _ = await exchange.request.form()
    exchange.request.close_files()
    return {name: value for name, value in fields.items() if isinstance(value, str)}
