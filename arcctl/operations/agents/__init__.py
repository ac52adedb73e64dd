"""What the agents are told, and what they were told before."""
