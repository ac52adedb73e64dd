"""A small Azure to practise in; an independent witness."""
