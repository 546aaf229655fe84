"""How results look: tables for a terminal, pictures, and pieces of HTML."""
