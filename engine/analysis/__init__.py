"""Pure functions over arrays: what a classifier gets right and wrong."""
