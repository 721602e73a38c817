"""The parts of choosing weights to start from."""
