"""Keys: which presses are commands, and what they do."""
