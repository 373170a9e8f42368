"""The door of a new host, seen from here: what stands on its Docker port before the engine does."""
