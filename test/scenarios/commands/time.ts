import { members } from '../../../broker/src/raft/members/quorum.ts'
import { type Arguments, toNumber, toNumbers } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { BadCommand } from '../failures.ts'
import type { Replica } from '../replica.ts'
import type { Story } from '../story.ts'
import { settle } from './delivery.ts'

/** Lines that a long run may print. */
const MOST_LINES = 12

/** Clocks. `on 1 2` limits a command to these brokers; for all others time stands still. */
export const time: CommandTable = {
  /** `tick 3 on 1 2`: nothing is delivered. */
  tick: (story, args) => {
    for (let i = count(args); i > 0; i--) tickAll(story, chosen(story, args))
  },
  /** `silence 10 on 2 3`: ticks during which all messages are lost. */
  silence: (story, args) => {
    story.losing = true
    try {
      for (let i = count(args); i > 0; i--) tickAll(story, chosen(story, args))
    } finally {
      story.losing = false
    }
  },
  /**
   * `run 100 on 1 2 proposing`: after each tick everything is delivered; `proposing`: the leader gets a proposal before
   * each.
   */
  run: (story, args) => {
    const proposals = args.words.includes('proposing') ? new Map<number, number>() : null
    const ticks = count(args)
    quietly(story, () => {
      for (let i = 0; i < ticks; i++) {
        if (proposals !== null) proposeOne(story, proposals)
        tickAll(story, chosen(story, args))
        settle(story, null)
        if (proposals !== null) noteCommits(story, proposals)
      }
    })
  },
  /** Runs until one broker leads and all members that are up have committed the same log to its end. */
  stabilize: (story, args) => {
    const limit = 60 * story.options.electionTicks
    let ticks = 0
    quietly(story, () => {
      settle(story, null)
      while (!isStable(story)) {
        if (ticks++ === limit) throw new BadCommand(`no rest after ${limit} ticks`)
        tickAll(story, chosen(story, args))
        settle(story, null)
      }
    })
    const { leader } = story
    story.say(
      `stable after ${ticks} ticks: ${leader!.id} leads term ${leader!.term}, everything to ${leader!.commitIndex} is committed`,
    )
  },
  /** `wake 1 2`: as if its broker had been told that a member may be gone (M86). */
  wake: (story, { words }) => {
    for (const id of toNumbers(words)) {
      const replica = story.running(id)
      replica.core!.wake()
      replica.drain()
    }
  },
  /** `campaign 2`: as if its timer had fired. */
  campaign: (story, { words }) => {
    const replica = story.running(toNumber(words[0]))
    replica.core!.campaign()
    replica.drain()
  },
  /**
   * `elect 1 by 2 3`: broker 1 campaigns and wins with these votes (default: all); requests to others are lost. It may
   * try again where a refusal has only taught it a later term.
   */
  elect: (story, { words }) => {
    const candidate = story.running(toNumber(words[0]))
    const voters = words[1] === 'by' ? toNumbers(words.slice(2)) : story.ids
    quietly(story, () => {
      for (let attempts = 3; attempts > 0 && !candidate.isLeader; attempts--) {
        candidate.core!.campaign()
        candidate.drain()
        while (!candidate.isLeader && passVotes(story, candidate, voters)) {}
      }
    })
    if (!candidate.isLeader) throw new BadCommand(`${candidate.id} is not elected: it is ${candidate.core!.role}`)
  },
}

/** Delivers the next message of the election of `candidate`, or loses it; false if there is none. */
function passVotes(story: Story, candidate: Replica, voters: readonly number[]): boolean {
  const { parcels } = story.wire
  const slot = parcels.findIndex(({ message: { type, from, to } }) => {
    if (type === 'vote') return from === candidate.id
    return type === 'vote-reply' && to === candidate.id
  })
  if (slot < 0) return false
  const parcel = parcels.splice(slot, 1)[0]!
  const { from, to } = parcel.message
  if (voters.includes(from === candidate.id ? to : from)) story.deliver(parcel)
  return true
}

export function isStable(story: Story): boolean {
  const { leader } = story
  if (leader === undefined || story.leaders.length !== 1) return false
  const taking = members(leader.core!.configuration)
  const up = story.replicas.filter(({ id, core }) => core !== null && taking.includes(id))
  const { lastIndex } = leader.core!
  return up.every(({ core, commitIndex, log, term }) => {
    return (
      core!.lastIndex === lastIndex && commitIndex === lastIndex && log.length === lastIndex && term === leader.term
    )
  })
}

export function tickAll(story: Story, replicas: readonly Replica[]): void {
  story.tally.ticks++
  for (const replica of replicas) {
    if (replica.core === null) continue
    replica.core.tick()
    replica.drain()
  }
}

/** Only changes get lines, and not too many. */
export function quietly(story: Story, act: () => void): void {
  const before = story.takeOutput()
  const { telling } = story
  story.telling = 'change'
  try {
    act()
  } finally {
    story.telling = telling
    const lines = story.takeOutput()
    story.say(...before, ...lines.slice(0, MOST_LINES))
    if (lines.length > MOST_LINES) story.say(`... and ${lines.length - MOST_LINES} lines more`)
  }
}

function count({ words }: Arguments): number {
  return words[0] === undefined || words[0] === 'on' ? 1 : toNumber(words[0])
}

function chosen(story: Story, { words }: Arguments): readonly Replica[] {
  const on = words.indexOf('on')
  if (on < 0) return story.replicas
  const ids = words.slice(on + 1).filter((word) => word !== 'proposing')
  return toNumbers(ids).map((id) => story.running(id))
}

/** Notes the tick of each proposal by its index. */
function proposeOne(story: Story, proposals: Map<number, number>): void {
  const { leader } = story
  if (leader === undefined) return
  const name = `p${story.tally.proposed + 1}`
  if (story.propose(leader.id, name) !== null) return
  story.tally.proposed++
  proposals.set(leader.core!.lastIndex, story.tally.ticks)
}

function noteCommits(story: Story, proposals: Map<number, number>): void {
  const { leader, tally } = story
  for (const [index, tick] of proposals) {
    if (leader !== undefined && index <= leader.commitIndex) {
      proposals.delete(index)
      tally.committed++
    } else tally.longestWait = Math.max(tally.longestWait, story.tally.ticks - tick)
  }
}
