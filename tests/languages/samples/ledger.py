"""Keeps the accounts of a small club: members, fees and what is owed."""

from __future__ import annotations

import csv
import dataclasses
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

GRACE = timedelta(days=14)
HEADER = ["member", "due", "amount"]


@dataclasses.dataclass(frozen=True)
class Fee:
    member: str
    due: date
    amount: int = 0  # cents

    def overdue(self, today: date) -> bool:
        return today > self.due + GRACE


# One line a fee; a blank line is passed over.
def read_fees(path: Path) -> list[Fee]:
    fees = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if not row["member"]:
                continue
            fees.append(Fee(row["member"], date.fromisoformat(row["due"]), int(row["amount"])))
    return fees


def owed(fees: list[Fee], today: date) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for fee in fees:
        if fee.overdue(today):
            totals[fee.member] += fee.amount
    return dict(totals)


class Reminder:
    """Writes letters, each once a month."""

    sent: dict[str, date]

    def __init__(self, signature: str = "The treasurer") -> None:
        self.signature = signature
        self.sent = {}

    def letter(self, member: str, cents: int) -> str:
        euros, rest = divmod(cents, 100)
        return f"Dear {member},\nyou owe us {euros}.{rest:02d} euros.\n{self.signature}"

    def write(self, debts: dict[str, int], today: date):
        for member, cents in sorted(debts.items()):
            last = self.sent.get(member)
            if last is not None and (today - last).days < 30:
                continue
            self.sent[member] = today
            yield self.letter(member, cents)


async def post(letters, send):
    async for letter in letters:
        await send(letter)


if __name__ == "__main__":
    for text in Reminder().write(owed(read_fees(Path("fees.csv")), date.today()), date.today()):
        print(text)
