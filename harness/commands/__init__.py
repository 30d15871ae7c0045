"""The commands of the dip console script."""
