"""What lies round the canvas: the title, the docks' widths, the wheel."""
