"""What a participant's webhook does when it is called: valid publications, repeated, broken and refused ones."""
