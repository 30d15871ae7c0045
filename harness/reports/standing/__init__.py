"""Where a cycle stands: the runs of all parties and dates merged, test by test, with history."""
