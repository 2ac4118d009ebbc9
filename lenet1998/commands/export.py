"""`lenet1998 export`: a trained network as a file for other programs, a browser among them."""

import argparse
from pathlib import Path

from lenet1998.commands.networks import CHOICES, chosen_network, stated
from lenet1998.commands.options import add_plugin_options
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically
from lenet1998.interop.export import FORMATS
from lenet1998.interop.onnx_graph import image_shape
from lenet1998.interop.torch_module import torch_files

_ENDINGS = {**{kind: kind for kind in FORMATS}, "torch": "py"}
"""How the names of files end, by format."""


def options(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, --format and --out."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help=CHOICES)
    parser.add_argument(
        "--format",
        choices=_ENDINGS,
        help="default: by the ending of --out, or onnx, which needs the extra onnx; torch writes a PyTorch module, its "
        "weights (.npz) and appendix C's method as an optimiser (_sdlm.py)",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="where to write (default: CHECKPOINT_export.FORMAT)")
    add_plugin_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the files, each whole or not at all; one that is there is refused, for it may be a checkpoint."""
    kind = _format(arguments.out, arguments.format)
    source = Path(arguments.checkpoint)
    out = arguments.out or Path(f"{source.name if source.is_dir() else source.stem}_export.{_ENDINGS[kind]}")
    saved, network = chosen_network(arguments.checkpoint)
    files = torch_files(saved, out) if kind == "torch" else {out: FORMATS[kind](saved)}
    for path in files:
        if path.exists():
            raise LeNetError(f"{path} is there already: choose another --out, or remove it")
    for path, content in files.items():
        write_atomically(path, content)
    print(stated(network))
    if kind == "onnx":
        shape = ", ".join(str(size) for size in ("P", *image_shape(saved.network())))
        print(f"images: uint8 ({shape}), 0 background, 255 ink; penalties: float32, the smallest for the answer")
    print(*files, sep="\n")


def _format(out: Path | None, asked: str | None) -> str:
    """The format that is asked for or that the name ends in. Raises LeNetError where they contradict each other."""
    ending = out.suffix[1:].lower() if out else ""
    named = next((kind for kind, each in _ENDINGS.items() if each == ending), None)
    if asked and named and named != asked:
        raise LeNetError(
            f"--format {asked} and {out} contradict each other: choose a name that does not end in .{ending}"
        )
    return asked or named or "onnx"
