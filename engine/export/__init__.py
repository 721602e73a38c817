"""A project as a script that a person can read, run and change, without Layerscope."""
