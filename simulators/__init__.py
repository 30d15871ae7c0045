"""A simulated DIP, registration services and market participants."""
