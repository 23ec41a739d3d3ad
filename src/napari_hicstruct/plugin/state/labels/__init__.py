"""The labels of a window: sets, what of them is in view and how it is drawn, files in and out."""
