import { type Arguments, toNumber, toNumbers, toPosition } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand, Unexpected } from '../failures.ts'
import type { Story } from '../story.ts'

/** Conditions that must hold independently of the recorded outcome. A check that holds prints nothing. */
export const expectations: CommandTable = {
  expect: (story, args) => {
    const [what = ''] = args.words
    const check = checks[what]
    if (check === undefined) throw new BadCommand(`expect does not know ${what}`)
    check(story, args.words.slice(1), args)
  },
}

type Check = (story: Story, words: readonly string[], args: Arguments) => void

const checks: Readonly<Record<string, Check>> = {
  /** `expect leader 1`: it alone leads; `expect leader none`. */
  leader: (story, [id]) => {
    const found = story.leaders.map((leader) => leader.id)
    equal('leaders', found, id === 'none' ? [] : [toNumber(id)])
  },
  leaders: (story, words) => {
    const found = story.leaders.map((leader) => leader.id)
    equal('leaders', found, toNumbers(words))
  },
  role: (story, [id, role]) => equal(`role of ${id}`, story.running(toNumber(id)).core!.role, role),
  /** `expect follows 3 1`: 3 knows 1 as its leader; 0 for none. */
  follows: (story, [id, leader]) =>
    equal(`leader of ${id}`, story.running(toNumber(id)).core!.leader, toNumber(leader)),
  term: (story, [id, term]) => equal(`term of ${id}`, story.running(toNumber(id)).core!.term, toNumber(term)),
  /** `expect commit 1 2: 3`. */
  commit: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) equal(`commit index of ${id}`, story.replica(id).commitIndex, toNumber(list?.[0]))
  },
  durable: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) {
      equal(`durable index of ${id}`, story.running(id).core!.durableIndex, toNumber(list?.[0]))
    }
  },
  /** `expect disk 1: 1 1 2`: terms of the entries that a crash would leave. */
  disk: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) {
      const terms = story.replica(id).durable.map(({ header }) => header.term)
      equal(`disk of ${id}`, terms, toNumbers(list ?? []))
    }
  },
  /** `expect log 1 2: 1 1 4`: terms of the log as written. */
  log: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) {
      const terms = story.replica(id).log.map(({ header }) => header.term)
      equal(`log of ${id}`, terms, toNumbers(list ?? []))
    }
  },
  /** `expect same-logs 1 2`; default all. */
  'same-logs': (story, ids) => {
    const replicas = ids.length === 0 ? story.replicas : toNumbers(ids).map((id) => story.replica(id))
    const content = replicas.map(({ log }) => log.map(({ header, value }) => `${header.index}@${header.term}=${value}`))
    for (const log of content) equal('log', log, content[0])
  },
  /** `expect next 1 2: 5`: the entry that leader 1 sends 2 next. */
  next: (story, [leader, id], { list }) => {
    equal(`next of ${id}`, rowOf(story, leader, id).nextIndex, toNumber(list?.[0]))
  },
  match: (story, [leader, id], { list }) => {
    equal(`match of ${id}`, rowOf(story, leader, id).matchIndex, toNumber(list?.[0]))
  },
  elections: (story, [count]) => equal('elections', story.tally.elections, toNumber(count)),
  /**
   * `expect rejections 2: 7`: sent by 2, since the last mark; without a broker: by any broker. `most=3` instead of a
   * list: at most.
   */
  rejections: (story, [id], { list, settings }) => {
    const found = story.tally.rejections.filter((from) => id === undefined || from === toNumber(id)).length
    const most = settings.get('most')
    if (most === undefined) equal('rejections', found, toNumber(list?.[0]))
    else if (found > toNumber(most)) throw new Unexpected(`${found} rejections, at most ${most} were expected`)
  },
  /** `expect wait most=1`: ticks that a proposal of `run proposing` had to wait. */
  wait: (story, _words, { settings }) => {
    const most = toNumber(settings.get('most'))
    if (story.tally.longestWait > most) throw new Unexpected(`a proposal waited ${story.tally.longestWait} ticks`)
  },
  acked: (story, names) => {
    for (const name of names) if (!story.acked.includes(name)) throw new Unexpected(`${name} is not acknowledged`)
  },
  'not-acked': (story, names) => {
    for (const name of names) if (story.acked.includes(name)) throw new Unexpected(`${name} is acknowledged`)
  },
  lease: (story, [id, yes]) => equal(`lease of ${id}`, story.running(toNumber(id)).core!.hasLease ? 'yes' : 'no', yes),
  /** `expect voters 1 2: 1 2 3`: in the configuration that governs there. */
  voters: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) {
      equal(`voters of ${id}`, story.running(id).core!.configuration.voters, toNumbers(list ?? []))
    }
  },
  learners: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) {
      equal(`learners of ${id}`, story.running(id).core!.configuration.learners, toNumbers(list ?? []))
    }
  },
  /** `expect stage 1 joint`: where a change of members stands. */
  stage: (story, [id, stage]) =>
    equal(`stage of ${id}`, story.running(toNumber(id)).core!.status().change.stage, stage),
  /** `expect asleep 1 2: yes` (M86). */
  asleep: (story, ids, { list }) => {
    for (const id of toNumbers(ids)) equal(`sleep of ${id}`, story.running(id).core!.asleep ? 'yes' : 'no', list?.[0])
  },
  /** `expect entry 3 2@4 x`: broker 3 holds this entry, with this content if named. */
  entry: (story, [id, place, name]) => {
    const { index, term } = toPosition(place ?? '')
    const entry = story.replica(toNumber(id)).log[index - 1]
    equal(`term of entry ${index} of ${id}`, entry?.header.term, term)
    if (name !== undefined) equal(`content of entry ${index} of ${id}`, story.nameOf(entry!.value), name)
  },
}

function rowOf(story: Story, leader: string | undefined, id: string | undefined) {
  const row = story
    .running(toNumber(leader))
    .core!.status()
    .followers.find((follower) => follower.id === toNumber(id))
  if (row === undefined) throw new Unexpected(`${leader} does not lead ${id}`)
  return row
}

function equal(what: string, found: unknown, expected: unknown): void {
  const text = (value: unknown) =>
    Array.isArray(value) ? (value.length === 0 ? 'none' : value.join(' ')) : String(value)
  if (text(found) !== text(expected)) throw new Unexpected(`${what}: ${text(found)}, expected ${text(expected)}`)
}
