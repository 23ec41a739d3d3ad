"""*Fuse maps*: two pictures or two contact maps become one."""
