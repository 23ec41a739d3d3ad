"""Labels edited by mouse and key: layers and the store."""
