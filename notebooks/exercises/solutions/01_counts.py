"""Exercise 1."""


def counts(table, kernel, rows, columns):
    below, maps = table.shape
    height, width = rows - kernel + 1, columns - kernel + 1
    parameters = 0
    for m in range(maps):
        parameters += 1  # the bias
        for j in range(below):
            if table[j, m]:
                parameters += kernel * kernel
    return parameters, parameters * height * width
