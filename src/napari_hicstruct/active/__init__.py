"""What to review next: candidates, query strategies, disagreements, the queue and its statistics.  No torch."""
