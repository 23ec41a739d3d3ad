"""The multitask network on pictures: planes and crops, losses of a batch, training, tiles, objects."""
