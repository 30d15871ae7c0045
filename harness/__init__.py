"""A test harness for the Data Integration Platform (DIP) of GB market-wide half-hourly settlement."""

__version__ = "0.1.0"
