import { type Arguments, toLink, toNumber, toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'
import { configurationText } from '../render.ts'

/** Changes of members, and of leaders by command. */
export const membership: CommandTable = {
  /** `change 1: 2 3 4 learners=5 admissions=4:1`: asks leader 1 for these voters and learners; prints the answer. */
  change: (story, args) => {
    const replica = story.running(toNumber(args.words[0]))
    const target = { voters: toNumbers(args.list ?? []), learners: ids(args, 'learners'), ...admissions(args) }
    const answer = replica.core!.changeMembers(target)
    if (answer !== 'started') story.say(`refused: ${answer}`)
    replica.drain()
  },
  'cancel-change': (story, { words }) => {
    const replica = story.running(toNumber(words[0]))
    if (!replica.core!.cancelChange()) story.say('too late')
    replica.drain()
  },
  /** `transfer 1>2`. */
  transfer: (story, { words }) => {
    const link = toLink(words[0] ?? '')
    if (link === undefined || link.from === null || link.to === null) throw new BadCommand('transfer 1>2')
    const replica = story.running(link.from)
    const answer = replica.core!.transferLeadership(link.to)
    if (answer !== 'started') story.say(`refused: ${answer}`)
    replica.drain()
  },
  /** `factor 3: 2`: broker 3 waits longer before it campaigns (M82). */
  factor: (story, { words, list }) => {
    for (const id of toNumbers(words)) story.running(id).core!.setElectionFactor(toNumber(list?.[0]))
  },
  /** `force 1: 1`: broker 1 leads these voters, quorum or not (M83). */
  force: (story, { words, list }) => {
    const replica = story.running(toNumber(words[0]))
    const answer = replica.core!.forceConfiguration(toNumbers(list ?? []))
    if (answer !== 'started') story.say(`refused: ${answer}`)
    replica.drain()
  },
  /** The configuration that governs at each broker, and the stage of a change. */
  configuration: (story, { words }) => {
    for (const id of words.length === 0 ? story.ids : toNumbers(words)) {
      const { core } = story.replica(id)
      if (core === null) continue
      const { stage } = core.status().change
      story.say(`${id}: ${configurationText(core.configuration)} (${stage}, entry ${core.configurationIndex})`)
    }
  },
}

/** `name=4,5` as numbers. */
function ids({ settings }: Arguments, name: string): number[] {
  return toNumbers((settings.get(name) ?? '').split(',').filter((id) => id !== ''))
}

/** `admissions=4:1,5:2`. */
function admissions({ settings }: Arguments): { admissions?: Record<number, number> } {
  const text = settings.get('admissions')
  if (text === undefined) return {}
  const pairs = text.split(',').map((pair) => toNumbers(pair.split(':')))
  return { admissions: Object.fromEntries(pairs.map(([id, number]) => [id!, number!])) }
}
