"""The network drawn as boxes and wires."""
