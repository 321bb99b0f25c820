"""Tables that exist already: their columns, codecs that fit these, and checks at the start."""
