"""One page, several stores: entities shared by everyone, and entities of one visitor."""
