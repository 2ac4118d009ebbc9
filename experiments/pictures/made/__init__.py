"""Pictures of digits as people take them, made from MNIST's digits, drawn strokes, fonts and textures."""
