"""What a person reads; the only home of rich."""
