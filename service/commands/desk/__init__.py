"""The operators' desk on the command line: one module per question an operator has."""
