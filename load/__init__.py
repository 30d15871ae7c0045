"""Volume: Locust users that send as the parties of a network."""
