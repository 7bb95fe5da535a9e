import type { Clock } from "./clock";
import * as ids from "./ids";

/** A book, and who has it. */
export interface Book {
  readonly id: string;
  title: string;
  borrower?: string;
  due?: number;
}

export enum Outcome {
  Lent,
  Taken,
  Unknown,
}

type Listener<T> = (event: T) => void;

export const days = (count: number): number => count * 24 * 60 * 60 * 1000;

export function overdue(book: Book, now: number): boolean;
export function overdue(book: Book | undefined, now: number): boolean {
  return book?.due !== undefined && book.due < now;
}

export abstract class Store<T extends { id: string }> {
  protected readonly items = new Map<string, T>();
  private listeners: Listener<T>[] = [];

  abstract create(title: string): T;

  onChange(listener: Listener<T>): () => void {
    this.listeners.push(listener);
    return () => {
      this.listeners = this.listeners.filter((each) => each !== listener);
    };
  }

  protected changed(item: T): void {
    for (const listener of this.listeners) {
      listener(item);
    }
  }
}

@sealed
export class Shelf extends Store<Book> {
  constructor(
    private readonly clock: Clock,
    private readonly period = days(28),
  ) {
    super();
  }

  create(title: string): Book {
    const book: Book = { id: ids.next(), title };
    this.items.set(book.id, book);
    return book;
  }

  lend = (id: string, borrower: string): Outcome => {
    const book = this.items.get(id);
    if (!book) return Outcome.Unknown;
    if (book.borrower) return Outcome.Taken;
    book.borrower = borrower;
    book.due = this.clock.now() + this.period;
    this.changed(book);
    return Outcome.Lent;
  };
}

namespace Labels {
  export function of(book: Book): string {
    return book.borrower ? `${book.title} (${book.borrower})` : book.title;
  }
}

function sealed(target: Function): void {
  Object.freeze(target.prototype);
}
