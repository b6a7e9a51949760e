"""Methods beside each other on the photos of a data set: which photos, which methods, what is measured, and the tables."""
