"""What the person built, as frozen values."""
