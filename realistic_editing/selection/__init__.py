"""Selecting a thing by clicks or a box: the network, and how it learns."""
