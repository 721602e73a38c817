"""What the view of a single step is made of."""
