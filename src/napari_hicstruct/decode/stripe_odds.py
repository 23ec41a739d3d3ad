"""How likely a stripe is, by the network and by how far its row stands above both sides."""

from __future__ import annotations

from scipy.special import logit

from napari_hicstruct.contacts.band import Band
from napari_hicstruct.decode.prominence import stripe_prominence
from napari_hicstruct.decode.stripe_settings import StripeSettings


def stripe_odds(
    p: float, band: Band, rows: range, side: int, length: int, settings: StripeSettings | None = None
) -> tuple[float, float]:
    """Log-odds of a stripe, raised by how far its best row stands out.

    Parameters
    ----------
    p : float
        Mean mask probability along the stripe.
    band : Band
    rows : range
        Bins of the anchor.
    side : int
        1 down, -1 up.
    length : int
        Bins from the diagonal.
    settings : StripeSettings, optional

    Returns
    -------
    odds : float
    z : float
        Standard deviations by which the best row stands out.
    """
    s = settings or StripeSettings().at_scale(band.scale)
    near = max(1, s.near_bp // band.resolution)
    rise, z = max((stripe_prominence(band, x, side, near, length) for x in rows), key=lambda both: both[1])
    return float(logit(min(max(p, 1e-3), 1 - 1e-3)) + s.rise_weight * min(max(rise, -1.0), 1.0)), z
