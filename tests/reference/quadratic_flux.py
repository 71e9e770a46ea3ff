"""Writes quadratic_flux.csv: flux of a quadratically limb-darkened star behind a disc, to 17 digits.

The visible flux is integrated over stellar radius with mpmath at 30 digits: at radius rho the hidden arc has half angle
acos((rho^2 + z^2 - k^2) / (2 rho z)), so that

    1 - flux = (2 / (pi mean)) * int_0^1 I(rho) * half_angle(rho) * rho drho,   mean = 1 - u1/3 - u2/6.

The integral is split where the arc begins and ends (|z - k| and z + k) and substituted so that its ends are smooth.
Run: python quadratic_flux.py > quadratic_flux.csv   (mpmath 1.3.0)
"""

import itertools
import random

import mpmath as mp

mp.mp.dps = 30


def dip(k, z, u1, u2):
    k, z, u1, u2 = (mp.mpf(v) for v in (k, z, u1, u2))
    if z >= 1 + k or k <= 0:
        return mp.mpf(0)
    if z <= k - 1:
        return mp.mpf(1)

    def intensity(rho):
        mu = mp.sqrt((1 - rho) * (1 + rho))
        return 1 - u1 * (1 - mu) - u2 * (1 - mu) ** 2

    def primitive(rho):
        """int_0^rho I r dr, of the part that is hidden all round."""
        mu = mp.sqrt(1 - rho**2)
        return (1 - u1 - u2) * rho**2 / 2 + (u1 + 2 * u2) * (1 - mu**3) / 3 - u2 * (1 - mu**4) / 4

    total = mp.mpf(0)
    if z < k:
        total += mp.pi * primitive(min(k - z, mp.mpf(1)))
    if z > 0:
        low, high = abs(z - k), min(z + k, mp.mpf(1))

        def integrand(theta):
            # rho from low to high, with square-root ends opened by the cosine
            rho = low + (high - low) * (1 - mp.cos(theta)) / 2
            # cosine of the half angle, via 1 - cos, which does not cancel
            one_minus = (k - (z - rho)) * (k + (z - rho)) / (2 * rho * z) if rho > 0 else mp.mpf(0)
            one_minus = min(max(one_minus, mp.mpf(0)), mp.mpf(2))
            angle = 2 * mp.asin(mp.sqrt(one_minus / 2))
            return intensity(rho) * angle * rho * (high - low) / 2 * mp.sin(theta)

        if high > low:
            total += mp.quad(integrand, [0, mp.pi / 4, mp.pi / 2, 3 * mp.pi / 4, mp.pi])
    return 2 * total / (mp.pi * (1 - u1 / 3 - u2 / 6))


laws = [(0.4804, 0.1867), (0.0, 0.0), (1.0, 0.0), (0.3, 0.6), (0.2, -0.15)]
radii = [1e-4, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.8, 1.0, 1.2, 2.0]
random.seed(20261121)
print("k,z,u1,u2,dip")
law = itertools.cycle(laws)
for k in radii:
    contacts = [abs(1 - k), 1 + k]
    zs = {0.0, k, 0.5 * k, 0.9 * k, 1.1 * k, 0.5, 1.0, 0.99, k * (1 + 1e-9), abs(1 - k) + k}
    for c in contacts:
        for d in (1e-3, 1e-6, 1e-10, 1e-14):
            zs |= {c - d, c + d}
        zs.add(c)
    zs |= {random.uniform(0, 1 + k) for _ in range(6)}
    zs |= {random.uniform(abs(1 - k), 1 + k) for _ in range(6)}
    for z in sorted(v for v in zs if 0 <= v <= 1 + k + 1e-3):
        u1, u2 = next(law)
        print(f"{k!r},{z!r},{u1},{u2},{mp.nstr(dip(k, z, u1, u2), 20)}")
