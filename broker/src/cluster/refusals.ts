import type { DiallingPeers } from './node-deps.ts'

/** For people: who refuses this broker and why, with what to do about it; empty when nobody does. */
export function describeRefusals(peers: Pick<DiallingPeers, 'refusal'>, addresses: Iterable<string>): string {
  const refusing = new Map<string, string[]>()
  for (const address of new Set(addresses)) {
    const error = peers.refusal(address)
    if (error === undefined) continue
    const why = `${error.code}: ${error.message} ${error.hint}`
    refusing.set(why, [...(refusing.get(why) ?? []), address])
  }
  return [...refusing].map(([why, by]) => `Refused by ${by.join(', ')} with ${why}`).join(' ')
}
