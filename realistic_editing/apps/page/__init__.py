"""The demo page: `session` and `dials` hold what it does, `layout` how it looks."""
