"""A script to read: coloured, with numbered lines, and with the lines of its layers marked."""
