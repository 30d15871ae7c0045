"""What people decide about results: defects, overrides, reliance. Each register is one YAML file."""
