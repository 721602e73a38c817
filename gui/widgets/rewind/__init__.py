"""The parts of the view that goes back in a run."""
