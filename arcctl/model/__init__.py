"""What arcctl talks about: frozen values, no I/O."""
