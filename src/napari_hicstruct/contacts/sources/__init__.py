"""From a file to a :class:`~napari_hicstruct.contacts.protocol.ContactSource`: what a file is, how each format is read."""
