"""Reports made from run events alone."""
