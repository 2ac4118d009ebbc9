"""Fifty mistakes of students, five for each exercise: what of a solution is replaced by what, and what is to be said.

It is None where nothing better can be said than that it is not right yet.
"""

PLANTED = {
    "counts": [
        ("parameters += 1  # the bias", "pass", "the biases are left out"),
        ("            if table[j, m]:\n", "            if True:\n", "the table is ignored"),
        ("kernel * kernel", "kernel", "a row of k weights"),
        ("rows - kernel + 1, columns - kernel + 1", "rows, columns", "at the positions of the input"),
        ("parameters * height * width", "parameters", "each weight is counted once"),
    ],
    "squash": [
        ("A, S = 1.7159, 2 / 3", "A, S = 1.7159, 1", "S = 2/3 is left out"),
        ("x = A * np", "x = np", "A = 1.7159 is left out"),
        (
            "slope = A * S * (1 - np.tanh(S * a) ** 2)",
            "slope = A * (1 - np.tanh(S * a) ** 2)",
            "the factor S is missing",
        ),
        ("slope = A * S * (1 - np.tanh(S * a) ** 2)", "slope = 1 - x**2", "of tanh alone"),
        ("1 - np.tanh(S * a) ** 2", "1 - np.tanh(S * a)", "the tanh is not squared"),
    ],
    "c3": [
        ("a[m, r, c] += bias[m]", "pass", "right without the bias"),
        ("x[j, r + dr, c + dc]", "x[j, r + k - 1 - dr, c + k - 1 - dc]", "the kernel is flipped"),
        ("if table[j, m]:", "if True:", "the table is ignored: map 0 sees map 1"),
        ("x[j, r + dr, c + dc]", "x[j, r + dc, c + dr]", "rows and columns of the kernel"),
        (
            "                if table[j, m]:",
            "                if table[j, m]:\n                        a[m, r, c] += bias[m]",
            None,
        ),
    ],
    "s2": [
        ("coefficient[m] * total", "coefficient[m] * total / 4", "averaged, not added: a quarter"),
        ("A * np.tanh(S * a)", "a", "not squashed"),
        ("total += x", "total = x", None),
        ("coefficient[m] * total + bias[m]", "coefficient[m] * (total + bias[m])", "multiplies the bias too"),
        (
            "total += x[m, 2 * r + dr, 2 * c + dc]",
            "total = max(total or -9, x[m, 2 * r + dr, 2 * c + dc])",
            "the largest of four",
        ),
    ],
    "rbf": [
        ("(x[unit] - codes[i, unit]) ** 2", "abs(x[unit] - codes[i, unit])", "not squared"),
        ("total = math.exp(-j)", "total = 0", "the rubbish class is missing"),
        ("total = math.exp(-j)", "total = j", "j itself stands in the sum"),
        (
            "        total += math.exp(-y[i])",
            "        total += math.exp(-y[i]) if i != label else 0",
            "left out of the sum",
        ),
        ("+ math.log(total)", "- math.log(total)", "the logarithm is subtracted"),
    ],
    "backprop": [
        ("slope[m, r, c] * g[m, r, c]", "g[m, r, c]", "f' is left out"),
        ("shared[m, j, dr, dc] +=", "shared[m, j, dr, dc] =", "only the last position"),
        ("kernels[m, j, dr, dc]", "kernels[m, j, k - 1 - dr, k - 1 - dc]", "turned by half a turn"),
        ("if table[j, m]:", "if True:", "the table is ignored"),
        ("return below, shared, bias", "return below, shared / (rows * columns), bias", "averaged over the positions"),
    ],
    "bbprop": [
        ("slope[m, r, c] ** 2", "slope[m, r, c]", "f' is not squared"),
        ("kernels[m, j, dr, dc] ** 2", "kernels[m, j, dr, dc]", "only f' is squared"),
        ("x[j, r + dr, c + dc] ** 2", "x[j, r + dr, c + dc]", "only f' is squared"),
        ("shared[m, j, dr, dc] +=", "shared[m, j, dr, dc] =", "only the last position"),
        ("h[m, r, c]\n", "h[m, r, c] ** 2\n", "h is squared too"),
    ],
    "sdlm": [
        ("curvatures.mean(axis=0)", "curvatures.sum(axis=0)", "added up over the patterns"),
        ("(mu + h)", "h", "mu is left out"),
        ("eta / (mu + h)", "1 / (mu + h)", "eta is left out"),
        ("w - steps", "w + steps", "uphill"),
        ("mu + h", "mu + h**0.5", "Adam's way"),
    ],
    "modern": [
        ("np.maximum(a, 0)", "a", "the rectifier is missing"),
        (".max(axis=(1, 2))", ".mean(axis=(1, 2))", "the mean of each window"),
        ("-np.log(p[label])", "np.log(p[label])", "minus is missing"),
        ("gradient[label] -= 1", "pass", "subtract 1 at the label"),
        ("t.ppf(0.975, n - 1)", "1.96", "Student's distribution"),
    ],
    "viterbi": [
        ("path[::-1]", "path", "from the end to the start"),
        ("-math.log(total[end])", "math.log(total[end])", "the sign is turned"),
        ("-math.log(total[end])", "total[end]", "the sum over the paths"),
        ("math.exp(-c)", "math.exp(c)", "the signs in the exponents"),
        ("v[s] + c < v[t]", "c < v[t]", None),
    ],
}
