"""Measure networks on photos that nobody tuned to: networks and data in, small results out; then tables and figures."""
