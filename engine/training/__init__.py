"""From a Project and a dataset to a trained network, told as events."""
