"""What users start: commands, each one call into the package."""
