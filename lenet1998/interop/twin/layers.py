"""The layers of lenet1998 in PyTorch, with parameters of the same names; C and J are those of the network's recipe."""

import torch
from torch import nn
from torch.nn import functional

C, J = 1.0, torch.inf


class Input(nn.Module):
    """Bytes, 0 background and 255 ink, to the input's range, centred on a field of background (section II-B)."""

    def __init__(self, channels, side, background, foreground, threshold=0):
        super().__init__()
        levels = torch.linspace(background, foreground, 256, dtype=torch.float64)
        levels = levels[255 * (torch.arange(256) > threshold)] if threshold else levels
        self.side = side
        self.register_buffer("levels", levels, persistent=False)
        self.register_buffer("mean", torch.zeros(channels, side, side), persistent=False)

    def forward(self, images):
        images = images[:, None] if images.ndim == 3 else images
        rows, columns = self.side - images.shape[2], self.side - images.shape[3]
        margins = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        return functional.pad(self.levels[images.long()], margins, value=self.levels[0].item()) - self.mean


class Convolution(nn.Module):
    """Each map convolves the maps that its column of the table has an X for, and adds one bias (equation 5)."""

    def __init__(self, table, kernel, stride=1, padding=0):
        super().__init__()
        joined = torch.tensor([[cell == "X" for cell in column] for column in zip(*table.split(), strict=True)])
        self.register_buffer("joined", joined, persistent=False)
        self.weight = nn.Parameter(torch.zeros(int(joined.sum()), kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(len(joined)))
        self.stride, self.padding = stride, padding

    def forward(self, x):
        kernels = self.weight.new_zeros(*self.joined.shape, *self.weight.shape[1:])
        kernels[self.joined] = self.weight  # zero where the table joins no maps
        return functional.conv2d(x, kernels, self.bias, self.stride, self.padding)


class Subsampling(nn.Module):
    """The sum (section II-B) or average (II-A) of a window, times a coefficient, plus a bias, for each map."""

    def __init__(self, maps, each=1):
        super().__init__()
        self.each = each
        self.coefficient, self.bias = nn.Parameter(torch.zeros(maps)), nn.Parameter(torch.zeros(maps))

    def forward(self, x):
        x = x.repeat_interleave(self.each, dim=1)
        return x * self.coefficient[:, None, None] + self.bias[:, None, None]


class FullConnection(nn.Linear):
    """Every unit sees every unit below (equation 5)."""

    def forward(self, x):
        return super().forward(x.flatten(1))


class Squash(nn.Module):
    """f(a) = A tanh(S a), equation 6."""

    def forward(self, a):
        return 1.7159 * torch.tanh(2 / 3 * a)


class Contrast(nn.Module):
    """One unit for two classes: the penalties (0, -a)."""

    def forward(self, a):
        return torch.cat([torch.zeros_like(a), -a], dim=1)


class RBF(nn.Module):
    """y_i, the squared distance from the code of class i (equation 7): a penalty."""

    def __init__(self, codes):
        super().__init__()
        self.register_buffer("codes", codes, persistent=False)

    def forward(self, x):
        return (x[:, None] - self.codes).square().sum(dim=2)


def equation_8(y, labels):
    """The penalty of the correct class, of each pattern."""
    return C * y.gather(1, labels[:, None])[:, 0]


def equation_9(y, labels):
    """C y_D + log(e^-J + sum_i e^(-C y_i)): cross-entropy with a rubbish class after the others, whose penalty is J."""
    return functional.cross_entropy(-functional.pad(C * y, (0, 1), value=J), labels, reduction="none")
