"""Writes quadratic_flux_edges.csv: as quadratic_flux.py, in the neighbourhoods of contacts, of z = k and of z = 1.

Run: python quadratic_flux_edges.py > quadratic_flux_edges.csv   (mpmath 1.3.0)
"""

import contextlib
import io
import itertools

import mpmath as mp

with contextlib.redirect_stdout(io.StringIO()):
    import sys

    sys.argv = ["quadratic_flux_edges.py"]
    source = open("quadratic_flux.py").read().split("laws = [")[0]
    exec(source)

laws = itertools.cycle([(0.4804, 0.1867), (1.0, 0.0), (0.1, 0.9), (0.0, 0.0)])
radii = [1e-3, 0.05, 0.25, 0.49999999, 0.5, 0.50000001, 0.7, 0.99, 1.0, 1.00001, 1.5, 2.0]
print("k,z,u1,u2,dip")
for k in radii:
    zs = set()
    for at in (1 - k, 1 + k, k - 1, k, 1.0):
        for e in (1.3, 3.1, 5.2, 7.4, 9.1, 12.0, 15.0):
            zs |= {at - 10**-e, at + 10**-e}
    for z in sorted(v for v in zs if 0 <= v < 1 + k and v > k - 1):
        u1, u2 = next(laws)
        print(f"{k!r},{z!r},{u1},{u2},{mp.nstr(dip(k, z, u1, u2), 20)}")
