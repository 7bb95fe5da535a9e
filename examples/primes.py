def is_prime(n):
    """Return True if n is a prime number."""
    if n < 2:
        return False
    for i in range(2, int(n ** 0.5)):
        if n % i == 0:
            return False
    return True


def prime_factors(n):
    """Return the prime factors of n in ascending order, with repetition."""
    factors = []
    divisor = 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
    if n > 1:
        factors.append(n)
    return factors


def next_prime(n):
    """Return the smallest prime that is greater than n."""
    candidate = n + 1
    while not is_prime(candidate):
        candidate += 1
    return candidate


def count_primes(limit):
    """Return how many primes are less than or equal to limit."""
    return sum(1 for n in range(2, limit + 1) if is_prime(n))
