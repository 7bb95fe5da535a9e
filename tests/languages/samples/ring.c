/* A ring buffer of bytes that one thread fills and another empties. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RING_SIZE 256u
#define MIN(a, b) ((a) < (b) ? (a) : (b))

#ifdef RING_TRACE
#include <stdio.h>
#define TRACE(...) fprintf(stderr, __VA_ARGS__)
#else
#define TRACE(...) ((void)0)
#endif

struct ring {
    uint8_t bytes[RING_SIZE];
    size_t head; /* where the next byte is written */
    size_t tail; /* where the next byte is read */
};

typedef int (*ring_visitor)(uint8_t byte, void *context);

static size_t used(const struct ring *ring)
{
    return ring->head - ring->tail;
}

void ring_clear(struct ring *ring)
{
    ring->head = ring->tail = 0;
}

/* How many of the bytes found room. */
size_t ring_write(struct ring *ring, const uint8_t *bytes, size_t count)
{
    size_t room = RING_SIZE - used(ring);
    size_t taken = MIN(count, room);
    for (size_t i = 0; i < taken; i++)
        ring->bytes[(ring->head + i) % RING_SIZE] = bytes[i];
    ring->head += taken;
    TRACE("wrote %zu of %zu\n", taken, count);
    return taken;
}

size_t ring_read(struct ring *ring, uint8_t *into, size_t count)
{
    size_t taken = MIN(count, used(ring));
    for (size_t i = 0; i < taken; i++)
        into[i] = ring->bytes[(ring->tail + i) % RING_SIZE];
    ring->tail += taken;
    return taken;
}

int *ring_offsets(struct ring *ring, int *into)
{
    into[0] = (int)(ring->head % RING_SIZE);
    into[1] = (int)(ring->tail % RING_SIZE);
    return into;
}

#if defined(RING_TESTS)
int main(void)
{
    struct ring ring;
    uint8_t back[4];
    ring_clear(&ring);
    ring_write(&ring, (const uint8_t *)"abc", 3);
    return ring_read(&ring, back, 4) == 3 && memcmp(back, "abc", 3) == 0 ? 0 : 1;
}
#endif
