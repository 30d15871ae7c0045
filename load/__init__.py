"""Volume tests with Locust."""
