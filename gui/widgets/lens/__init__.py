"""One image large, and what the network has said of it; what was learned and forgotten."""
