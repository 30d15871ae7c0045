"""Accepted messages on their way from ingress to delivery workers, over NATS JetStream."""
