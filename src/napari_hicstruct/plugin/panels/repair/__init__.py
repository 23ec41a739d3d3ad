"""The dock *Repair labels*."""
