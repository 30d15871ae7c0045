"""The simulated Data Integration Platform."""
