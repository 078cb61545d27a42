// What the upstream received and how each exchange ended, bounded, oldest entries dropped first.

const kCapacity = 4000;

export class Journal {
  #entries = [];
  #next = 1;

  /** Opens an entry; `end` becomes 'finished' (answer sent), 'broken' (by scenario) or 'aborted' (peer went away). */
  open(request, bytes) {
    const entry = {
      id: this.#next++, at: Date.now(), method: request.method, url: request.url, httpVersion: request.httpVersion,
      headers: { ...request.headers }, body: bytes.toString('utf8'), end: 'open', endedAt: null,
    };
    this.#entries.push(entry);
    if (this.#entries.length > kCapacity) this.#entries.shift();
    return entry;
  }

  close(entry, end) {
    if (entry.end !== 'open') return;
    entry.end = end;
    entry.endedAt = Date.now();
  }

  find(text) {
    return text ? this.#entries.filter((e) => e.body.includes(text) || e.url.includes(text)) : this.#entries;
  }

  clear() { this.#entries = []; }
}
