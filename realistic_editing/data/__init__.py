"""Photos and their regions: data sets, the build step, training samples, and reading and writing users' photos."""
