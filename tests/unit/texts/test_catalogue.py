"""A catalogue: parameters, plural forms, own texts, and what is refused at start."""

import copy
import json
import pickle
import re

import pytest

from starmodel.texts import Catalogue, Message
from starmodel.texts.catalogue import ENGLISH, joined
from starmodel.texts.english import PLACES, TEXTS, Text
from starmodel.texts.templates import Template, size_text

GERMAN = {
    "record.new": "{title} anlegen",
    "value.at_least": "Mindestens {bound}, bitte.",
    "value.out_of_bounds": "Der Wert {problem}.",
    "bounds.digits": "hat mehr als {digits} Ziffern",
    "bulk.done": {
        "one": "{event}: ein {title} erledigt.",
        "other": "{event}: {count} {things} erledigt.",
    },
}


def test_text_has_its_parameters() -> None:
    assert ENGLISH.text("value.at_least", bound=3) == "Must be at least 3."
    assert ENGLISH.text("record.new", title="Purchase order") == "New purchase order"
    assert ENGLISH.text("file.max_size", max_bytes=1_500_000) == "The file may have at most 1.5 MB."


def test_own_text_replaces_the_english_one() -> None:
    german = Catalogue(GERMAN)

    assert german.text("record.new", title="Produkt") == "Produkt anlegen"
    assert german.text("value.int") == "Enter a whole number."
    assert ENGLISH.text("record.new", title="Produkt") == "New produkt"


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "Bin: ein Produkt erledigt."), (0, "Bin: 0 Produkte erledigt."),
     (2, "Bin: 2 Produkte erledigt.")],
)  # fmt: skip
def test_plural_form_is_that_of_the_number(count: int, text: str) -> None:
    words = {"event": "Bin", "title": "Produkt", "things": "Produkte"}

    assert Catalogue(GERMAN).text("bulk.done", count=count, **words) == text


def test_plural_rule_of_another_language_names_its_forms() -> None:
    def polish(number: int) -> str:
        few = number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)
        return "one" if number == 1 else "few" if few else "other"

    forms = {"one": "{count} klucz", "few": "{count} klucze", "other": "{count} kluczy"}
    texts = Catalogue({"shown.keys": forms}, plural=polish)

    shown = [texts.text("shown.keys", count=count) for count in (1, 3, 5, 12)]
    assert shown == ["1 klucz", "3 klucze", "5 kluczy", "12 kluczy"]


def test_form_that_a_text_lacks_is_the_other_one() -> None:
    texts = Catalogue({"shown.keys": {"other": "{count} Einträge"}})
    assert texts.text("shown.keys", count=1) == "1 Einträge"


def test_message_is_english_until_a_catalogue_renders_it() -> None:
    message = Message("value.at_least", bound=3)

    assert message == "Must be at least 3."
    assert (message.key, dict(message.params)) == ("value.at_least", {"bound": 3})
    assert Catalogue(GERMAN).render(message) == "Mindestens 3, bitte."
    assert json.dumps({"errors": message}) == '{"errors": "Must be at least 3."}'


def test_message_as_a_parameter_is_rendered_too() -> None:
    message = Message("value.out_of_bounds", problem=Message("bounds.digits", digits=4000))

    assert message == "This has more than 4000 digits."
    assert Catalogue(GERMAN).render(message) == "Der Wert hat mehr als 4000 Ziffern."


def test_text_of_a_validator_is_passed_through() -> None:
    assert Catalogue(GERMAN).render_all({"a": "Own words."}) == {"a": "Own words."}


def test_texts_are_joined_pairwise() -> None:
    assert joined("joined.and", []) == ""
    assert joined("joined.and", ["a"]) == "a"
    assert joined("joined.and", ["a", "b", "c"]) == "a and b and c"
    german = Catalogue({"joined.and": "{first} und {second}"})
    assert german.render(joined("joined.and", ["a", "b", "c"])) == "a und b und c"


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))],  # noqa: S301 - our own
)
def test_copy_of_a_message_keeps_key_and_parameters(copied) -> None:
    message = copied(Message("value.at_least", bound=3))
    assert (message, message.key, message.params["bound"]) == (
        "Must be at least 3.", "value.at_least", 3,
    )  # fmt: skip


def test_message_is_immutable() -> None:
    message = Message("value.int")

    with pytest.raises(AttributeError, match="'key' can't be set"):
        message.key = "value.date"
    with pytest.raises(TypeError):
        message.params["bound"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ({"value.itn": "Zahl"}, "No text has the key 'value.itn'; the nearest is 'value.int'."),
        (
            {"value.at_least": "Mindestens {limit}."},
            "The text 'value.at_least' has no parameter 'limit'; it has bound.",
        ),
        ({"value.int": "{bound}"}, "The text 'value.int' has no parameter 'bound'; it has none."),
        (
            {"value.at_least": "Mehr, bitte."},
            "The text 'value.at_least' lacks its parameter {bound}: 'Mehr, bitte.'.",
        ),
        (
            {"shown.keys": {"other": "viele"}},
            "The text 'shown.keys' lacks its parameter {count}: {'other': 'viele'}.",
        ),
        (
            {"shown.keys": {"one": "ein Eintrag"}},
            "The text 'shown.keys' is {'one': 'ein Eintrag'}; expected a template, or templates by "
            "plural form with the form 'other'.",
        ),
        ({"value.int": 3}, "The text 'value.int' is 3; expected a template"),
        ({"value.int": "a { b"}, "The text 'value.int' is no template: "),
        ({"value.int": {"other": None}}, "The text 'value.int' is no template: "),
        (
            {"value.at_least": "{bound.__class__}"},
            "The text 'value.at_least' is no template: {bound.__class__} is not the plain name",
        ),
        ({"value.at_least": "{bound!r}"}, "{bound} is not the plain name of a parameter"),
        (
            {"value.at_least": "{bound:>9}"},
            "{bound:>9} has an unknown format; expected 'lower' or 'size'",
        ),
        (
            {"record.new": "{title:size}"},
            "The text 'record.new' has {title:size}, and its parameter 'title' is no number",
        ),
        ({"value.int": "Zahl\ud800"}, "The text 'value.int' is no template: 'utf-8' codec"),
        ({3: "Zahl"}, "No text has the key 3; the nearest is "),
    ],
)
def test_text_that_can_never_be_rendered_is_rejected(own, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        Catalogue(own)


def test_unknown_key_and_missing_parameter_raise() -> None:
    with pytest.raises(KeyError):
        ENGLISH.text("value.itn")
    with pytest.raises(KeyError):
        ENGLISH.text("value.at_least")


def test_braces_are_escaped_by_doubling() -> None:
    assert Template("{{{name}}}").fill({"name": "a"}) == "{a}"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_999_999, "1.9 MB"),
        (5_000_000_000, "5 GB"),
    ],
)
def test_size_is_rounded_down_to_one_decimal(size: int, text: str) -> None:
    assert size_text(size) == text


def test_english_plural_forms_have_the_same_parameters_or_fewer() -> None:
    for key, text in TEXTS.items():
        if not isinstance(text, str):
            every = Template(text["other"]).names
            names = {name for form in text.values() for name in Template(form).names}
            assert names - every <= {"title"}, key


TEXTS_OF_PLUGIN: dict[str, Text] = {
    "audit.title": "Audit", "audit.notes": {"one": "{count} note", "other": "{count} notes"},
}  # fmt: skip


def test_message_of_a_plugin_is_rendered_by_a_catalogue_that_has_its_texts() -> None:
    message = Message.of_plugin("audit.notes", TEXTS_OF_PLUGIN, count=1)
    assert message == "1 note"
    assert Catalogue().render(message) == "1 note"  # its own English text
    german = Catalogue({"audit.notes": {"one": "{count} Notiz", "other": "{count} Notizen"}})
    assert german.extended(TEXTS_OF_PLUGIN).render(message) == "1 Notiz"
    assert german.extended(TEXTS_OF_PLUGIN).text("audit.title") == "Audit"
    copied = pickle.loads(pickle.dumps(message))  # noqa: S301 - our own
    assert (copied, copied.key) == (message, "audit.notes")


@pytest.mark.parametrize(
    ("own", "problem"),
    [
        ({"audit.titel": "x"}, "No text has the key 'audit.titel'; the nearest is 'audit.title'."),
        ({"evnt.create": "x"}, "No text has the key 'evnt.create'; the nearest is 'event.create'."),
        ({"audit.notes": "viele"}, "The text 'audit.notes' lacks its parameter {count}: 'viele'."),
    ],
)
def test_own_texts_of_plugins_are_checked(own: dict[str, Text], problem: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(problem)):
        Catalogue(own).extended(TEXTS_OF_PLUGIN, ["mail"])


def test_own_texts_of_a_plugin_that_is_not_loaded_are_ignored() -> None:
    own: dict[str, Text] = {"mail.subject": "Betreff", "audit.title": "Protokoll"}
    assert Catalogue(own).extended(TEXTS_OF_PLUGIN, ["mail"]).text("audit.title") == "Protokoll"


def test_each_key_has_one_text() -> None:
    keys = [key for texts in PLACES.values() for key in texts]
    assert len(keys) == len(set(keys))
