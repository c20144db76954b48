import type { AuditRecord } from '../api/shapes.ts'
import { time } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Notice, Refusal } from '../parts/notice.tsx'
import { useAnswer } from '../parts/use-answer.ts'

/** What operators have done to the cluster, newest first. */
export function AuditPage() {
  const { content, error, reload } = useAnswer<{ records: AuditRecord[] } | AuditRecord[]>('/cluster/audit')
  const records = Array.isArray(content) ? content : (content?.records ?? null)
  return (
    <>
      <h1>Audit</h1>
      <div class="bar">
        <button type="button" onClick={reload}>
          Reload
        </button>
      </div>
      <Refusal error={error} />
      {records === null ? (
        error === null && <Notice>Waiting for the broker…</Notice>
      ) : (
        <DataTable<AuditRecord>
          label="Audit"
          rows={records}
          keyOf={({ at, target, action }) => `${at} ${action} ${target}`}
          empty="Nothing yet."
          columns={[
            { title: 'Time (UTC)', of: ({ at }) => time(at) },
            { title: 'By', of: ({ by }) => by || '–' },
            { title: 'Act', of: ({ action }) => action },
            { title: 'Target', of: ({ target }) => target },
            { title: 'Detail', of: ({ detail }) => detail },
            { title: 'Broker', of: ({ broker }) => broker, isNumber: true },
          ]}
        />
      )}
    </>
  )
}
