"""Exercise 10."""

import math


def viterbi(sources, targets, penalties):
    end = max(targets)
    v = [0.0] + [math.inf] * end
    best = [None] * (end + 1)
    total = [1.0] + [0.0] * end  # e^-f
    for arc in range(len(sources)):
        s, t, c = sources[arc], targets[arc], penalties[arc]
        if v[s] + c < v[t]:
            v[t] = v[s] + c
            best[t] = arc
        total[t] += total[s] * math.exp(-c)
    path, node = [], end
    while node != 0:
        path.append(best[node])
        node = sources[best[node]]
    return v[end], path[::-1], -math.log(total[end])
