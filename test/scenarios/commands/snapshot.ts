import { toLink, toNumber, toNumbers, toPosition } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'

/** Logs that begin later, and the states that cover the removed entries. */
export const snapshot: CommandTable = {
  /** `compact 1 2: 5`: their logs begin after entry 5. */
  compact: (story, { words, list }) => {
    for (const id of toNumbers(words)) {
      const replica = story.running(id)
      replica.compact(toNumber(list?.[0]))
      replica.drain()
    }
  },
  /**
   * `snapshots manual`: no broker offers or fetches a state without `offer` and `install`; `snapshots auto`: at once.
   */
  snapshots: (story, { words }) => {
    if (words[0] !== 'manual' && words[0] !== 'auto') throw new BadCommand('snapshots manual, or auto')
    story.handsOutStates = words[0] === 'auto'
  },
  /** `offer 1>3 last=5@2 source=2`: leader 1 offers 3 the state of 2 (default: its own). */
  offer: (story, { words, settings }) => {
    const link = toLink(words[0] ?? '')
    if (link === undefined || link.from === null || link.to === null) throw new BadCommand('offer 1>3 last=5@2')
    const replica = story.running(link.from)
    const { index, term } = toPosition(settings.get('last') ?? '')
    const source = toNumber(settings.get('source') ?? words[0]!.split('>')[0])
    const offered = replica.core!.offerSnapshot(link.to, index, term, source)
    replica.drain()
    if (!offered) story.say(`${link.from} cannot offer that`)
  },
  /** `install 3`: the state that it fetches is in place; `install 3 fails`. */
  install: (story, { words }) => {
    const replica = story.running(toNumber(words[0]))
    const { installing } = replica
    if (installing === null) throw new BadCommand(`broker ${replica.id} is fetching nothing`)
    if (words[1] === 'fails') replica.giveUpInstall()
    else replica.install(story.replica(installing.source).log.slice(0, installing.lastIndex))
  },
}
