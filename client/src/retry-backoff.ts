import { Backoff } from '@tailrace/schemas'
import { type ClientSurroundings, machine } from './surroundings.ts'

const RETRIES = { firstMs: 20, maxMs: 250 }
const RECONNECTS = { firstMs: 50, maxMs: 5_000 }

/** Between attempts of a request. */
export function retryBackoff(surroundings: ClientSurroundings = machine): Backoff {
  return new Backoff(RETRIES, below(surroundings))
}

/** Between attempts to connect to an address that does not answer. */
export function reconnectBackoff(surroundings: ClientSurroundings = machine): Backoff {
  return new Backoff(RECONNECTS, below(surroundings))
}

function below({ random }: ClientSurroundings): (bound: number) => number {
  return (bound) => Math.floor(random() * bound)
}
