"""*Segment images*: train on a picture's labels, segment, learn from what is painted."""
