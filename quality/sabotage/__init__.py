"""Small faults on purpose, one at a time: a room is well tested where its tests notice nine of ten."""
