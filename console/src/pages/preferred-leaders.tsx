import { useState } from 'preact/hooks'
import { request, topicPath } from '../api/http.ts'
import { partitionLink } from '../live/health.ts'
import type { Elsewhere } from '../live/moves.ts'
import { Confirm } from '../parts/confirm.tsx'
import { DataTable } from '../parts/data-table.tsx'

/** Partitions that their preferred replica does not lead, and the way back. */
export function PreferredLeaders({ all }: { readonly all: readonly Elsewhere[] }) {
  const [moved, setMoved] = useState<readonly Elsewhere[] | null>(null)
  const moveBack = async (): Promise<void> => {
    // One after the other: each stops its partition for a moment.
    for (const { topic, partition } of moved!)
      await request('POST', topicPath(topic, `/partitions/${partition}/leader`), {})
  }
  return (
    <>
      <h2>Leaders elsewhere than on the preferred replica</h2>
      {all.length > 0 && (
        <div class="bar">
          <button type="button" onClick={() => setMoved(all)}>
            Move all back…
          </button>
        </div>
      )}
      <DataTable<Elsewhere>
        label="Leaders elsewhere"
        rows={all}
        keyOf={({ topic, partition }) => `${topic}/${partition}`}
        empty="None."
        columns={[
          {
            title: 'Partition',
            of: ({ topic, partition }) => <a href={partitionLink(topic, partition)}>{`${topic}/${partition}`}</a>,
          },
          { title: 'Leader', of: ({ leader }) => leader, isNumber: true },
          { title: 'Preferred', of: ({ preferred }) => preferred, isNumber: true },
        ]}
      />
      {moved !== null && (
        <Confirm title="Move leaderships back" action="Move" onDone={moveBack} onClose={() => setMoved(null)}>
          <p>The preferred replica of each partition in the table leads it then, one partition after the other.</p>
        </Confirm>
      )}
    </>
  )
}
