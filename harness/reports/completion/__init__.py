"""The completion report of a stage and the exit report over parties: one model, four renderings of it."""
