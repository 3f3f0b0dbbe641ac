"""The methods that are compared. Each judges a day, then learns it; all see the same records. See `method.py` for what they share."""
