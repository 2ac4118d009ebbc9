"""Exercise 8."""


def sdlm(w, gradient, curvatures, eta, mu):
    h = curvatures.mean(axis=0)
    steps = eta / (mu + h)
    return steps, w - steps * gradient
