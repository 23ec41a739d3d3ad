"""What to look at next: candidates, query strategies, disagreements, the queue and its statistics.  No torch."""
