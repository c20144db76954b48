import type { BrokerId } from '@tailrace/schemas'
import type { Parcel } from '../sim/core/sim-network.ts'
import type { LinkPattern } from './arguments.ts'
import { kindOf } from './render.ts'

/** The messages that a command means. */
export interface Selection {
  readonly link: LinkPattern
  /** As `kindOf` names it; null for any. */
  readonly kind: string | null
  /** Only the first or the last of them, or the one at this place (from 1). */
  readonly place: 'all' | 'first' | 'last' | number
}

/**
 * Messages that have left and not arrived, oldest first, and the links that lose everything. No message moves without a
 * command.
 */
export class Wire {
  parcels: Parcel[] = []
  /** Taken off the wire, to be put back later. */
  held: Parcel[] = []
  /** Directed links, as `from>to`. */
  readonly #cuts = new Set<string>()

  send(parcel: Parcel): void {
    if (!this.isCut(parcel)) this.parcels.push(parcel)
  }

  isCut({ message }: Parcel): boolean {
    return this.#cuts.has(`${message.from}>${message.to}`)
  }

  /** Messages in flight on the link are lost too. */
  cut(from: BrokerId, to: BrokerId): void {
    this.#cuts.add(`${from}>${to}`)
    this.parcels = this.parcels.filter((parcel) => !this.isCut(parcel))
  }

  mend(from: BrokerId, to: BrokerId): void {
    this.#cuts.delete(`${from}>${to}`)
  }

  healAll(): void {
    this.#cuts.clear()
  }

  /** Takes the selected messages off the given list and returns them, oldest first. */
  take(from: 'parcels' | 'held', selection: Selection, keep = false): Parcel[] {
    const matching = this[from].filter((parcel) => matches(parcel, selection))
    const chosen = place(matching, selection.place)
    if (!keep) this[from] = this[from].filter((parcel) => !chosen.includes(parcel))
    return chosen
  }
}

function matches({ message }: Parcel, { link, kind }: Selection): boolean {
  const fits = (end: BrokerId | null, id: BrokerId) => end === null || end === id
  return fits(link.from, message.from) && fits(link.to, message.to) && (kind === null || kindOf(message) === kind)
}

function place(parcels: readonly Parcel[], which: Selection['place']): Parcel[] {
  if (which === 'all') return parcels.slice()
  const one = which === 'first' ? parcels[0] : which === 'last' ? parcels.at(-1) : parcels[which - 1]
  return one === undefined ? [] : [one]
}
