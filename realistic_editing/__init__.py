"""Realistic saliency-guided photo editing."""
