"""Prints what peers take for the pieces of a fit, a line each: name, tool, CPU seconds per unit (or effective samples per CPU
second). The workloads are those of fits.rs. What is not installed is left out.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import time

import numpy as np

K, B, A, PERIOD, U = 0.1, 0.3, 10.07, 3.7, (0.4804, 0.1867)


def seconds(work, units):
    work()
    each = []
    for _ in range(7):
        start, calls = time.process_time(), 0
        while time.process_time() - start < 0.05:
            work()
            calls += 1
        each.append((time.process_time() - start) / calls / units)
    return np.median(each)


def report(name, tool, value):
    print(name, tool, value, sep="\t", flush=True)


def in_transit(n):
    """Times evenly spread over the transit."""
    duration = PERIOD / np.pi * np.arcsin(np.sqrt((1 + K) ** 2 - B**2) / A)
    return (np.arange(n) + 0.5) / n * duration - 0.5 * duration


def batman_flux(times, law="quadratic", u=U, **options):
    import batman

    p = batman.TransitParams()
    p.t0, p.per, p.rp, p.a, p.ecc, p.w = 0.0, PERIOD, K, A, 0.0, 90.0
    p.inc = np.degrees(np.arccos(B / A))
    p.limb_dark, p.u = law, list(u)
    model = batman.TransitModel(p, times, **options)
    return p, model


def models():
    t = in_transit(1000)
    try:
        for name, law, u, options in [
            ("flux", "quadratic", U, {}),
            ("power-2", "power2", (0.7, 0.6), {"max_err": 0.01}),
            ("nonlinear", "nonlinear", (0.5, -0.3, 0.9, -0.4), {"max_err": 0.01}),
        ]:
            p, model = batman_flux(t, law, u, **options)
            report(name, "batman", seconds(lambda: model.light_curve(p), len(t)))
        whole = np.arange(65_000) * 2 / 1440
        p, model = batman_flux(whole)
        report("whole curve", "batman", seconds(lambda: model.light_curve(p), len(whole)))
        p, model = batman_flux(t, supersample_factor=7, exp_time=30 / 1440)
        report("exposure", "batman x7", seconds(lambda: model.light_curve(p), len(t)))
    except ImportError:
        pass
    try:
        from exoplanet_core import driver

        z = np.sqrt(B**2 + (A**2 - B**2) * np.sin(2 * np.pi / PERIOD * t) ** 2)
        r, s = np.full_like(z, K), np.empty((len(z), 3))
        report("flux", "exoplanet_core", seconds(lambda: driver.quad_solution_vector(z, r, s), len(z)))
        db, dr = np.empty_like(s), np.empty_like(s)
        work = lambda: driver.quad_solution_vector_with_grad(z, r, s, db, dr)
        report("derivatives", "exoplanet_core", seconds(work, len(z)))
        m = np.linspace(0, np.pi, 1000)
        e, sine, cosine = np.full_like(m, 0.3), np.empty_like(m), np.empty_like(m)
        report("kepler", "exoplanet_core", seconds(lambda: driver.solve_kepler(m, e, sine, cosine), len(m)))
    except ImportError:
        pass
    try:
        import celerite2

        x = np.arange(10_000) * 0.01
        rng = np.random.default_rng(3)
        y = rng.normal(size=len(x))
        kernel = celerite2.terms.SHOTerm(sigma=1.0, rho=1.3, Q=0.7)

        def likelihood():
            process = celerite2.GaussianProcess(kernel, mean=0.0)
            process.compute(x, diag=np.full_like(x, 0.25), check_sorted=False)
            return process.log_likelihood(y)

        report("celerite", "celerite2", seconds(likelihood, len(x)))
    except ImportError:
        pass


def effective_samples():
    """F1 by emcee with batman, stretch moves from near the truth."""
    try:
        import batman
        import emcee
    except ImportError:
        return
    rng = np.random.default_rng(707)
    t = (np.arange(-10, 10)[:, None] * PERIOD + np.linspace(-1.25, 1.25, 50) * 0.127).ravel() + 0.5
    p, model = batman_flux(t, u=(0.4, 0.2))
    p.t0 = 0.5
    f = model.light_curve(p) + 500e-6 * rng.normal(size=len(t))
    truth = np.array([0.5, np.log(PERIOD), 0.0, 0.3, 0.1, 0.36, 1 / 3, -8.5])

    def log_density(x):
        t0, log_period, log_density, b, k, q1, q2, log_jitter = x
        if not (0 < b < 1 and 0 < k < 0.3 and 0 < q1 < 1 and 0 < q2 < 1):
            return -np.inf
        prior = ((t0 - 0.5) / 0.01) ** 2 + ((log_period - np.log(PERIOD)) / 1e-3) ** 2
        prior += (log_density / 0.5) ** 2 + ((log_jitter + 8.5) / 2) ** 2
        p.t0, p.per, p.rp = t0, np.exp(log_period), k
        p.a = 4.2 * (np.exp(log_density) * p.per**2) ** (1 / 3)
        if b >= p.a:
            return -np.inf
        p.inc = np.degrees(np.arccos(b / p.a))
        p.u = [2 * np.sqrt(q1) * q2, np.sqrt(q1) * (1 - 2 * q2)]
        v = 450e-6**2 + np.exp(2 * log_jitter)
        return -0.5 * (prior + np.sum((f - model.light_curve(p)) ** 2 / v) + len(t) * np.log(v))

    start = truth + 1e-3 * rng.normal(size=(32, 8)) * np.array([0.1, 1e-3, 50, 50, 1, 50, 50, 100])
    sampler = emcee.EnsembleSampler(32, 8, log_density)
    began = time.process_time()
    sampler.run_mcmc(start, 5000)
    spent = time.process_time() - began
    tau = sampler.get_autocorr_time(discard=1000, tol=0)
    report("F1", "emcee + batman", 32 * 4000 / np.max(tau) / spent)


models()
effective_samples()
