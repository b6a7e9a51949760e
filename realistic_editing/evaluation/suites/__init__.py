"""Evaluations of one part each: a judge, the enhancers, masks, earlier methods, or a user study."""
