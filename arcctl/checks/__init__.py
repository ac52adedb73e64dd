"""What arcctl asks: a sentence, a verdict, a remedy."""
