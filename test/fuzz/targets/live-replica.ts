import { Choices } from '../choices.ts'
import { AttackedGroup, STRANGER } from '../live/attacked-group.ts'
import { madeUp } from '../live/made-up-messages.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import type { FuzzTarget, Verdict } from '../target.ts'

const MOST_STEPS = 24
const RECOVERY_MS = 20_000
/** One of so many steps leaves a broker behind. */
const STEPS_TO_LEAVE = 16

/**
 * The liar of a run: a broker without a replica; a member that sends only what Raft promises to bear; a member that
 * sends anything.
 */
const liars = ['stranger', 'harmless member', 'member'] as const
type Liar = (typeof liars)[number]

/**
 * The only lies that can break a group's safety, and for which a replica may stop with a log line: a leader, or a
 * voter, lies about its log or its vote.
 */
const saidAloud = /has two leaders|committed entry \d+ differs|truncation at \d+, committed to/

function samples(): Uint8Array[] {
  return Array.from({ length: 30 }, (_, seed) =>
    Uint8Array.from({ length: 40 + 8 * seed }, (_, at) =>
      at === 0 ? seed : (seed * 131 + at * at * 7 + at * 31) & 0xff,
    ),
  )
}

async function step(group: AttackedGroup, choices: Choices, liar: Liar): Promise<void> {
  const choice = choices.byte() % STEPS_TO_LEAVE
  if (choice === STEPS_TO_LEAVE - 1) return group.leaveBehind(choices.of([1, 2, 3]))
  const action = choice % 8
  if (action === 0) group.publish()
  else if (action === 1) await group.world.run(choices.byte() * 4)
  else if (action === 2) group.toggle(choices.of([1, 2, 3]))
  else if (action === 3 && liar === 'member') group.spoilt.push({ at: choices.byte() * 37, bits: choices.byte() })
  else {
    const to = choices.of([1, 2, 3])
    const from = liar === 'stranger' ? STRANGER : choices.of([1, 2, 3].filter((id) => id !== to))
    const message = madeUp(choices, group.near(to))
    if (message === null || (liar === 'harmless member' && !message.harmless)) return
    group.say(from, to, message.bytes)
  }
  await group.world.run(0)
}

async function check(group: AttackedGroup, liar: Liar): Promise<Verdict> {
  const { faults, stopped } = group
  if (faults.length > 0) throw faults[0]
  const silent = stopped.filter((reason) => liar !== 'member' || !saidAloud.test(reason))
  if (silent.length > 0) throw new Error(silent.join('\n'))
  const recovered = await group.recover(RECOVERY_MS)
  if (!recovered && group.isWhole) throw new Error('a whole group acknowledges no record any more')
  if (group.faults.length > 0) throw group.faults[0]
  const verdict = stopped.length > 0 ? 'refused' : 'taken'
  if (liar === 'member') return verdict
  if (!recovered) throw new Error('the group acknowledges no record any more')
  await group.world.run(2_000)
  const all = await Promise.all([1, 2, 3].map((id) => group.records(id)))
  const lost = group.acknowledged.filter((record) => !all[0]!.includes(record))
  if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost}`)
  if (new Set(all.map(String)).size > 1) throw new Error(`replicas differ: ${all.join(' | ')}`)
  return verdict
}

export async function attack(
  input: Uint8Array,
  acceptsAll = false,
): Promise<{ verdict: Verdict; installations: number }> {
  const choices = new Choices(input)
  const liar = choices.of(liars)
  const group = await AttackedGroup.start(acceptsAll)
  for (let count = 0; choices.left > 0 && count < MOST_STEPS; count++) await step(group, choices, liar)
  return { verdict: await check(group, liar), installations: group.installations }
}

/**
 * Messages that no broker sends, to a group at work. With any message of a stranger, and any of a member except its
 * word as leader or voter, no acknowledged record is lost, the group goes on, and its replicas are the same. With any
 * message of a member, a replica goes on or logs which rule was broken.
 */
export const liveReplicas: FuzzTarget = {
  name: 'live-replica',
  samples: samples(),
  run: (input) => withoutLooseErrors(async () => (await attack(input)).verdict),
}
