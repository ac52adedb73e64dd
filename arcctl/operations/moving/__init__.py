"""What a move is made of: what was asked, its plan, its steps in order."""
