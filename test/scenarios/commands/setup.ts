import { toNumber, toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'
import type { Story } from '../story.ts'

/** The scene: the brokers, and the content of their disks before they start. */
export const setup: CommandTable = {
  /**
   * `brokers 3 window=1 batch=1 election=10 heartbeat=1 announce=on hint=off sleep=20`: appends in flight, bytes an
   * append, ticks, M31's term hint.
   */
  brokers: (story, { words, settings }) => {
    for (const [name, value] of settings) setOption(story, name, value)
    story.addBrokers(toNumber(words[0]))
  },
  /** `log 1: 1 1 4`: one entry for each term. */
  log: (story, { words, list }) => {
    for (const id of toNumbers(words)) story.beginning(id).terms = toNumbers(list ?? [])
  },
  /** `hardstate 1 2 term=5 vote=3`. */
  hardstate: (story, { words, settings }) => {
    const hardState = { term: toNumber(settings.get('term')), votedFor: toNumber(settings.get('vote') ?? '0') }
    for (const id of toNumbers(words)) story.beginning(id).hardState = hardState
  },
  /** `committed 1 2: 3`: the commit index that their disks give as a hint. */
  committed: (story, { words, list }) => {
    for (const id of toNumbers(words)) story.beginning(id).commitHint = toNumber(list?.[0])
  },
  /**
   * `members 1 2: 1 2 outgoing=3 learners=4,5`: the members, as these brokers know them; without it all brokers vote.
   */
  members: (story, { words, settings, list }) => {
    const ids = (name: string) => toNumbers((settings.get(name) ?? '').split(',').filter((id) => id !== ''))
    const configuration = { voters: toNumbers(list ?? []), outgoing: ids('outgoing'), learners: ids('learners') }
    for (const id of toNumbers(words)) story.beginning(id).configuration = configuration
  },
  /** `admitted 4: 1`: the number under which broker 4's replica was made. */
  admitted: (story, { words, list }) => {
    for (const id of toNumbers(words)) story.beginning(id).admission = toNumber(list?.[0])
  },
  /** `timeouts 1=10 2=15`: ticks for which election timers run from their next arming on. */
  timeouts: (story, { settings }) => {
    for (const [id, ticks] of settings) story.timeouts.set(toNumber(id), toNumber(ticks))
  },
  /** `defects commitOlderTerm`: switches safety off; the story is then expected to break. */
  defects: (story, { words }) => story.setDefects(words),
}

function setOption({ options }: Story, name: string, value: string): void {
  switch (name) {
    case 'window':
      options.maxInflightAppends = toNumber(value)
      return
    case 'batch':
      options.maxAppendBytes = toNumber(value)
      return
    case 'election':
      options.electionTicks = toNumber(value)
      return
    case 'heartbeat':
      options.heartbeatTicks = toNumber(value)
      return
    case 'uncommitted':
      options.maxUncommittedBytes = toNumber(value)
      return
    case 'sleep':
      options.sleepAfterTicks = toNumber(value)
      return
    case 'hint':
      options.termHint = value === 'on'
      return
    case 'announce':
      options.announceCommit = value === 'on'
      return
    default:
      throw new BadCommand(`no option is called ${name}`)
  }
}
