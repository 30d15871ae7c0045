"""Test data: metering points made from a seed, checked when somebody brings their own, and made anonymous."""
