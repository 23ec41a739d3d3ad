"""Images and labels as files, for repair and segmentation: NIfTI, TIFF, zarr and npy; written as they were read."""
