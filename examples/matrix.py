from typing import List

Matrix = List[List[int]]


def transpose(matrix: Matrix) -> Matrix:
    """Return the matrix with its rows and columns exchanged."""
    return [list(row) for row in zip(*matrix)]


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """Return the product of two matrices."""
    if len(a[0]) != len(b):
        raise ValueError("the matrices do not fit")
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def rotate(matrix: Matrix) -> Matrix:
    """Return the matrix turned by 90 degrees clockwise."""
    return [list(row) for row in zip(*matrix)][::-1]


def diagonal_sum(matrix: Matrix) -> int:
    """Return the sum of both diagonals of a square matrix, counting the centre once."""
    n = len(matrix)
    total = sum(matrix[i][i] + matrix[i][n - 1 - i] for i in range(n))
    return total - matrix[n // 2][n // 2] if n % 2 else total


def is_symmetric(matrix: Matrix) -> bool:
    """Check whether the matrix equals its transpose."""
    return matrix == transpose(matrix)
