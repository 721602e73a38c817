"""Choosing data and looking through them."""
