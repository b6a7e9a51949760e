"""Measure networks on held-out photos: networks and data in, small results out; then tables and figures."""
