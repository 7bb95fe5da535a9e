<?php

declare(strict_types=1);

namespace Site\Guests;

use DateTimeImmutable;
use InvalidArgumentException;

const LONGEST = 500;

/** One entry of the guest book. */
final class Entry
{
    public function __construct(
        public readonly string $name,
        public readonly string $text,
        public readonly DateTimeImmutable $at,
    ) {
        if (trim($name) === '') {
            throw new InvalidArgumentException('An entry needs a name.');
        }
    }

    public function excerpt(int $length = 80): string
    {
        return mb_strlen($this->text) <= $length
            ? $this->text
            : mb_substr($this->text, 0, $length - 1) . '…';
    }
}

interface Storage
{
    public function add(Entry $entry): void;

    /** @return Entry[] */
    public function newest(int $count): array;
}

trait Counts
{
    private int $count = 0;

    protected function bump(): int
    {
        return ++$this->count;
    }
}

enum Mood: string
{
    case Happy = ':)';
    case Sad = ':(';

    public static function of(string $text): ?self
    {
        foreach (self::cases() as $mood) {
            if (str_contains($text, $mood->value)) {
                return $mood;
            }
        }
        return null;
    }
}

function clean(string $text): string
{
    $short = mb_substr(strip_tags($text), 0, LONGEST);
    return preg_replace('/\s+/u', ' ', $short) ?? '';
}

$entries = array_map(
    fn (array $row): Entry => new Entry($row['name'], clean($row['text']), new DateTimeImmutable($row['at'])),
    json_decode(file_get_contents('php://stdin'), true),
);
?>
<ul>
<?php foreach ($entries as $entry): ?>
  <li><b><?= htmlspecialchars($entry->name) ?></b> <?= htmlspecialchars($entry->excerpt()) ?></li>
<?php endforeach; ?>
</ul>
