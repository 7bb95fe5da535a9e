// Package queue runs jobs, a few at a time, and tries them again when they fail.
package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const maxTries = 3

// ErrStopped is what Add returns once the queue has stopped.
var ErrStopped = errors.New("queue: stopped")

type Job func(ctx context.Context) error

type Queue struct {
	mu      sync.Mutex
	jobs    chan entry
	stopped bool
	wg      sync.WaitGroup
}

type entry struct {
	name  string
	job   Job
	tries int
}

// New starts workers; Stop ends them.
func New(ctx context.Context, workers int) *Queue {
	q := &Queue{jobs: make(chan entry, 64)}
	for i := 0; i < workers; i++ {
		q.wg.Add(1)
		go func(id int) {
			defer q.wg.Done()
			for e := range q.jobs {
				q.run(ctx, id, e)
			}
		}(i)
	}
	return q
}

func (q *Queue) Add(name string, job Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return ErrStopped
	}
	q.jobs <- entry{name: name, job: job}
	return nil
}

func (q *Queue) run(ctx context.Context, worker int, e entry) {
	for ; e.tries < maxTries; e.tries++ {
		err := e.job(ctx)
		switch {
		case err == nil:
			return
		case errors.Is(err, context.Canceled):
			fmt.Printf("worker %d: %s cancelled\n", worker, e.name)
			return
		}
		time.Sleep(time.Duration(1<<e.tries) * 10 * time.Millisecond)
	}
}

func (q *Queue) Stop() {
	q.mu.Lock()
	q.stopped = true
	close(q.jobs)
	q.mu.Unlock()
	q.wg.Wait()
}

func Map[T, U any](items []T, f func(T) U) []U {
	out := make([]U, 0, len(items))
	for _, item := range items {
		out = append(out, f(item))
	}
	return out
}
