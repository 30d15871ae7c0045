"""The simulated market participants."""
