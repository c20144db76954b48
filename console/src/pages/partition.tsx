import { useState } from 'preact/hooks'
import type { Entry, Group, Member, Replica } from '../api/answers.ts'
import { request, topicPath } from '../api/http.ts'
import { count, size, time } from '../format.ts'
import { topicLink } from '../live/health.ts'
import { useLive } from '../live/live.ts'
import { useWatched } from '../live/use-watched.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { DeleteRecords } from './delete-records.tsx'

/** A partition as Raft sees it: its replicas, how far each is, and the newest entries. */
export function PartitionPage({ topic, partition }: { readonly topic: string; readonly partition: number }) {
  const path = topicPath(topic, `/partitions/${partition}`)
  const { content: group, error } = useWatched<Group>({ of: 'partition', topic, partition })
  const [act, setAct] = useState<'leader' | 'members' | null>(null)
  // The topic that the dialog was opened for, which is not another one that gets its name meanwhile.
  const [shortened, setShortened] = useState<string | null>(null)
  const topicId = useLive().state?.topics.find(({ name }) => name === topic)?.id
  const close = (): void => setAct(null)
  return (
    <>
      <h1>
        <a href={topicLink(topic)}>{topic}</a> / {partition}
      </h1>
      <Refusal error={error} />
      {group === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <>
          <div class="bar">
            <button type="button" onClick={() => setAct('leader')}>
              Move the leadership…
            </button>
            <button type="button" onClick={() => setAct('members')}>
              Change replicas…
            </button>
            {topicId !== undefined && (
              <button type="button" class="danger quiet" onClick={() => setShortened(topicId)}>
                Delete records…
              </button>
            )}
          </div>
          <Figures group={group} />
          <h2>Replicas</h2>
          <Replicas group={group} />
          <h2>Newest entries</h2>
          <Entries entries={group.tail} />
          {act === 'leader' && <MoveLeader path={path} group={group} onClose={close} />}
          {act === 'members' && <ChangeMembers path={path} group={group} onClose={close} />}
          {shortened !== null && (
            <DeleteRecords
              topic={topic}
              topicId={shortened}
              partition={partition}
              group={group}
              onClose={() => setShortened(null)}
            />
          )}
        </>
      )}
    </>
  )
}

function Figures({ group }: { readonly group: Group }) {
  const { leader, term, logStart, highWatermark, commitIndex, lastIndex, durableIndex, sizeBytes, lastSnapshot } = group
  const figures: [string, string][] = [
    ['leader', leader === 0 ? 'none' : `broker ${leader}`],
    ['term', count(term)],
    ['log start', count(logStart)],
    ['high watermark', count(highWatermark)],
    ['committed index', count(commitIndex)],
    ['durable / last index', `${count(durableIndex)} / ${count(lastIndex)}`],
    ['size', size(sizeBytes)],
    ['members', membersText(group)],
    [
      'last snapshot',
      lastSnapshot === null
        ? 'none'
        : `index ${count(lastSnapshot.index)}, ${size(lastSnapshot.bytes)}, ${time(lastSnapshot.at)}`,
    ],
  ]
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={name === 'leader' && leader === 0 ? 'bad' : ''}>{value}</dd>
        </div>
      ))}
      {group.lastOutcome?.outcome === 'failed' && (
        <div>
          <dt>last change of members</dt>
          <dd class="bad">failed: {group.lastOutcome.reason}</dd>
        </div>
      )}
    </dl>
  )
}

/** A target that is not reached yet is a change under way, also while the group itself is stable. */
function membersText({ stage, target, asleep }: Group): string {
  if (target !== null) return `${stage}, changing to ${target.join(', ')}`
  return stage === 'stable' && asleep ? 'stable, asleep' : stage
}

interface Row {
  readonly broker: number
  readonly member: Member | undefined
  readonly replica: Replica | undefined
}

function Replicas({ group }: { readonly group: Group }) {
  const brokers = [
    ...new Set([...group.members.map(({ broker }) => broker), ...group.replicas.map(({ broker }) => broker)]),
  ]
  const rows = brokers.map((broker): Row => {
    const is = (one: { readonly broker: number }): boolean => one.broker === broker
    return { broker, member: group.members.find(is), replica: group.replicas.find(is) }
  })
  const number = (value: number | undefined) => (value === undefined ? '–' : count(value))
  const progressOf = ({ member }: Row) => {
    if (member === undefined) return '–'
    if (member.copy !== null) return `copy: ${size(member.copy.receivedBytes)} of ${size(member.copy.totalBytes)}`
    if (!member.active && member.state !== 'leader') return <span class="bad">does not answer</span>
    return `${member.state}${member.caughtUp ? '' : ', behind'}`
  }
  return (
    <DataTable<Row>
      label="Replicas"
      rows={rows}
      keyOf={({ broker }) => broker}
      columns={[
        { title: 'Broker', of: ({ broker }) => broker },
        { title: 'Role', of: ({ member, replica }) => replica?.role ?? member?.role ?? '–' },
        { title: 'Progress', of: progressOf },
        { title: 'Lag', of: ({ member }) => number(member?.lag), isNumber: true },
        { title: 'Match', of: ({ member }) => number(member?.matchIndex), isNumber: true },
        { title: 'In flight', of: ({ member }) => number(member?.inFlight), isNumber: true },
        { title: 'Term', of: ({ replica }) => number(replica?.term), isNumber: true },
        { title: 'Last index', of: ({ replica }) => number(replica?.lastIndex), isNumber: true },
        {
          title: 'Trouble',
          of: ({ replica }) => (replica?.trouble == null ? '' : <span class="bad">{replica.trouble}</span>),
        },
      ]}
    />
  )
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  return (
    <DataTable<Entry>
      label="Newest entries"
      rows={entries.toReversed()}
      keyOf={({ index }) => index}
      empty="No broker that leads has told of any."
      columns={[
        { title: 'Index', of: ({ index }) => count(index), isNumber: true },
        { title: 'Term', of: ({ term }) => count(term), isNumber: true },
        { title: 'Kind', of: ({ kind }) => kind },
        {
          title: 'Offsets',
          of: ({ kind, baseOffset, lastOffset }) =>
            kind === 'records' ? `${count(baseOffset)} to ${count(lastOffset)}` : '–',
          isNumber: true,
        },
        { title: 'Size', of: ({ bytes }) => size(bytes), isNumber: true },
        {
          title: 'State',
          of: ({ state }) => <span class={state === 'uncommitted' ? 'warning' : 'good'}>{state}</span>,
        },
      ]}
    />
  )
}

interface ActProps {
  readonly path: string
  readonly group: Group
  readonly onClose: () => void
}

function MoveLeader({ path, group, onClose }: ActProps) {
  const others = group.voters.filter((id) => id !== group.leader)
  const [to, setTo] = useState(others[0] ?? 0)
  const move = (): Promise<void> => request('POST', `${path}/leader`, { to })
  return (
    <Confirm title="Move the leadership" action="Move" onDone={move} onClose={onClose}>
      <label>
        To broker
        <select value={to} onChange={({ currentTarget }) => setTo(Number(currentTarget.value))}>
          {others.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
    </Confirm>
  )
}

function ChangeMembers({ path, group, onClose }: ActProps) {
  const [text, setText] = useState((group.target ?? group.voters).join(', '))
  const change = (): Promise<void> => {
    const replicas = text
      .split(/[\s,]+/)
      .filter((part) => part !== '')
      .map(Number)
    return request('PUT', `${path}/members`, { replicas })
  }
  return (
    <Confirm title="Change replicas" action="Change" onDone={change} onClose={onClose}>
      <p>New ones are brought level first; the page shows how far they are. The first is the preferred leader.</p>
      <label>
        Brokers
        <input
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          inputMode="numeric"
          required
        />
      </label>
    </Confirm>
  )
}
