"""The network that fuses two pictures or maps, and its folders."""
