"""The DIP client, the webhook receiver, connection identity and limits."""
