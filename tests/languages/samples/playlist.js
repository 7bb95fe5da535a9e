"use strict";
// Shuffles songs so that no artist comes twice in a row where that can be helped.
import { readFile } from "node:fs/promises";
import path from "node:path";

const LIMIT = 500;
const DEFAULTS = { seed: 1, repeat: false };

export function* numbers(seed) {
  let state = seed >>> 0;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const byArtist = (songs) => {
  const groups = new Map();
  for (const song of songs) {
    const known = groups.get(song.artist) ?? [];
    groups.set(song.artist, [...known, song]);
  }
  return groups;
};

export async function load(file, { limit = LIMIT } = {}) {
  const text = await readFile(path.resolve(file), "utf8");
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() && !line.startsWith("#"))
    .slice(0, limit)
    .map((line) => {
      const [artist, title] = line.split("\t");
      return { artist, title, id: `${artist}/${title}`.toLowerCase() };
    });
}

class Playlist {
  #songs = [];
  static empty = new Playlist([]);

  constructor(songs, options = DEFAULTS) {
    this.#songs = songs;
    this.options = { ...DEFAULTS, ...options };
  }

  get length() {
    return this.#songs.length;
  }

  shuffled() {
    const random = numbers(this.options.seed);
    const groups = [...byArtist(this.#songs).values()].sort((a, b) => b.length - a.length);
    const slots = new Array(this.length).fill(null);
    let at = 0;
    for (const song of groups.flat()) {
      while (slots[at % slots.length] !== null) at += 1;
      slots[at % slots.length] = song;
      at += 2;
    }
    if (random.next().value > 0.5) slots.reverse();
    return slots;
  }
}

export const describe = function (list) {
  return list.length === 1 ? "one song" : `${list.length} songs`;
};

export default Playlist;
