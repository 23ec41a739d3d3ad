"""Where one looks: the open map, its view and axes, places, a second map."""
