"""The texts that visitors read, by key, so that an application can translate them."""

from starmodel.texts.catalogue import Catalogue, Message

__all__ = ["Catalogue", "Message"]
