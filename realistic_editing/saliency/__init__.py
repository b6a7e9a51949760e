"""Saliency models: where people look. One protocol: image (B, 3, H, W) in [0, 1] -> map (B, 1, H, W) in [0, 1]."""
