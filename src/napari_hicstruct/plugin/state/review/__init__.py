"""Judging candidates: the queue, its order and words, the gallery, what was reviewed."""
