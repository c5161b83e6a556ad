"""Is `x[i]` in a loop over n rows linear in n, backward included?"""

from __future__ import annotations

from timing import Row, peer, side_by_side, table  # first: it sets the number of threads

SIZES = (100, 1000, 4000)


def loop(torch, n):
    """Sum of the squares of all rows of an n×16 matrix, row by row, and its gradient."""
    x = torch.ones(n, 16, requires_grad=True)

    def step():
        total = 0.0
        for i in range(n):
            row = x[i]
            total = total + (row * row).sum()
        total.backward()
        x.grad = None

    return step


def run() -> list[Row]:
    """Time per row; the ratio is to the shortest loop of our own."""
    import chainrule

    torch = peer("torch")
    rows = []
    shortest = None
    for n in SIZES:
        pair = {"chainrule": loop(chainrule, n), **({"PyTorch": loop(torch, n)} if torch else {})}
        times = side_by_side(pair, rounds=5, seconds=0.01)
        noisy = times.noisy
        per_row = {name: t / n for name, t in times.items()}
        shortest = shortest or per_row["chainrule"]
        last = n == SIZES[-1]
        rows.append(
            Row(
                f"time per row, {n:,} rows",
                per_row,
                f"{SIZES[0]} rows",
                1.3 if last else None,
                ratio=per_row["chainrule"] / shortest,
                noisy=noisy,
            )
        )
    return rows


if __name__ == "__main__":
    print(table(run()))
