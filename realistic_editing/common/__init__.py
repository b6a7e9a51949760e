"""What every other part may use: errors, files, seeds, paths. Imports nothing else of the project."""
