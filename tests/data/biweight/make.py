"""Makes s1.txt and s3.txt: trends of wotan's biweight on two series that the test rebuilds from the same formulae.

    python -m pip install wotan==2.0 && python tests/data/biweight/make.py

The noise is the sum of twelve uniform numbers of a linear congruential generator, so that both languages get the same.
s1: 18,000 cadences of 2 minutes with a gap; s3: Kepler's 29.4 minutes over 1,460 days with gaps and 3 % dropouts.
Both have rotation (5,000 and 2,000 ppm in 7.3 and 2.9 days) and box transits. Every STRIDEth trend value is kept.
"""
import os
import numpy as np
import wotan

HERE = os.path.dirname(os.path.abspath(__file__))


class Lcg:
    def __init__(self, seed):
        self.x = seed

    def uniform(self):
        self.x = (1664525 * self.x + 1013904223) % 2**32
        return self.x / 2**32

    def normal(self):
        return sum(self.uniform() for _ in range(12)) - 6.0


def times_s1():
    return [i * 2.0 / 1440.0 for i in range(19440) if abs(i * 2.0 / 1440.0 - 13.5) > 1.0][:18000]


def times_s3(lcg):
    cadence = 29.4244 / 1440.0
    every = [i * cadence for i in range(int(1460 / cadence))]
    return [t for t in every if t % 91.25 > 1.6 and lcg.uniform() >= 0.03]


def flux(times, sigma, depth, lcg):
    out = []
    for t in times:
        dip = depth if (t - 1.234) % 3.7 < 0.12 else 0.0
        slow = 0.005 * np.sin(2 * np.pi * t / 7.3) + 0.002 * np.sin(2 * np.pi * t / 2.9 + 1)
        out.append(1.0 - dip + sigma * lcg.normal() + slow)
    return out


for name, stride, sigma, depth in (("s1", 15, 1000e-6, 1000e-6), ("s3", 50, 200e-6, 1500e-6)):
    lcg = Lcg(20261121)
    t = np.array(times_s1() if name == "s1" else times_s3(lcg))
    f = np.array(flux(t, sigma, depth, lcg))
    _, trend = wotan.flatten(t, f, method="biweight", window_length=1.0, cval=5.0, break_tolerance=0.5, return_trend=True)
    with open(f"{HERE}/{name}.txt", "w") as out:
        out.write(f"# wotan {wotan.__version__ if hasattr(wotan, '__version__') else '2.0'} biweight, window 1 d, cval 5, "
                  f"{len(t)} cadences; cadence, trend\n")
        for i in range(0, len(t), stride):
            out.write(f"{i} {trend[i]:.12f}\n")
