"""Query strategies: which candidate is worth a person's time first.

Each gives a number per candidate; only their order counts.  Names are combined by ``+``, each with a weight in front if
wanted: ``entropy+disagreement``, ``2*bald+diversity``.  Combined numbers are ranks in [0, 1], so that scales do not
matter.

Sources: entropy and margin, Settles 2009 (§3.1); BALD, Houlsby et al. 2011, arXiv 1112.5745 (eq. 2); core-set,
Sener & Savarese 2018, here by the D² draws of k-means++ (Arthur & Vassilvitskii 2007) as scikit-learn has them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from napari_hicstruct.active.candidates import Candidates, Floats
from napari_hicstruct.errors import ConfigError

Strategy = Callable[[Candidates, np.random.Generator], Floats]

UNKNOWN = 0.5
"""Probability taken of a candidate without one: the least certain."""

CORE = 256
"""So many candidates are spread over the features; the rest follow by their distance from those."""

SAMPLE = 5_000
"""Of more candidates than this, those to spread are drawn from so many: the same spread in a twentieth of the time."""

DEFAULT = "entropy"


def _probability(pool: Candidates) -> Floats:
    return np.where(np.isnan(pool.probability), UNKNOWN, pool.probability)


def score(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """The strongest first."""
    return np.where(np.isnan(pool.strength), 1.0, pool.strength)


def entropy(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """Binary entropy of the probability, bits."""
    return bits(_probability(pool))


def margin(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """1 − |2p − 1|: how near the probability is to one half."""
    return 1 - np.abs(2 * _probability(pool) - 1)


def bald(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """Entropy of the members' mean minus the mean of their entropies, bits: where the members of an ensemble disagree.

    Raises
    ------
    ConfigError
        If there is no ensemble.
    """
    if pool.votes is None:
        raise ConfigError("strategy 'bald' needs an ensemble.", hint="Ask the model first, or use entropy.")
    known = ~np.isnan(pool.votes).all(axis=1)
    out = np.zeros(len(pool))
    own = pool.votes[known]
    out[known] = bits(np.nanmean(own, axis=1)) - np.nanmean(bits(own), axis=1)
    return np.maximum(out, 0)


def disagreement(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """Share of callers, models and neighbouring structures that contradict the candidate."""
    return np.zeros(len(pool)) if pool.disagreement is None else pool.disagreement


def diversity(pool: Candidates, rng: np.random.Generator) -> Floats:
    """A spread over the encoder's features (else over kinds, places and distances), then what is farthest from it."""
    from sklearn.cluster import kmeans_plusplus
    from sklearn.metrics import pairwise_distances_argmin_min

    if len(pool) == 0:
        return np.zeros(0)
    own = pool.places if pool.features is None else pool.features.astype(np.float64)
    own = own - own.mean(axis=0)
    own = (own / np.where(own.std(axis=0) > 0, own.std(axis=0), 1)).astype(np.float32)
    drawn = np.arange(len(own)) if len(own) <= SAMPLE else np.sort(rng.choice(len(own), SAMPLE, replace=False))
    size = min(CORE, len(np.unique(own[drawn], axis=0)))
    seed = int(rng.integers(1 << 31))
    _, chosen = kmeans_plusplus(own[drawn], size, random_state=seed, n_local_trials=1)
    chosen = drawn[chosen]
    _, far = pairwise_distances_argmin_min(own, own[chosen])
    out = far / (1 + far.max())
    out[chosen] = 2 - np.arange(size) / size
    return np.asarray(out, np.float64)


def pair(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """The most probable enhancer–promoter pair first; what has none last.

    Raises
    ------
    ConfigError
        If nobody has asked for pairs.
    """
    if pool.pair is None:
        raise ConfigError("strategy 'pair' needs enhancer–promoter pairs.", hint="Review → E–P pairs gives them.")
    return np.where(np.isnan(pool.pair), -1.0, pool.pair)


def orientation(pool: Candidates, _rng: np.random.Generator) -> Floats:
    """Convergent motifs first, then tandem, divergent and none; what nothing is known of last.

    Raises
    ------
    ConfigError
        If there is no track of motifs.
    """
    if pool.orientation is None:
        hint = "Open CTCF motifs (BED with strand) as a track."
        raise ConfigError("strategy 'orientation' needs motifs beside the map.", hint=hint)
    return np.where(np.isnan(pool.orientation), -1.0, pool.orientation)


def random(pool: Candidates, rng: np.random.Generator) -> Floats:
    """By chance: what every other strategy is measured against."""
    return rng.random(len(pool))


STRATEGIES: dict[str, Strategy] = {
    "score": score,
    "entropy": entropy,
    "margin": margin,
    "bald": bald,
    "disagreement": disagreement,
    "diversity": diversity,
    "pair": pair,
    "orientation": orientation,
    "random": random,
}
"""All strategies by name, of letters and ``_``."""

BY_PROBABILITY = frozenset(
    name for name, one in STRATEGIES.items() if _probability.__name__ in inspect.unwrap(one).__code__.co_names
)
"""Those that read the probability: of a candidate without one they say nothing."""

_PART = re.compile(r"(?:(?P<weight>\d+(?:\.\d+)?)\*)?(?P<name>[a-z_]+)")


def bits(p: Floats) -> Floats:
    """Binary entropy, bits; 0 at 0 and 1."""
    q = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(-(q * np.log2(q) + (1 - q) * np.log2(1 - q)))


def parse(spec: str) -> list[tuple[float, str]]:
    """``2*entropy+diversity`` → weights and names.

    Raises
    ------
    ConfigError
        If a part is no strategy, or all weights are 0.
    """
    parts = []
    for text in spec.replace(" ", "").split("+"):
        found = _PART.fullmatch(text)
        if found is None or found["name"] not in STRATEGIES:
            raise ConfigError(f"there is no strategy '{text}'.", hint=f"Choose from {', '.join(STRATEGIES)}.")
        parts.append((float(found["weight"] or 1), found["name"]))
    if not any(weight for weight, _ in parts):
        raise ConfigError(f"strategy '{spec}' gives every part the weight 0.", hint="Give one of them more.")
    return parts


def priorities(pool: Candidates, spec: str = DEFAULT, *, seed: int = 0) -> Floats:
    """What the candidates are worth by a strategy or several; the largest first.

    Parameters
    ----------
    pool : Candidates
    spec : str
        Names as :func:`parse` reads them.
    seed : int
        For the strategies that draw.

    Returns
    -------
    float64, shape (n,)

    Raises
    ------
    ConfigError
    """
    return combined(parse(spec), single_values(pool, spec, seed=seed))


def single_values(pool: Candidates, spec: str, *, seed: int = 0) -> dict[str, Floats]:
    """What each strategy named in ``spec`` gives by itself: why a candidate comes early.

    Raises
    ------
    ConfigError
    """
    rng = np.random.default_rng(seed)
    return {name: STRATEGIES[name](pool, rng) for name in dict.fromkeys(name for _, name in parse(spec))}


def combined(parts: Sequence[tuple[float, str]], values: Mapping[str, Floats]) -> Floats:
    """One number per candidate: a single strategy's own, else the weighted sum of ranks."""
    if len(parts) == 1:
        return values[parts[0][1]]
    return np.asarray(sum(weight * _ranks(values[name]) for weight, name in parts))


def _ranks(values: Floats) -> Floats:
    """Ranks in [0, 1]; equal values share theirs."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values) / max(1, len(values)))
