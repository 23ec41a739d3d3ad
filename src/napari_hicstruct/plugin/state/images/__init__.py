"""Pictures and label images of the viewer: repair (also of votes), fusion (also of two maps), segmentation."""
