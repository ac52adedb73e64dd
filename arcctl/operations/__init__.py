"""What arcctl does: one module per verb, a short list of steps."""
