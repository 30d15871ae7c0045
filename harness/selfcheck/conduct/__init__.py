"""What a participant's webhook does with publications: valid, repeated, broken and unwelcome ones."""
