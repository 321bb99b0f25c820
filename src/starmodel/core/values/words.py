"""Names of classes as words and as names of tables."""

from __future__ import annotations

import re

_BEFORE_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")
_AFTER_WORD = re.compile(r"([a-z\d])([A-Z])")


def snake_case(name: str) -> str:
    """The name of a class in lower case, its words separated by underscores.

    >>> snake_case("BlogPost"), snake_case("HTTPServer"), snake_case("Area51Map")
    ('blog_post', 'http_server', 'area51_map')
    """
    name = _BEFORE_WORD.sub(r"\1_\2", name)
    return _AFTER_WORD.sub(r"\1_\2", name).replace("-", "_").lower()


def title_of(name: str) -> str:
    """The name of a class as a title for people.

    >>> title_of("BlogPost"), title_of("author_id")
    ('Blog post', 'Author')
    """
    words = snake_case(name).removesuffix("_id").replace("_", " ")
    return words[:1].upper() + words[1:]


def singular_of(title: str) -> str:
    """The title of one item of a list by the title of the list, by the rules of English.

    A title that is no plural is returned unchanged.

    >>> singular_of("Tags"), singular_of("Categories"), singular_of("Boxes"), singular_of("Status")
    ('Tag', 'Category', 'Box', 'Status')
    """
    lower = title.lower()
    if lower.endswith("ies") and len(title) > 4:
        return f"{title[:-3]}y"
    if lower.endswith(("sses", "xes", "ches", "shes")):
        return title[:-2]
    if lower.endswith("s") and not lower.endswith(("ss", "us", "is", "as")):
        return title[:-1]
    return title


def title_of_entity(name: str) -> str:
    """The title of an entity class by its name, which may begin with that of a plugin.

    >>> title_of_entity("BlogPost"), title_of_entity("audit.AuditNote")
    ('Blog post', 'Audit note')
    """
    return title_of(name.rpartition(".")[2])
