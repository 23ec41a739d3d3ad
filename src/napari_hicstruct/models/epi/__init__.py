"""Networks of enhancer–promoter pairs: a sequence encoder, a gate of the line, a head."""
