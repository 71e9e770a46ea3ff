"""Writes kepler.csv: eccentric anomalies to 20 digits, for mean anomalies and eccentricities that are exact doubles.

Newton's method at 50 digits from a bisected start.   Run: python kepler.py > kepler.csv   (mpmath 1.3.0)
"""

import mpmath as mp

mp.mp.dps = 50

print("mean_anomaly,ecc,eccentric_anomaly")
for ecc in (0.001, 0.1, 0.3, 0.6, 0.9, 0.99, 0.999, 0.99999):
    for m in (1e-12, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0, 3.1, 3.14, 3.1415926):
        e, mean = mp.mpf(ecc), mp.mpf(m)
        low, high = mp.mpf(0), mp.pi
        for _ in range(60):
            mid = (low + high) / 2
            if mid - e * mp.sin(mid) < mean:
                low = mid
            else:
                high = mid
        x = (low + high) / 2
        for _ in range(8):
            x -= (x - e * mp.sin(x) - mean) / (1 - e * mp.cos(x))
        print(f"{m!r},{ecc!r},{mp.nstr(x, 20)}")
