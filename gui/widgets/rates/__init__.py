"""Rates by class: the table, their course, reliability, thresholds."""
