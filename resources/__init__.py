"""Data only: icons and starter projects, read with importlib.resources."""
