"""The confusion matrix: drawn, as a table, as pairs, on paper."""
