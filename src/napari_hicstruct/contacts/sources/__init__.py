"""From a file to a :class:`~napari_hicstruct.contacts.protocol.ContactSource`: what it is, how it is read."""
