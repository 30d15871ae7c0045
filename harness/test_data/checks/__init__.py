"""What test data that somebody brings is held to: one file per subject, one row per rule."""
