"""Running a stage: what is selected, against which target, into which folder."""
