"""The exercises: solutions, planted mistakes, and hand-ins that mean harm."""
