"""What `check` borrows from other verbs: their own first questions, and the job in the cluster."""
