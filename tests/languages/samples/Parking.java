package garage.model;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A car park with numbered bays and tickets.
 */
public class Parking implements AutoCloseable {
    private static final int CENTS_AN_HOUR = 250;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Map<String, Ticket> taken = new HashMap<>();

    static {
        System.setProperty("garage.loaded", "true");
    }

    public Parking(int bays) {
        if (bays < 1) {
            throw new IllegalArgumentException("A car park needs a bay, not " + bays);
        }
        for (int bay = 1; bay <= bays; bay++) {
            free.addLast(bay);
        }
    }

    /** Empty when every bay is taken. */
    public Optional<Ticket> enter(String plate, Instant now) {
        Integer bay = free.pollFirst();
        if (bay == null || taken.containsKey(plate)) {
            return Optional.empty();
        }
        Ticket ticket = new Ticket(plate, bay, now);
        taken.put(plate, ticket);
        return Optional.of(ticket);
    }

    public int leave(String plate, Instant now) {
        Ticket ticket = taken.remove(plate);
        if (ticket == null) {
            throw new IllegalStateException("No ticket for " + plate);
        }
        free.addFirst(ticket.bay());
        return price(Duration.between(ticket.since(), now));
    }

    private static int price(Duration stay) {
        long hours = (stay.toMinutes() + 59) / 60;
        return switch ((int) Math.min(hours, 24)) {
            case 0 -> 0;
            case 24 -> 20 * CENTS_AN_HOUR;
            default -> (int) hours * CENTS_AN_HOUR;
        };
    }

    @Override
    public void close() {
        taken.clear();
    }
}

record Ticket(String plate, int bay, Instant since) {
    Ticket {
        plate = plate.trim();
    }
}

enum Kind {
    CAR, VAN, BIKE;

    boolean fits(int width) {
        return this != VAN || width > 2;
    }
}
