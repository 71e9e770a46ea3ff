"""Runs a peer on one light curve and prints the CPU seconds of it.

usage: peers.py astropy|gerbls|wotan FILE [PERIOD_MIN PERIOD_MAX]

FILE holds little-endian 64-bit floats: all times (days), then all fluxes, then all errors. A search of more than 20,000
periods by astropy is timed on twelve stretches of its grid, spread evenly over it, and added up from these.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import sys
import time

import numpy as np

DURATIONS = np.geomspace(0.5, 8.0, 10) / 24


def trial_periods(baseline, shortest, longest, oversampling=3.0):
    """Trial periods of Ofir (2014, A&A 561, A138) for the Sun, even in the cube root of the frequency."""
    density = 3 * np.pi / (6.674e-11 * 1408.0) / 86400**2  # P² (a/R)⁻³ (days²)
    transit = lambda p: p / np.pi * (density / p**2) ** (1 / 3)  # central transit of a small planet
    # dP = P/N T/(2 oversampling P) ..., so that the cube root of the frequency takes even steps
    constant = transit(1.0) / (2 * oversampling * baseline) * 2 / 3
    root = np.arange(longest ** (-1 / 3), shortest ** (-1 / 3), constant)
    return root[::-1] ** -3.0


def cpu(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def main():
    tool, path = sys.argv[1:3]
    t, f, e = np.fromfile(path, "<f8").reshape(3, -1)
    if tool == "wotan":
        from wotan import flatten

        work = lambda: flatten(t, f, method="biweight", window_length=1.0, break_tolerance=0.5, return_trend=True)
        work()  # compiles
        print(np.median([cpu(work) for _ in range(3)]))
        return
    low, high = map(float, sys.argv[3:5])
    if tool == "gerbls":
        import gerbls

        work = lambda: gerbls.run_bls(t, f, e, min_period=low, max_period=high, durations=list(DURATIONS))
        print(cpu(work))
        return
    from astropy.timeseries import BoxLeastSquares

    model = BoxLeastSquares(t, f, e)
    periods = trial_periods(t[-1] - t[0], low, high)
    search = lambda p: model.power(p, DURATIONS, oversample=10)
    if len(periods) <= 20_000:
        print(np.median([cpu(lambda: search(periods)) for _ in range(3)]))
        return
    width, stretches = 100, 12
    starts = np.linspace(0, len(periods) - width, stretches).astype(int)
    each = [cpu(lambda: search(periods[i : i + width])) / width for i in starts]
    print(np.trapezoid(each, starts + width / 2) + width / 2 * (each[0] + each[-1]))


main()
