"""One file a view; a view never imports another view."""
