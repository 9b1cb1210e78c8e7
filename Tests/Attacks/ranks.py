"""Can two ways of closing be told apart by time? Medians, and the rank-sum test of Mann and Whitney."""

import math
import random
import statistics

LEVEL = 0.01
MEDIANS_WITHIN = 0.10
ROUNDS = 3


def mann_whitney(a, b):
    """The two-sided p that both samples are of one distribution; normal approximation, corrected for ties."""
    both = sorted((value, which) for which, sample in ((0, a), (1, b)) for value in sample)
    n, m = len(a), len(b)
    rank_sum, ties, at = 0.0, 0, 0
    while at < len(both):
        end = at
        while end < len(both) and both[end][0] == both[at][0]:
            end += 1
        rank = (at + 1 + end) / 2  # the mean of ranks at+1 … end
        rank_sum += rank * sum(1 for _, which in both[at:end] if which == 0)
        ties += (end - at) ** 3 - (end - at)
        at = end
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0  # all values are the same
    distance = abs(rank_sum - n * (n + 1) / 2 - n * m / 2)
    return math.erfc(max(0.0, distance - 0.5) / math.sqrt(2 * variance))


def interleaved(right, wrong, tries, seed):
    """Runs both `tries` times, in pairs of random order, after a warm-up. Each says how many seconds it took."""
    order, samples = random.Random(seed), ([], [])
    for attempt in (right, wrong) * 10:
        attempt()
    for _ in range(tries):
        for which in order.sample((0, 1), 2):
            samples[which].append((right, wrong)[which]())
    return samples


class Verdict:
    def __init__(self, right, wrong):
        self.p = mann_whitney(right, wrong)
        self.medians = statistics.median(right), statistics.median(wrong)

    @property
    def is_one(self):
        """Nothing tells the two apart."""
        low, high = sorted(self.medians)
        return self.p > LEVEL and low >= high * (1 - MEDIANS_WITHIN)

    def __str__(self):
        right, wrong = (1e6 * m for m in self.medians)
        return f"medians {right:.0f}, {wrong:.0f} µs, p {self.p:.2g}"


def compare(right, wrong, tries):
    """At most three rounds of fresh tries, each of twice as many as the one before; the first in which nothing tells
    the two apart ends it.

    Where there is no difference, the test says that there is one in one round of a hundred, by chance, and three times
    in a row once in a million: the rule does not flake. A difference that `tries` tries find is found in all three.
    """
    verdict = None
    for seed in range(ROUNDS):
        verdict = Verdict(*interleaved(right, wrong, tries << seed, seed))
        if verdict.is_one:
            break
    return verdict
