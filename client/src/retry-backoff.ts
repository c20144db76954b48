import { Backoff } from '@tailrace/schemas'

const RETRIES = { firstMs: 20, maxMs: 250 }
const RECONNECTS = { firstMs: 50, maxMs: 5_000 }

/** Between attempts of a request. */
export function retryBackoff(): Backoff {
  return new Backoff(RETRIES, below)
}

/** Between attempts to connect to an address that does not answer. */
export function reconnectBackoff(): Backoff {
  return new Backoff(RECONNECTS, below)
}

function below(bound: number): number {
  return Math.floor(Math.random() * bound)
}
