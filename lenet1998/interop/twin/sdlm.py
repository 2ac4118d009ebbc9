"""The stochastic diagonal Levenberg-Marquardt method (appendix C of LeCun, Bottou, Bengio and Haffner, 1998).

For a network that `lenet1998 export --format torch` wrote, or another nn.Sequential of linear layers and functions of
single units. One pattern makes one update:

    optimiser = SDLM(network, loss, eta=0.0005)
    optimiser.curvature(images[:500], labels[:500])  # before each pass
    for image, label in zip(images, labels):
        optimiser.zero_grad()
        loss(network(image[None]), label[None]).sum().backward()
        optimiser.step()
"""

import torch
from torch.func import functional_call, grad, hessian, vmap


class SDLM(torch.optim.Optimizer):
    """w_k <- w_k - eta / (mu + h_kk) dE/dw_k: equations 18 and 21."""

    def __init__(self, network, loss, eta=0.0005, mu=0.02):
        super().__init__(network.parameters(), {"eta": eta, "mu": mu})
        self.network, self.loss = network, loss

    def curvature(self, images, labels):
        """Estimate h_kk on these patterns (equation 24), and keep it until the next call."""
        for parameter, h in curvatures(self.network, self.loss, images, labels).items():
            self.state[parameter]["h"] = h / len(images)

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter -= group["eta"] / (group["mu"] + self.state[parameter]["h"]) * parameter.grad


def curvatures(network, loss, images, labels):
    """d2E/dw2 of each parameter, summed over patterns and shared weights, from the top down (equations 23 to 27)."""
    layers, states = list(network), [images]
    for layer in layers:
        states.append(layer(states[-1]).detach())
    if hasattr(layers[-1], "codes"):
        h = seed(layers.pop(), loss, states[-2], labels)
    else:
        h = _second(loss, states[-1], labels).diagonal(dim1=1, dim2=2)
    found = {}
    for layer, below in list(zip(layers, states, strict=False))[:0:-1]:  # but for the input
        h, values = bbprop(layer, below, h)
        found.update(zip(layer.parameters(), values, strict=True))
    return found


def seed(output, loss, x, labels):
    """The exact d2E/dx_j2 below RBF units, by the chain rule: y is not linear in x."""
    y, offsets = output(x), 2 * (x[:, None] - output.codes)
    first = vmap(grad(lambda y, label: loss(y[None], label[None])[0]))(y, labels)
    return 2 * first.sum(dim=1, keepdim=True) + torch.einsum(
        "pik,pij,pkj->pj", _second(loss, y, labels), offsets, offsets
    )


def _second(loss, y, labels):
    return vmap(hessian(lambda y, label: loss(y[None], label[None])[0]))(y, labels)


def bbprop(layer, x, h):
    """The layer's back-propagation with weights, inputs and slopes squared: h below, and h_kk of its parameters."""
    if not (parameters := dict(layer.named_parameters())):
        x = x.clone().requires_grad_()
        above = layer(x)
        (slope,) = torch.autograd.grad(above, x, torch.ones_like(above), retain_graph=True)
        return slope * torch.autograd.grad(above, x, h)[0], []
    x = x.square().requires_grad_()
    squares = {name: value.detach().square().requires_grad_() for name, value in parameters.items()}
    below, *values = torch.autograd.grad(functional_call(layer, squares, (x,)), [x, *squares.values()], h)
    return below, values
