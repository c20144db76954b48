import { useState } from 'preact/hooks'
import type { Balance, BrokerShare, PlannedMove } from '../api/answers.ts'
import { request } from '../api/http.ts'
import { count, rate, size } from '../format.ts'
import { partitionLink } from '../live/health.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'

const reasons = { leaving: 'its broker is emptied', racks: 'replicas share a rack', load: 'uneven shares' } as const

/** What each broker holds, and the moves that would make it even. It is looked at when somebody asks. */
export function Spread() {
  const [balance, setBalance] = useState<Balance | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isLooking, setLooking] = useState(false)
  const [isAsked, setAsked] = useState(false)
  const look = async (): Promise<void> => {
    setLooking(true)
    try {
      setBalance(await request<Balance>('GET', '/cluster/balance'))
      setError(null)
    } catch (failure) {
      setError(failure)
    }
    setLooking(false)
  }
  return (
    <>
      <h2>Spread</h2>
      <p class="status">
        How evenly replicas and leaderships are spread, and what would move. Rates are measured, so a look takes some
        seconds.
      </p>
      <p>
        <button type="button" disabled={isLooking} onClick={() => void look()}>
          {isLooking ? 'Looking…' : 'Look'}
        </button>{' '}
        {balance !== null && balance.moves.length > 0 && (
          <button type="button" class="quiet" onClick={() => setAsked(true)}>
            Make even…
          </button>
        )}
      </p>
      <Refusal error={error} />
      {balance !== null && <Shares balance={balance} />}
      {isAsked && (
        <Confirm
          title="Make the spread even"
          action="Make even"
          onDone={() => request('POST', '/cluster/balance')}
          onClose={() => setAsked(false)}
        >
          <p>Replicas are copied, a few at a time; the page Moves shows how far it is.</p>
        </Confirm>
      )}
    </>
  )
}

function Shares({ balance }: { readonly balance: Balance }) {
  const { imbalance, balancing, brokers, moves, more } = balance
  return (
    <>
      <p>
        Imbalance {percent(imbalance)}
        {balancing ? '; an operator has asked for moves that are not done yet' : ''}
      </p>
      <DataTable<BrokerShare>
        label="Shares of brokers"
        rows={brokers}
        keyOf={({ broker }) => broker}
        columns={[
          { title: 'Broker', of: ({ broker }) => broker },
          { title: 'Replicas', of: ({ replicas }) => count(replicas), isNumber: true },
          { title: 'Preferred leader of', of: ({ leaders }) => count(leaders), isNumber: true },
          { title: 'Size', of: ({ bytes }) => size(bytes), isNumber: true },
          { title: 'Written KB/s', of: ({ bytesPerSecond }) => rate(bytesPerSecond / 1000), isNumber: true },
          { title: 'Led KB/s', of: ({ ledBytesPerSecond }) => rate(ledBytesPerSecond / 1000), isNumber: true },
        ]}
      />
      <DataTable<PlannedMove>
        label="Planned moves"
        rows={moves}
        keyOf={({ topic, partition, to }) => `${topic}/${partition} ${to.join()}`}
        empty="Nothing is to be moved."
        columns={[
          {
            title: 'Partition',
            of: ({ topic, partition }) => (
              <a href={partitionLink(topic, partition)}>
                {topic}/{partition}
              </a>
            ),
          },
          { title: 'Move', of: ({ kind }) => (kind === 'leader' ? 'preferred leader' : 'replica') },
          { title: 'Why', of: ({ why }) => reasons[why] },
          { title: 'From brokers', of: ({ from }) => from.join(', ') },
          { title: 'To brokers', of: ({ to }) => to.join(', ') },
          { title: 'Copies', of: ({ kind, bytes }) => (kind === 'leader' ? '–' : size(bytes)), isNumber: true },
          { title: 'Imbalance then', of: ({ imbalanceAfter }) => percent(imbalanceAfter), isNumber: true },
        ]}
      />
      {more > 0 && <Notice>{count(more)} more would follow.</Notice>}
    </>
  )
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}
