"""Where the values of secrets come from, since Azure never returns them."""
