#!/usr/bin/env python3
"""Fits the polynomials of attune/kernels/cpu: exp-inl.h and activation.cpp, int8_tile.cpp (needs numpy and scipy).

Minimax by Lawson's iteration: least squares at Chebyshev points, reweighted by the errors until these are level.
"""
import numpy as np
from scipy.special import erfcx, ndtr


def minimax(function, weight, low, high, degree, points=4000, rounds=300):
    """Coefficients from the constant term up, and the largest weighted error."""
    theta = np.cos(np.pi * (np.arange(points) + 0.5) / points)
    x = (low + high) / 2 + (high - low) / 2 * theta
    f, w = function(x), weight(x)
    basis = np.polynomial.chebyshev.chebvander(theta, degree)
    level = np.ones(points)
    for _ in range(rounds):
        root = np.sqrt(level) * w
        c = np.linalg.lstsq(basis * root[:, None], f * root, rcond=None)[0]
        error = np.abs((basis @ c - f) * w)
        level *= error / error.mean() + 1e-9
        level /= level.sum()
    series = np.polynomial.chebyshev.Chebyshev(c, domain=[low, high])
    return series.convert(kind=np.polynomial.Polynomial, domain=[-1, 1], window=[-1, 1]).coef, error.max()


def show(name, coefficients, error):
    print(f"{name}: error {error:.2e}")
    for c in reversed(coefficients):
        print(f"  {float(np.float32(c))!r}")


def main():
    # exp(r) = 1 + r + r^2 q(r)
    half = np.log(2) / 2 * 1.0001
    q = lambda r: (np.expm1(r) - r) / r**2
    show("exp", *minimax(q, lambda r: r**2 / np.exp(r), -half, half, 4))

    # Phi(-x) = exp(-x^2/2) t P(t), t = 1 / (1 + 0.21 x), 0 <= x <= 13.5
    slope, far = 0.21, 13.5
    p = lambda t: 0.5 * erfcx((1 / t - 1) / slope / np.sqrt(2)) / t
    show("normal tail", *minimax(p, lambda t: 1 / p(t), 1 / (1 + slope * far), 1.0, 8))

    # GELU before bytes: Phi(x) = 1/2 + x P(x^2), |x| <= 4; the error that counts is that of x Phi(x)
    q = lambda u: (ndtr(np.sqrt(u)) - 0.5) / np.sqrt(u)
    show("rough GELU (absolute error)", *minimax(q, lambda u: u, 1e-4, 16.0, 6))


if __name__ == "__main__":
    main()
