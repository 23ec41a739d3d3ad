"""``band_exchange`` (ours): tasks exchange features only where the genome says they should.

Three masks from the detached boundary probability: bands along boundaries (mask ↔ boundary tasks, stripes and TADs),
corner neighbourhoods (point ↔ boundary tasks, loops and TADs) and, damped, the interior of domains (point ↔ mask).
Outside a pair's mask both tasks' features are bit-identical to what came in (but for the sign of a zero).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.models.context import WindowContext
from napari_hicstruct.models.interaction import Interaction
from napari_hicstruct.models.library.interactions.pairs import pairs_of
from napari_hicstruct.models.tad_prior import band_mask, corner_mask

EDGES = (100_000.0, 200_000.0, 400_000.0, 800_000.0, 1_600_000.0)
"""bp; distance buckets of the gate g(d)."""

_MIN_MASK = 0.1
"""A mask below this is 0: there, nothing passes."""

_DAMPING = 0.25  # of exchange inside domains
_SHIFT = (37, 23)  # coarse bins by which the control's masks are moved along rows and columns


class Gate(nn.Module):
    """``g(d) = σ(b_k)``, one number per distance bucket, or one for all (``constant``); from σ(0) = ½."""

    def __init__(self, *, constant: bool) -> None:
        super().__init__()
        self.constant = constant
        self.logit = nn.Parameter(torch.zeros(1 if constant else len(EDGES) + 1))

    def forward(self, bucket: Tensor) -> Tensor:
        """``(B, 1, h, w)`` distance buckets → gate, the same shape."""
        return torch.sigmoid(self.logit).expand(bucket.shape) if self.constant else torch.sigmoid(self.logit)[bucket]


def buckets(distance: Tensor) -> Tensor:
    """Number of :data:`EDGES` below each distance (bp), the same shape."""
    return torch.bucketize(distance.contiguous(), torch.tensor(EDGES, device=distance.device, dtype=distance.dtype))


class Linear(nn.Module):
    """What one task tells another: a 1×1 convolution of its normalised features, from 0 (nothing)."""

    def __init__(self, c_from: int, c_to: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, c_from)
        self.tell = nn.Conv2d(c_from, c_to, 1, bias=False)
        nn.init.zeros_(self.tell.weight)

    def forward(self, own: Tensor, normal: Tensor) -> Tensor:
        """``(B, c_to, h, w), (B, c_from, h, w) → (B, c_to, h, w)``; ``normal`` is what the other says, normalised.

        Scale and shift of the norm go into the weights, so that features are normalised once for all who listen.
        """
        weight = self.tell.weight
        return functional.conv2d(normal, weight * self.norm.weight[:, None, None], weight[:, :, 0, 0] @ self.norm.bias)


class WindowAttention(nn.Module):
    """What one task reads of another in 8×8 windows: queries from its own features, keys and values from the other's.

    Full attention over a window of 128² pixels would cost more than the whole network on a CPU; the masks are narrower
    than a window, so what matters lies inside.  Starts from 0 like :class:`Linear`.
    """

    SIZE = 8

    def __init__(self, c_from: int, c_to: int, width: int = 8) -> None:
        super().__init__()
        self.query, self.key = nn.Conv2d(c_to, width, 1), nn.Conv2d(c_from, width, 1)
        self.value = nn.Conv2d(c_from, width, 1)
        self.tell = nn.Conv2d(width, c_to, 1, bias=False)
        nn.init.zeros_(self.tell.weight)

    def _windows(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        s = self.SIZE
        x = x.reshape(batch, channels, height // s, s, width // s, s).permute(0, 2, 4, 3, 5, 1)
        return x.reshape(-1, s * s, channels)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """``(B, c_to, h, w), (B, c_from, h, w) → (B, c_to, h, w)``; odd rims are padded with 0 and cut again."""
        height, width = own.shape[-2:]
        pad = (0, -width % self.SIZE, 0, -height % self.SIZE)
        own, other = functional.pad(own, pad), functional.pad(other, pad)
        q, k, v = (self._windows(x) for x in (self.query(own), self.key(other), self.value(other)))
        read = functional.scaled_dot_product_attention(q, k, v)
        batch, s = own.shape[0], self.SIZE
        rows, columns = own.shape[-2] // s, own.shape[-1] // s
        read = read.reshape(batch, rows, columns, s, s, -1).permute(0, 5, 1, 3, 2, 4)
        return self.tell(read.reshape(batch, -1, rows * s, columns * s))[..., :height, :width]


class BandExchange(Interaction):
    """Masked pairwise exchange: ``x_a ← x_a + m · τ-sharpened mask · g(d) · tell_b→a(x_b)``, and the other way round.

    Per scale and pair: two 1×1 convolutions of ``C_a·C_b`` weights each with a norm of ``2·C``, one gate of 6 numbers
    (1 if constant) and one temperature.
    """

    exchanges = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.options = config.interaction_options
        self.pairs = {
            "band": pairs_of(config, "mask", "boundary"),
            "corner": pairs_of(config, "point", "boundary"),
            "interior": pairs_of(config, "point", "mask"),
        }
        width = {task.name: task for task in config.tasks}
        kind = WindowAttention if self.options.attention else Linear
        self.scales = [scale for scale in self.options.scales if scale in ("f4", "f3", "f2")]
        self.tell, self.gates = nn.ModuleDict(), nn.ModuleDict()
        for scale in self.scales:
            for pair in (pair for pairs in self.pairs.values() for pair in pairs):
                for to, other in (pair, pair[::-1]):
                    widths = (config.width(width[other], scale), config.width(width[to], scale))
                    self.tell[f"{other}-{to}-{scale}"] = kind(*widths)
                self.gates[f"{'-'.join(pair)}-{scale}"] = Gate(constant=self.options.gate == "constant")
        self.log_temperature = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in self.pairs})

    def masks(self, scale: str, context: WindowContext) -> dict[str, Tensor]:
        """``band``, ``corner`` and ``interior`` masks at ``scale``, ``(B, 1, h, w)`` in [0, 1], exactly 0 outside."""
        rows, cols = context.boundaries(scale)
        if self.options.shuffled:
            factor = 2 ** ("f1", "f2", "f3", "f4").index(scale) // 2
            rows, cols = (p.roll(shift // factor, -1) for p, shift in zip((rows, cols), _SHIFT, strict=True))
        band = band_mask(rows, cols)
        # the largest product of a 3×3 neighbourhood is the product of the largest factors
        near = corner_mask(*(functional.max_pool1d(p[:, None], 3, 1, 1)[:, 0] for p in (rows, cols)))
        raw = {"band": band, "corner": near, "interior": _DAMPING * (1 - band)}
        return {name: self._sharpened(name, mask) for name, mask in raw.items()}

    def _sharpened(self, name: str, mask: Tensor) -> Tensor:
        inside = (mask >= _MIN_MASK).to(mask.dtype)
        return inside * mask.clamp_min(1e-6) ** torch.exp(-self.log_temperature[name])

    def exchange(self, scale: str, maps: dict[str, Tensor], context: WindowContext) -> dict[str, Tensor]:
        """Features of every task plus what its partners tell it inside the pair's mask."""
        if scale not in self.scales:
            return maps
        masks, bucket = self.masks(scale, context), buckets(context.distance(scale))
        normed = maps if self.options.attention else {name: functional.group_norm(x, 1) for name, x in maps.items()}
        out: dict[str, Tensor] = {}
        for name, pair in ((name, pair) for name, pairs in self.pairs.items() for pair in pairs):
            gate = self.gates[f"{'-'.join(pair)}-{scale}"](bucket) * masks[name]
            self._note(f"{'-'.join(pair)}/{scale}", gate, context)
            for to, other in (pair, pair[::-1]):
                message = self.tell[f"{other}-{to}-{scale}"](maps[to], normed[other])
                # the first sum is new memory, into which the others go; where the gate is 0 features stay what they are
                out[to] = out[to].addcmul_(gate, message) if to in out else torch.addcmul(maps[to], gate, message)
        return maps | {name: x.to(maps[name].dtype) for name, x in out.items()}

    def _note(self, name: str, gate: Tensor, context: WindowContext) -> None:
        if context.trace is None:
            return
        context.trace.show(f"exchange/{name}", gate)
        if self.options.sparsity:
            context.trace.penalty("exchange_sparsity", self.options.sparsity * gate.mean())
