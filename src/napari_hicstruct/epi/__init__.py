"""Enhancer–promoter pairs across cell lines: tables, sequences, training, prediction, explanation."""
