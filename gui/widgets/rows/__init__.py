"""An image read row by row: states and predictions beside it."""
