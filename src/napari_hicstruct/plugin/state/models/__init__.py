"""Models at work in a window: prediction, adapting, fine-tuning, comparison."""
