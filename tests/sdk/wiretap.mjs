// Remembers, per cell, what the SDK under test sent and received last: request body, answer headers and
// the answer's bytes as they are read. SDKs are given the real network; this only watches global fetch,
// and must therefore be imported before any SDK.

import { AsyncLocalStorage } from 'node:async_hooks';

const cells = new AsyncLocalStorage();
/** Fetch that nobody watches, for the runner's own requests. */
export const realFetch = globalThis.fetch;

/** The current cell's last exchange: { url, requestBody, requestHeaders, status, headers, text }. */
export const wire = () => cells.getStore()?.last;
export const watched = (body) => cells.run({ last: null }, body);

function tap(response, exchange) {
  if (!response.body) return response;
  const decoder = new TextDecoder();
  const body = response.body.pipeThrough(new TransformStream({
    transform(chunk, controller) {
      exchange.text += decoder.decode(chunk, { stream: true });
      controller.enqueue(chunk);
    },
  }));
  return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
}

globalThis.fetch = async function watchedFetch(input, init) {
  const cell = cells.getStore();
  const exchange = { url: String(input?.url ?? input), requestBody: init?.body ?? null, requestHeaders: new Headers(init?.headers ?? input?.headers), text: '' };
  if (cell) cell.last = exchange;
  const response = await realFetch(input, init);
  Object.assign(exchange, { status: response.status, headers: response.headers });
  return tap(response, exchange);
};
