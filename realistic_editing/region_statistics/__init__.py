"""What a region looks like beside its surroundings: the numbers that the compact critic and the compact enhancer start from."""
