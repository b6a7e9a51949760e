"""The enhancer: a photo and a mask in, a recipe out."""
